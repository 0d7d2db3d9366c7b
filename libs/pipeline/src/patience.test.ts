import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pauseAfter } from './patience.js';
import { createWorkQueue } from './work-queue.js';

describe('pauseAfter', () => {
  it('doubles from 50 ms to 5 s, and is shortened by at most half', () => {
    expect([0, 1, 2, 6, 7, 1_000].map((attempt) => pauseAfter(attempt, 0))).toEqual([50, 100, 200, 3_200, 5_000, 5_000]);
    fc.assert(
      fc.property(fc.nat(200), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, jitter) => {
        const whole = pauseAfter(attempt, 0);
        expect(pauseAfter(attempt, jitter)).toBeGreaterThanOrEqual(whole / 2);
        expect(pauseAfter(attempt, jitter)).toBeLessThanOrEqual(whole);
      }),
      { verbose: true },
    );
  });
});

describe('createWorkQueue', () => {
  it('does one job at a time, in order, and goes on after one that rejects', async () => {
    const queue = createWorkQueue();
    const log: string[] = [];
    const job = (name: string, fails = false) => async (): Promise<void> => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
    const [, second] = [queue.enter(job('a')), queue.enter(job('b', true)), queue.enter(job('c'))];
    await expect(second).rejects.toThrow('b');
    await queue.idle();
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });
});
