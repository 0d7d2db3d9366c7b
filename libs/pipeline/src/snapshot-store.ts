/** A processor's memory and the input positions it includes. */
export interface Snapshot {
  /** Format version of `state`, the processor's own. */
  readonly version: string;
  /** Next offset to read, per topic. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly state: string;
}

/** What a claim found, and the number under which its holder may save. */
export interface Claim {
  /** Grows with each claim of the name. */
  readonly fence: number;
  /** The last one saved under any claim before. */
  readonly snapshot: Snapshot | undefined;
}

/**
 * Where a processor's memory survives restarts, and from where another process goes on with it.
 * S1. `claim` and `load` return the last snapshot whose `save` resolved with true, whole, or undefined; never a torn one.
 * S2. Names are independent of each other.
 * S3. After a claim resolved, a save under an earlier one stores nothing: a process that lost its part of the ledger cannot
 *     overwrite what its successor knows.
 */
export abstract class SnapshotStore {
  abstract claim(name: string): Promise<Claim>;
  /** @returns false when the name was claimed again since; nothing was stored then. */
  abstract save(name: string, snapshot: Snapshot, fence: number): Promise<boolean>;
  /** For whoever only looks: claims nothing. */
  abstract load(name: string): Promise<Snapshot | undefined>;
  abstract close(): Promise<void>;
}
