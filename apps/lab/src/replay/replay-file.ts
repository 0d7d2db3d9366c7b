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
import { setOf, type EvaluationSet } from '../quality/sets.js';
import { knownRuns, type Asked } from './known-runs.js';
import { readRows, type OnProblem, type RowProblem } from './read-rows.js';
import { Replay, type ReplayOptions, type ScoreRow } from './replay-runs.js';
import { stripper } from './stripped.js';
import { TextStore } from './text-store.js';
import { traceOf } from './trace-row.js';
import type { Trace } from './traces.js';

export interface ReplayFileOptions extends Omit<ReplayOptions, 'tools' | 'answerOf'> {
  readonly traces: string;
  readonly texts?: string | undefined;
  readonly suites?: string | undefined;
  readonly out: string;
  /** People answer held calls: runs of kind `attacked` are denied, all others approved. This reads the label, and says so in the summary. */
  readonly answers: 'none' | 'by-label';
  /** Each run in front of an agent that is known by other tasks' runs (`known-runs.ts`), instead of one history in the file's order. */
  readonly known?: KnownFileOptions | undefined;
  readonly onProblem: OnProblem;
}

export interface KnownFileOptions {
  readonly pastRuns: number;
  readonly endorsed: boolean;
  readonly contacts: boolean;
  readonly stripped: boolean;
  readonly mostPerScenario?: number | undefined;
  /** Only runs of this set. */
  readonly set?: EvaluationSet | undefined;
}

export interface ReplaySummary {
  readonly traces: number;
  readonly calls: number;
  readonly held: number;
  readonly problems: number;
  /** Results whose text id is in no texts file; they counted as empty. */
  readonly textsMissing: number;
  /** What endorsements cost; zero where none were collected. */
  readonly asked: Asked;
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
  const asked: Asked = { questions: 0, calls: 0 };
  try {
    for await (const { rows, textsMissing } of played(options, { tools, texts, asked, onProblem })) {
      counts.traces += 1;
      counts.calls += rows.length;
      counts.held += rows.filter(({ held }) => held).length;
      counts.textsMissing += textsMissing;
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
  return { ...counts, asked, problems, digests, seconds: (performance.now() - startedMs) / 1_000 };
}

interface Around {
  readonly tools: ReadonlyMap<string, readonly ToolDefinition[]>;
  readonly texts: TextStore;
  readonly asked: Asked;
  readonly onProblem: OnProblem;
}

interface Played {
  readonly rows: readonly ScoreRow[];
  readonly textsMissing: number;
}

async function* played(options: ReplayFileOptions, { tools, texts, asked, onProblem }: Around): AsyncGenerator<Played> {
  const { known } = options;
  if (known !== undefined) {
    if (known.stripped && options.suites === undefined) throw new NotReplayable('Stripping an attack needs the goals in a suites file; nothing was replayed.');
    const changed = known.stripped && options.suites !== undefined ? stripper(options.suites, texts) : undefined;
    yield* knownRuns(await labelledRows(options.traces, known.set, onProblem), { options: { ...options, ...known, tools }, texts, asked, changed });
    return;
  }
  const outcomes = new Map<string, 'approved' | 'denied'>();
  const replay = new Replay({ ...options, tools, answerOf: options.answers === 'none' ? undefined : (id) => outcomes.get(id) });
  for await (const { line, value } of readRows(options.traces, onProblem)) {
    const trace = traceOf(value, texts);
    if (typeof trace === 'string') {
      onProblem({ file: options.traces, line, message: trace });
      continue;
    }
    outcomes.clear();
    outcomes.set(trace.id, (value as { kind?: unknown }).kind === 'attacked' ? 'denied' : 'approved');
    yield { rows: await replay.play(trace), textsMissing: trace.textsMissing };
  }
}

/** Rows that say what they are; one that does not cannot be told from the past of another. */
async function labelledRows(file: string, set: EvaluationSet | undefined, onProblem: OnProblem): Promise<readonly Trace[]> {
  const rows: Trace[] = [];
  for await (const { line, value } of readRows(file, onProblem)) {
    const row = value as Partial<Trace> | null;
    if (typeof row?.id !== 'string' || typeof row.kind !== 'string' || !Array.isArray(row.calls)) {
      onProblem({ file, line, message: 'A run that others are known by needs `id`, `kind` and `calls`; the row was passed over.' });
      continue;
    }
    const whole = { ...row, suite: row.suite ?? 'unnamed', user_task: row.user_task ?? row.id, injection_task: row.injection_task ?? null, attack: row.attack ?? null, run_error: row.run_error ?? null } as Trace;
    if (set === undefined || setOf(whole) === set || (set === 'dev-template' && whole.kind === 'benign' && setOf(whole) === 'tune')) rows.push(whole);
  }
  return rows;
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
