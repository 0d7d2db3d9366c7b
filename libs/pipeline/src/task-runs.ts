/**
 * Runs whose client names its task: the task is the run, over all servers, and several may go on at once. Shared by the detectors that learn per run.
 * TR1. A run is over when it was silent while `newerTasksEnd` newer tasks began, or while one began after `idleMs` of silence.
 * TR2. At most `runsMax` are open; the one silent longest ends first. Order of arrival decides everything, no clock does.
 */
import type { Observation } from '@countersign/contracts';

const newerTasksEnd = 2;
const idleMs = 60_000;
const runsMax = 32;

export interface TaskRun<S> {
  readonly session: S;
  lastAtMs: number;
  /** Tasks that began since this one was last heard of. */
  newer: number;
}

/** Task's session name → its run, the one heard of last at the end. */
export type TaskRuns<S> = Map<string, TaskRun<S>>;

/**
 * The run an observation belongs to. @param at.make makes the session of a run that begins; `nowMs` is milliseconds of the observation.
 * @returns its session, and the sessions that its arrival ended, oldest first.
 */
export function taskRunAt<S>(runs: TaskRuns<S>, { session: name }: Observation, at: { readonly nowMs: number; make(): S }): { readonly session: S; readonly ended: readonly S[] } {
  const known = runs.get(name);
  const ended = known === undefined ? overBy(runs, at.nowMs) : [];
  const run = known ?? { session: at.make(), lastAtMs: at.nowMs, newer: 0 };
  run.lastAtMs = at.nowMs;
  run.newer = 0;
  runs.delete(name);
  runs.set(name, run);
  return { session: run.session, ended };
}

/** A new task begins: whoever has been silent for long enough is over. */
function overBy<S>(runs: TaskRuns<S>, nowMs: number): S[] {
  const ended: S[] = [];
  for (const [name, run] of runs) {
    run.newer += 1;
    const isOver = run.newer >= newerTasksEnd || nowMs - run.lastAtMs >= idleMs || runs.size >= runsMax;
    if (!isOver) continue;
    runs.delete(name);
    ended.push(run.session);
  }
  return ended;
}
