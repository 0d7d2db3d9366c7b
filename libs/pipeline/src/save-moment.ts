/**
 * When a changed memory is due to be saved: in the first quiet moment after ten seconds; without one, after so many records or so long.
 * A save holds up what comes meanwhile, and what is not saved is read again after a kill: the first asks for a pause, the second for an end.
 */
import type { Clock } from './clock.js';

const recordsMaxDefault = 100_000;
const latestMsDefault = 300_000;
const earliestMs = 10_000;
/** A moment is quiet when so long nothing came. */
const quietMs = 200;

/** Shared by the partitions of one run: how much of the time may go into saving. */
export interface SavePace {
  /** Monotonic milliseconds. */
  notBeforeMs: number;
}

export interface SaveMomentOptions {
  readonly clock: Clock;
  readonly pace: SavePace;
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
  /** Called when a save is due although no record comes. */
  readonly due: () => void;
}

export class SaveMoment {
  readonly #options: SaveMomentOptions;
  #changes = 0;
  #firstChangeMs = 0;
  #lastChangeMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: SaveMomentOptions) {
    this.#options = options;
  }

  /** @returns true when it must be saved now. */
  changed(records: number): boolean {
    const { clock, pace, snapshotRecords = recordsMaxDefault, snapshotMs = latestMsDefault } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#changes === 0) this.#firstChangeMs = nowMs;
    this.#changes += records;
    this.#lastChangeMs = nowMs;
    const isLate = this.#changes >= snapshotRecords || nowMs - this.#firstChangeMs >= snapshotMs;
    if (isLate && nowMs >= pace.notBeforeMs) return true;
    if (this.#cancel === undefined) this.#arm(nowMs);
    return false;
  }

  /** A save begins. @returns how many changes it covers. */
  taken(): number {
    this.stop();
    const changes = this.#changes;
    this.#changes = 0;
    return changes;
  }

  /** The save that covered so many changes failed. */
  putBack(changes: number): void {
    this.#changes = changes;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #dueAtMs(): number {
    const { pace, snapshotMs = latestMsDefault } = this.#options;
    const quietAtMs = Math.max(this.#firstChangeMs + earliestMs, this.#lastChangeMs + quietMs);
    return Math.max(Math.min(quietAtMs, this.#firstChangeMs + snapshotMs), pace.notBeforeMs);
  }

  #arm(nowMs: number): void {
    const { clock, due } = this.#options;
    this.#cancel = clock.after(Math.max(1, this.#dueAtMs() - nowMs), () => {
      this.#cancel = undefined;
      // Something came meanwhile: the quiet moment is a later one.
      const laterMs = clock.monotonicMs();
      if (this.#dueAtMs() > laterMs) this.#arm(laterMs);
      else due();
    });
  }
}
