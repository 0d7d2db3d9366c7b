/**
 * Runs whose client names its task: the task is the run, over all servers, and several may go on at once.
 * TR1. A run is over when it was silent while `newerTasksEnd` newer tasks began, or while one began after `idleMs` of silence.
 * TR2. At most `runsMax` are open; the one silent longest ends first. Order of arrival decides everything, no clock does.
 */
import type { Observation } from '@countersign/contracts';
import { emptySession, type Session } from './memory.js';

const newerTasksEnd = 2;
const idleMs = 60_000;
const runsMax = 32;

export interface TaskRun {
  readonly session: Session;
  lastAtMs: number;
  /** Tasks that began since this one was last heard of. */
  newer: number;
}

/** Task's session name → its run, the one heard of last at the end. */
export type TaskRuns = Map<string, TaskRun>;

/** @returns the run this observation belongs to, and the sessions that its arrival ended, oldest first. */
export function runAt(runs: TaskRuns, { session: name }: Observation, nowMs: number): { readonly session: Session; readonly ended: readonly Session[] } {
  const known = runs.get(name);
  const ended = known === undefined ? overBy(runs, nowMs) : [];
  const run = known ?? { session: emptySession(), lastAtMs: nowMs, newer: 0 };
  run.lastAtMs = nowMs;
  run.newer = 0;
  runs.delete(name);
  runs.set(name, run);
  return { session: run.session, ended };
}

/** A new task begins: whoever has been silent for long enough is over. */
function overBy(runs: TaskRuns, nowMs: number): Session[] {
  const ended: Session[] = [];
  for (const [name, run] of runs) {
    run.newer += 1;
    const isOver = run.newer >= newerTasksEnd || nowMs - run.lastAtMs >= idleMs || runs.size >= runsMax;
    if (!isOver) continue;
    runs.delete(name);
    ended.push(run.session);
  }
  return ended;
}
