/**
 * Runs in front of an agent that is known: it has a past of benign runs of its suite's other tasks, whose held calls a person approved.
 * KR1. A run's own task is left out of its agent's past, and nothing a run does is known at the next: each goes its own way from one memory.
 * KR2. Labels (`kind`, `user_task`) choose who belongs to the past. No detector reads them.
 * KR3. With `endorsed`, a person has answered once, in benign runs of the same task, what each source sentence may ask for; those answers
 *      are known, what the runs they were given in taught is not.
 * KR4. With `contacts`, an operator's list holds every address, link and account that benign runs of other tasks used in arguments.
 */
import { seeded, shuffled } from '../train/seeded.js';
import { Replay, type ReplayOptions, type ScoreRow } from './replay-runs.js';
import type { TextStore } from './text-store.js';
import { traceOf, type ReplayTrace } from './trace-row.js';
import { counts, isHijack, type Trace } from './traces.js';

export interface KnownOptions extends Omit<ReplayOptions, 'answerOf' | 'agentBy' | 'knownEntities'> {
  /** Benign runs the agent is known by, drawn from all other tasks of its suite; 0: nobody knows it. */
  readonly pastRuns: number;
  readonly endorsed: boolean;
  readonly contacts: boolean;
  /** Of each scenario, kind and outcome at most so many runs, drawn; benign runs all count. Absent: all runs. */
  readonly mostPerScenario?: number | undefined;
}

export interface KnownRun {
  readonly trace: Trace;
  readonly rows: readonly ScoreRow[];
  readonly textsMissing: number;
}

/** What endorsements cost, over all tasks. */
export interface Asked {
  questions: number;
  calls: number;
}

export interface KnownContext {
  readonly options: KnownOptions;
  readonly texts: TextStore;
  readonly asked: Asked;
  /** What to play instead of a run as it was recorded; the past is never changed. */
  readonly changed?: ((trace: ReplayTrace, row: Trace) => ReplayTrace | undefined) | undefined;
}

/** @param rows runs with their labels, and the benign runs that pasts are drawn from; all are in memory while they are replayed. */
export async function* knownRuns(rows: readonly Trace[], context: KnownContext): AsyncGenerator<KnownRun> {
  const { options, texts, asked } = context;
  const benign = rows.filter((row) => row.kind === 'benign' && counts(row));
  for (const group of Map.groupBy(chosen(rows, options), ({ suite, user_task: task }) => `${suite}\0${task}`).values()) {
    const [{ suite, user_task: task } = { suite: '', user_task: '' }] = group;
    const others = benign.filter((row) => row.suite === suite && row.user_task !== task);
    const replay = new Replay({ ...options, agentBy: 'suite', answerOf: () => 'approved', ...(options.contacts ? { knownEntities: contactsIn(others) } : {}) });
    for (const trace of readable(shuffled(others, seeded(options.seed)).slice(0, options.pastRuns), texts)) await replay.play(trace);
    const endorsements = options.endorsed ? await endorsedIn(readable(group.filter(({ kind }) => kind === 'benign'), texts), replay, asked) : undefined;
    const fork = replay.forks({ answerOf: undefined }, endorsements);
    for (const row of group) {
      const read = traceOf(row, texts);
      const trace = typeof read === 'string' ? undefined : (context.changed === undefined ? read : context.changed(read, row));
      if (trace !== undefined) yield { trace: row, rows: await (await fork()).play(trace), textsMissing: trace.textsMissing };
    }
  }
}

/** What people are asked in benign runs of one task when every yes is remembered for its source sentence. */
async function endorsedIn(benign: readonly ReplayTrace[], known: Replay, asked: Asked): Promise<unknown> {
  const run = await known.forks()();
  for (const trace of benign) {
    asked.questions += (await run.play(trace)).filter(({ held }) => held).length;
    asked.calls += trace.calls.length;
  }
  return run.endorsements();
}

function chosen(rows: readonly Trace[], { mostPerScenario: most, seed }: KnownOptions): readonly Trace[] {
  const counted = rows.filter(counts);
  if (most === undefined) return counted;
  const taken = new Map<string, number>();
  return shuffled(counted, seeded(seed)).filter((row) => {
    const key = JSON.stringify([row.suite, row.user_task, row.injection_task, row.kind, isHijack(row)]);
    taken.set(key, (taken.get(key) ?? 0) + 1);
    if (row.kind === 'attacked' && !isHijack(row) && !row.calls.some(({ exposed }) => exposed)) return false;
    return row.kind === 'benign' || (taken.get(key) ?? 0) <= most;
  });
}

const contactPattern = /^(?:[^\s@]+@[^\s@]+\.[a-z]{2,}|(?:https?:\/\/|www\.)\S+|[A-Z]{2}\d{2}[A-Z0-9]{8,30})$/i;

function contactsIn(rows: readonly Trace[]): readonly string[] {
  const found = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string' && value.length <= 100 && contactPattern.test(value.trim())) found.add(value.trim().normalize('NFKC').toLowerCase());
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(visit);
  };
  for (const { calls } of rows) for (const { args } of calls) visit(args);
  return [...found].slice(0, 10_000);
}

function readable(rows: readonly Trace[], texts: TextStore): ReplayTrace[] {
  return rows.map((row) => traceOf(row, texts)).filter((trace) => typeof trace !== 'string');
}
