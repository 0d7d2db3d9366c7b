import type { Topic } from '@countersign/contracts';
import type { StoredRecord } from './event-log.js';

/** A record for the ledger, by the name of its topic. */
export interface Output {
  readonly topic: Topic;
  readonly id: string;
  readonly key: string;
  readonly value: string;
  /** See `LedgerRecord`. */
  readonly parsed?: unknown;
}

/**
 * A stage of the path: records in, records out, memory between.
 * PR1. `handle` and `tick` decide from (record, memory, now) alone; the host does the reading, writing and waking.
 * PR2. Outputs have ids derived from their input: a batch handled twice makes the same records.
 * PR3. A record that can never be handled throws `TerminalError` (dead letter, go on). A `RetriableError` makes the host
 *      read the batch again later. Anything else is a defect: the host stops and says so.
 * PR4. `snapshot`/`restore` carry the whole memory; a `restore` that throws leaves it empty.
 * PR5. A `handle` or `tick` that throws `RetriableError` or `TerminalError` has changed nothing yet: the host calls it again, or passes it over.
 * `nowMs` is wall-clock milliseconds.
 */
export interface Processor {
  readonly name: string;
  /** Changes when an older snapshot can no longer be restored. */
  readonly version: string;
  readonly reads: readonly Topic[];
  /** True: memory and outputs are all it changes, so it may read records before they survive a crash (`FollowOptions.early`). It has a `snapshot`. */
  readonly early?: boolean;
  handle(record: StoredRecord, nowMs: number): Promise<readonly Output[]> | readonly Output[];
  /** Called at or after `nextWakeAtMs()`; for deadlines. */
  tick?(nowMs: number): Promise<readonly Output[]> | readonly Output[];
  nextWakeAtMs?(): number | undefined;
  /** Absent: the processor keeps nothing worth keeping, and starts at its group's position. */
  snapshot?(): string;
  restore?(state: string): void;
}

/** The record is wrong, and will be wrong tomorrow. */
export class TerminalError extends Error {
  override readonly name = 'TerminalError';
  constructor(readonly errorClass: string, message: string) {
    super(message);
  }
}

/** The world is away; the same record may succeed later. */
export class RetriableError extends Error {
  override readonly name = 'RetriableError';
}
