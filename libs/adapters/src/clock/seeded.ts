/**
 * Time that a test moves.
 * SC1. Nothing happens until `advance`; the same calls in the same order give the same instants and wake-ups.
 * SC2. Wake-ups fire in order of their instant, and those of one instant in the order they were asked for.
 * SC3. Between two wake-ups the event loop turns, so what the first began is seen by the second.
 */
import { Clock } from '@countersign/pipeline';

export interface SeededClockOptions {
  /** Picks the instant the wall clock starts at, within a year from 2026-01-01 UTC. */
  readonly seed?: number;
}

interface WakeUp {
  readonly atMs: number;
  readonly ordinal: number;
  readonly wake: () => void;
}

const yearMs = 31_536_000_000;

export class SeededClock extends Clock {
  readonly #pending = new Set<WakeUp>();
  #wallOffsetMs: number;
  #nowMs = 0;
  #ordinal = 0;

  constructor({ seed = 0 }: SeededClockOptions = {}) {
    super();
    this.#wallOffsetMs = Date.UTC(2026, 0, 1) + ((Math.imul(seed, 0x9e3779b1) >>> 0) / 2 ** 32) * yearMs;
    this.#wallOffsetMs = Math.floor(this.#wallOffsetMs);
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(ms: number, wake: () => void): () => void {
    const entry: WakeUp = { atMs: this.#nowMs + Math.max(0, ms), ordinal: (this.#ordinal += 1), wake };
    this.#pending.add(entry);
    return () => this.#pending.delete(entry);
  }

  /** Moves time forward by `ms`, firing what falls due, and lets the event loop turn after each wake-up and at the end. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    await turn();
    for (let next = this.#dueBy(untilMs); next !== undefined; next = this.#dueBy(untilMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await turn();
    }
    this.#nowMs = untilMs;
    await turn();
  }

  /** Steps the wall clock alone, as an operator or a time service would; negative goes back. */
  stepWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  /** How many wake-ups are waiting; a test that ends with some has leaked them. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  #dueBy(untilMs: number): WakeUp | undefined {
    let first: WakeUp | undefined;
    for (const entry of this.#pending) {
      const isEarlier = first === undefined || entry.atMs < first.atMs || (entry.atMs === first.atMs && entry.ordinal < first.ordinal);
      if (entry.atMs <= untilMs && isEarlier) first = entry;
    }
    return first;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
