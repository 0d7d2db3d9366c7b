/**
 * `countersign lab replay`: a traces file → a scores file, streamed.
 * RF1. A row that cannot be replayed is told with its line and counted; the others go on.
 * RF2. The scores file is complete or absent: it is written beside its place and moved there at the end.
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { ToolDefinition } from '@countersign/policy';
import { readRows, type OnProblem, type RowProblem } from './read-rows.js';
import { Replay, type ReplayOptions } from './replay-runs.js';
import { TextStore } from './text-store.js';
import { traceOf } from './trace-row.js';

export interface ReplayFileOptions extends Omit<ReplayOptions, 'tools' | 'answerOf'> {
  readonly traces: string;
  readonly texts?: string | undefined;
  readonly suites?: string | undefined;
  readonly out: string;
  /** People answer held calls: runs of kind `attacked` are denied, all others approved. This reads the label, and says so in the summary. */
  readonly answers: 'none' | 'by-label';
  readonly onProblem: OnProblem;
}

export interface ReplaySummary {
  readonly traces: number;
  readonly calls: number;
  readonly held: number;
  readonly problems: number;
  /** Results whose text id is in no texts file; they counted as empty. */
  readonly textsMissing: number;
  /** SHA-256 of the files, hex. */
  readonly digests: Readonly<Record<string, string>>;
  readonly seconds: number;
}

export async function replayFile(options: ReplayFileOptions): Promise<ReplaySummary> {
  const startedMs = performance.now();
  let problems = 0;
  const onProblem = (problem: RowProblem): void => {
    problems += 1;
    options.onProblem(problem);
  };
  const tools = toolsOf(options.suites);
  const texts = await TextStore.read(options.texts, onProblem);
  const partial = `${options.out}.partial`;
  // Opened at once: a folder that is not there is told before anything is replayed.
  const out = createWriteStream(partial, { fd: openSync(partial, 'w') });
  const counts = { traces: 0, calls: 0, held: 0, textsMissing: 0 };
  const outcomes = new Map<string, 'approved' | 'denied'>();
  const replay = new Replay({ ...options, tools, answerOf: options.answers === 'none' ? undefined : (id) => outcomes.get(id) });
  try {
    for await (const { line, value } of readRows(options.traces, onProblem)) {
      const trace = traceOf(value, texts);
      if (typeof trace === 'string') {
        onProblem({ file: options.traces, line, message: trace });
        continue;
      }
      outcomes.clear();
      outcomes.set(trace.id, (value as { kind?: unknown }).kind === 'attacked' ? 'denied' : 'approved');
      const rows = await replay.play(trace);
      counts.traces += 1;
      counts.calls += rows.length;
      counts.held += rows.filter(({ held }) => held).length;
      counts.textsMissing += trace.textsMissing;
      if (rows.length > 0 && !out.write(`${rows.map((row) => JSON.stringify(row)).join('\n')}\n`)) await once(out, 'drain');
    }
    out.end();
    await finished(out);
    renameSync(partial, options.out);
  } catch (error) {
    out.destroy();
    rmSync(partial, { force: true });
    throw error;
  } finally {
    out.destroy();
    texts.close();
  }
  const files = [options.traces, options.texts, options.suites].filter((file) => file !== undefined);
  const digests = Object.fromEntries(await Promise.all(files.map(async (file) => [file, await digestOf(file)] as const)));
  return { ...counts, problems, digests, seconds: (performance.now() - startedMs) / 1_000 };
}

export async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

/** The input cannot be replayed at all; the message is for people. */
export class NotReplayable extends Error {
  override readonly name = 'NotReplayable';
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** @throws NotReplayable when the file is no object of suites. */
export function toolsOf(file: string | undefined): ReadonlyMap<string, readonly ToolDefinition[]> {
  if (file === undefined) return new Map();
  const suites = jsonOf(readFileSync(file, 'utf8'));
  if (typeof suites !== 'object' || suites === null) throw new NotReplayable(`${file} is no JSON object of suites (name → {tools: […]}); nothing was replayed.`);
  return new Map(Object.entries(suites).map(([suite, known]) => {
    const tools: unknown = (known as { tools?: unknown } | null)?.tools;
    const named = Array.isArray(tools) ? tools.filter((tool: unknown) => typeof (tool as { name?: unknown } | null)?.name === 'string') : [];
    return [suite.slice(0, 64), named as readonly ToolDefinition[]];
  }));
}
