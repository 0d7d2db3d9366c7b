/** Holds a sender to so many frames a second: the one too many waits for the next second, and with it everything behind it. */
import type { Clock } from '@countersign/pipeline';

export interface FrameRate {
  /** Resolves when the next frame may be taken; at once in all but the crowded case. @returns whether it had to wait. */
  next(): Promise<boolean>;
}

export function createFrameRate(clock: Clock, framesPerSecondMax: number): FrameRate {
  let windowMs = clock.monotonicMs();
  let frames = 0;
  return {
    async next() {
      const nowMs = clock.monotonicMs();
      if (nowMs - windowMs >= 1_000) {
        windowMs = nowMs;
        frames = 0;
      }
      frames += 1;
      if (frames <= framesPerSecondMax) return false;
      await new Promise<void>((resolve) => clock.after(windowMs + 1_000 - nowMs, resolve));
      windowMs = clock.monotonicMs();
      frames = 1;
      return true;
    },
  };
}
