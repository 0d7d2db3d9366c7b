/**
 * Waiting at the start for what a service needs, and saying what was missing when it never came.
 * UR1. Only what passes with time is waited for; everything else ends the start at once.
 * UR2. The wait is bounded for the whole start, not for each thing.
 */
import { RetriableError, type Clock, type Telemetry } from '@countersign/pipeline';

const pauseMs = 500;

/** The start was given up: what is missing, and what the last attempt said. Nothing was started. */
export class StartRefused extends Error {
  override readonly name = 'StartRefused';
}

export interface Waiting {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Monotonic milliseconds; after it nothing is tried again. */
  readonly untilMs: number;
}

/** @param what the thing that is waited for, as the beginning of a sentence: "the ledger". @throws {StartRefused} when time is up; what `open` throws when that is final. */
export async function untilReachable<T>(what: string, waiting: Waiting, open: () => Promise<T>): Promise<T> {
  const { clock, telemetry, untilMs } = waiting;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof RetriableError)) throw error;
      if (clock.monotonicMs() + pauseMs > untilMs) throw new StartRefused(`${what} could not be had in time, so nothing was started: ${error.message}`, { cause: error });
      // Every twentieth time is about every ten seconds.
      if (attempt % 20 === 0) telemetry({ event: 'StartWaits', level: 'warn', message: `Waiting for ${what}: ${error.message}` });
    }
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
  }
}
