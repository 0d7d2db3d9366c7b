/**
 * `countersign hook`: a coding agent's prompt hook hands over what its user just asked.
 *
 * Reads the hook's JSON from stdin and writes `<data>/tasks/<who>.json`, mode 0600, whole or not at all:
 *
 *   { "v": 1, "text": "…", "id": "…", "at": 1760000000000 }
 *
 * - `<who>` is the agent's name as its taps have it (`--agent`, percent-encoded), else the process id of whoever started this command: for a tap
 *   started by the same client that is its own parent.
 * - `text`: the task in the user's words, at most 4000 characters; a longer one is cut, for that is what a call can carry.
 * - `id`: the hook's session with a mark of the prompt; one prompt has one id, so calls to several servers belong together.
 * - `at`: when it was handed over, ms since 1970. Readers choose how old a task may be.
 *
 * HO1. Nothing goes to stdout: some agents add a hook's output to the conversation.
 * HO2. A failure is exit code 1, which agents report and go on after; never 2, which some take as "block the prompt".
 */
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { UserError } from '../user-error.js';
import { putFile } from '../wrap/put-file.js';

const inputBytesMax = 1024 * 1024;
const taskCharactersMax = 4_000;
const nameCharactersMax = 128;

export function registerHook(program: Command): void {
  program
    .command('hook')
    .description('for a coding agent’s prompt hook: take the user’s prompt from the hook’s JSON on stdin and hand it to the agent’s taps')
    .option('--agent <name>', 'the agent’s name, as its taps have it; without it the process that runs the hook stands for the agent')
    .option('--data <dir>', 'the data folder of the taps')
    .action(async (flags: { readonly agent?: string; readonly data?: string }) => {
      const task = taskOf(parsed(await readInput(process.stdin)), Date.now());
      const dir = join(resolveDataDir(flags.data), 'tasks');
      try {
        mkdirSync(dir, { recursive: true, mode: 0o700 });
        putFile(join(dir, `${fileName(flags.agent)}.json`), Buffer.from(`${JSON.stringify(task)}\n`));
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(`the task could not be handed over, and calls go without it: ${error instanceof Error ? error.message : String(error)}`);
      }
    });
}

async function readInput(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > inputBytesMax) throw new UserError(`the hook’s input is larger than ${inputBytesMax} bytes; no task was handed over`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below, without the text: a prompt does not belong into a log.
  }
  throw new UserError('stdin holds no JSON object, which is what a hook gets from its agent; no task was handed over');
}

function taskOf(input: Readonly<Record<string, unknown>>, at: number): { readonly v: 1; readonly text: string; readonly id: string; readonly at: number } {
  const prompt = [input['prompt'], input['user_prompt']].find((value): value is string => typeof value === 'string' && value.trim() !== '');
  if (prompt === undefined) throw new UserError('the hook’s JSON has no text in `prompt` or `user_prompt`; use it as the hook of a submitted prompt. No task was handed over');
  const session = [input['session_id'], input['sessionId'], input['conversation_id']].find((value): value is string => typeof value === 'string' && value !== '') ?? 'prompt';
  const mark = createHash('sha256').update(`${session}\0${at}\0${prompt}`).digest('hex').slice(0, 16);
  return { v: 1, text: whole(prompt.slice(0, taskCharactersMax)), id: `${session.slice(0, nameCharactersMax)}.${mark}`, at };
}

/** A cut must not leave half a character. */
function whole(text: string): string {
  return text.replace(/[\uD800-\uDBFF]$/, '');
}

function fileName(agent: string | undefined): string {
  if (agent === undefined) return String(process.ppid);
  if (agent === '' || agent.length > nameCharactersMax) throw new UserError(`--agent is a name of 1 to ${nameCharactersMax} characters`);
  if (/^\d+$/.test(agent)) throw new UserError('--agent holds digits only, which is how process ids look; give the agent another name');
  return encodeURIComponent(agent).replaceAll('.', '%2E').replaceAll('*', '%2A');
}
