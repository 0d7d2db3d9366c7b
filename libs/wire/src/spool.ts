/**
 * The tap's own durable queue. The frame codec and recovery are pure and live beside this file; files and syncs are an adapter's.
 * SP1. When `append` returns, the record survives a kill of this process; with `sync` it survives a loss of power.
 * SP2. Records come back from `read` in the order they were appended, each exactly once per call of `read`.
 * SP3. After a kill, a torn last frame is cut; a bad checksum before the end moves the segment aside, loudly (`onDamage`).
 * SP4. `trim(epoch, seq)` may drop what is at or before that position, and nothing after it.
 * SP5. Over its quota `append` throws `SpoolFull`; nothing already stored is lost.
 * SP6. What is read of a record is its JSON text, whichever form it was appended in.
 */
import type { RecordRest, SpoolRecord } from './spool-record.js';

export interface SpoolEntry {
  readonly epoch: number;
  readonly seq: number;
  /** JSON text of one observation. */
  readonly record: string;
}

export interface SpoolAppend {
  readonly epoch: number;
  readonly seq: number;
  readonly record: SpoolRecord;
}

/** Adds to an open record what was found in its message. @returns false when it does not fit or cannot be written: the record stays as it is. */
export type CompleteRecord = (rest: RecordRest) => boolean;

export class SpoolFull extends Error {
  override readonly name = 'SpoolFull';
}

export abstract class Spool {
  /** @returns for an open record, the way to complete it; it must be used, or forgotten, before the record is read. */
  abstract append(entry: SpoolAppend, options: { readonly sync: boolean }): CompleteRecord | undefined;
  /** Entries after (epoch, seq), at most `recordsMax`. */
  abstract read(after: { readonly epoch: number; readonly seq: number } | undefined, recordsMax: number): readonly SpoolEntry[];
  abstract trim(epoch: number, seq: number): void;
  /** Creates an exclusive mark (`consumed/<name>`), synced; false if it existed. Grants are consumed through this. */
  abstract markOnce(name: string): boolean;
  abstract close(): void;
}
