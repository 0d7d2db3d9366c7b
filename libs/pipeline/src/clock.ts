/**
 * Time, passed in.
 * C1. `monotonicMs` never goes back; `wallMs` may.
 * C2. A wake-up only wakes: what to do is decided from stored deadlines.
 */
export abstract class Clock {
  /** Milliseconds since 1970, UTC. */
  abstract wallMs(): number;
  /** Milliseconds since some fixed instant, with fractions. */
  abstract monotonicMs(): number;
  /** Calls `wake` once after `ms`; returns a function that cancels it. */
  abstract after(ms: number, wake: () => void): () => void;
}
