/** A processor's memory and the input positions it includes. */
export interface Snapshot {
  /** Format version of `state`, the processor's own. */
  readonly version: string;
  /** Next offset to read, per topic. */
  readonly offsets: Readonly<Record<string, number>>;
  readonly state: string;
}

/**
 * Where a processor's memory survives restarts.
 * S1. `load` returns the last snapshot whose `save` resolved, whole, or undefined; never a torn one.
 * S2. Names are independent of each other.
 */
export abstract class SnapshotStore {
  abstract save(name: string, snapshot: Snapshot): Promise<void>;
  abstract load(name: string): Promise<Snapshot | undefined>;
  abstract close(): Promise<void>;
}
