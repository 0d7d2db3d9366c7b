import type { Observation } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { taskRunAt, type TaskRuns } from './task-runs.js';

const named = (session: string): Observation => ({ session }) as Observation;

describe('runs that name their task', () => {
  it('go on side by side, and one is over when it was silent while two newer ones began', () => {
    const runs: TaskRuns<{ readonly of: string }> = new Map();
    const at = (session: string, nowMs: number) => taskRunAt(runs, named(session), { nowMs, make: () => ({ of: session }) });
    const first = at('a', 0).session;
    expect(at('b', 1_000).ended).toEqual([]);
    expect(at('a', 2_000).session).toBe(first);
    expect(at('c', 3_000).ended).toEqual([]);
    expect(at('d', 4_000).ended.map(({ of }) => of)).toEqual(['b', 'a']);
  });

  it('end when a new one begins after a minute of their silence, and never grow beyond their number', () => {
    const runs: TaskRuns<number> = new Map();
    taskRunAt(runs, named('a'), { nowMs: 0, make: () => 0 });
    expect(taskRunAt(runs, named('b'), { nowMs: 60_000, make: () => 1 }).ended).toEqual([0]);
    for (let at = 0; at < 200; at++) {
      taskRunAt(runs, named(`t${at}`), { nowMs: 61_000, make: () => at });
      expect(runs.size).toBeLessThanOrEqual(32);
    }
  });
});
