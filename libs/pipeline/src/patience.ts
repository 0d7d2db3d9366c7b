/**
 * Trying again while the world is away.
 * PT1. Only a `RetriableError` is tried again; every other error passes through at once.
 * PT2. Pauses double from 50 ms to 5 s and are shortened by up to half, so that many waiters do not come back together.
 * PT3. After `stop` a waiter rejects with `Stopped` at once, and nothing is tried again.
 */
import type { Clock } from './clock.js';
import { RetriableError } from './processor.js';

const pauseMsMin = 50;
const pauseMsMax = 5_000;

/** The host was asked to stop while it waited; nothing was decided. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  constructor() {
    super('the processor was asked to stop; what it had in hand is not counted as read and comes again at the next start.');
  }
}

export interface Patience {
  /** @param onRetry told of each failure and of the pause that follows it; milliseconds. */
  until<T>(job: () => Promise<T> | T, onRetry: (error: RetriableError, pauseMs: number) => void): Promise<T>;
  stop(): void;
}

export function createPatience(clock: Clock): Patience {
  const wakers = new Set<() => void>();
  let stopped = false;

  async function until<T>(job: () => Promise<T> | T, onRetry: (error: RetriableError, pauseMs: number) => void): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await job();
      } catch (error) {
        if (!(error instanceof RetriableError)) throw error;
        if (stopped) throw new Stopped();
        const pauseMs = pauseAfter(attempt, jitterOf(clock));
        onRetry(error, pauseMs);
        await pause(pauseMs);
      }
      if (stopped) throw new Stopped();
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        wakers.delete(done);
        resolve();
      };
      const cancel = clock.after(ms, done);
      wakers.add(done);
    });
  }

  function stop(): void {
    stopped = true;
    for (const wake of wakers) wake();
  }

  return { until, stop };
}

/** @param jitter unit interval. @returns milliseconds, half to whole of the doubled pause. */
export function pauseAfter(attempt: number, jitter: number): number {
  const whole = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(attempt, 16));
  return whole * (1 - jitter / 2);
}

// The instant's own fraction scatters processes well enough and replays exactly under a seeded clock; core has no other chance to draw from.
function jitterOf(clock: Clock): number {
  return (clock.monotonicMs() * 7_919.7) % 1;
}
