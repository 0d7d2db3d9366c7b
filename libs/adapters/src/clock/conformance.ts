/** What every Clock promises, run against each adapter. `pass` lets `ms` go by: by waiting, or by moving the clock. */
import type { Clock } from '@countersign/pipeline';
import { describe, expect, it } from 'vitest';

export interface ClockUnderTest {
  readonly clock: Clock;
  pass(ms: number): Promise<void>;
}

export function describeClock(name: string, makeAdapter: () => ClockUnderTest): void {
  describe(`Clock: ${name}`, () => {
    it('[C1] never goes back on its monotonic side', async () => {
      const { clock, pass } = makeAdapter();
      const readings: number[] = [];
      for (let round = 0; round < 5; round += 1) {
        readings.push(clock.monotonicMs());
        await pass(1);
      }
      expect(readings).toEqual([...readings].sort((a, b) => a - b));
    });

    it('[C1] tells wall time in milliseconds since 1970', () => {
      const { clock } = makeAdapter();
      const year = new Date(clock.wallMs()).getUTCFullYear();
      expect(year).toBeGreaterThanOrEqual(2024);
      expect(year).toBeLessThan(2200);
    });

    it('[C2] wakes once, not before the time asked for', async () => {
      const { clock, pass } = makeAdapter();
      const startedMs = clock.monotonicMs();
      const wokenAfterMs: number[] = [];
      clock.after(10, () => wokenAfterMs.push(clock.monotonicMs() - startedMs));
      while (wokenAfterMs.length === 0) await pass(5);
      await pass(30);
      expect(wokenAfterMs).toHaveLength(1);
      // A platform timer may be up to one millisecond early against a finer clock.
      expect(wokenAfterMs[0]).toBeGreaterThanOrEqual(9);
    });

    it('[C2] does not wake what was cancelled, and cancelling twice is harmless', async () => {
      const { clock, pass } = makeAdapter();
      let wasWoken = false;
      const cancel = clock.after(5, () => (wasWoken = true));
      cancel();
      cancel();
      let isOver = false;
      clock.after(15, () => (isOver = true));
      while (!isOver) await pass(5);
      expect(wasWoken).toBe(false);
    });

    it('[C2] takes a wait longer than any timer of the platform without waking at once', async () => {
      const { clock, pass } = makeAdapter();
      let wasWoken = false;
      const cancel = clock.after(10 ** 12, () => (wasWoken = true));
      await pass(10);
      cancel();
      expect(wasWoken).toBe(false);
    });
  });
}
