/**
 * What the gate is still to be sent, in spool order.
 * OX1. What was just recorded is kept in memory while all before it was handed out: a gate that keeps up costs no reading of the disk.
 * OX2. At most `keptRecordsMax` records or `keptBytesMax` bytes are kept so; beyond that the spool alone has them, and is read.
 * OX3. After `rewind` everything behind that position is handed out again.
 */
import { recordLiteral, type Spool, type SpoolAppend } from '@countersign/wire';

const keptRecordsMax = 1024;
const keptBytesMax = 2 * 1024 * 1024;
const batchRecordsMax = 256;
const batchBytesMax = 1024 * 1024;

export interface Position {
  readonly epoch: number;
  readonly seq: number;
}

/** Records of one epoch, as JSON string literals joined by commas. */
export interface Batch {
  readonly last: Position;
  readonly literals: string;
  readonly recordCount: number;
  /** Characters, near enough. */
  readonly bytes: number;
}

interface Kept extends Position {
  readonly literal: string;
}

export class Outbox {
  readonly #spool: Spool;
  #sent: Position | undefined;
  /** Whatever the spool holds behind `#sent` is kept here, too. */
  #isWhole = false;
  #fresh: SpoolAppend[] = [];
  #kept: Kept[] = [];
  #keptBytes = 0;

  constructor(spool: Spool) {
    this.#spool = spool;
  }

  /** @returns whether there is work for `prepare`. */
  appended(entry: SpoolAppend): boolean {
    if (!this.#isWhole) return false;
    this.#keptBytes += bytesOf(entry);
    if (this.#fresh.length + this.#kept.length < keptRecordsMax && this.#keptBytes <= keptBytesMax) {
      this.#fresh.push(entry);
      return true;
    }
    this.#forget();
    return false;
  }

  /** Makes ready what was appended: work that need not be done while a message waits. */
  prepare(): void {
    for (const { epoch, seq, record } of this.#fresh) this.#kept.push({ epoch, seq, literal: recordLiteral(record) });
    this.#fresh = [];
  }

  /** Hands out the next records; undefined when there are none. */
  next(): Batch | undefined {
    this.prepare();
    if (this.#kept.length === 0 && !this.#isWhole) this.#kept = this.#spool.read(this.#sent, batchRecordsMax).map(({ epoch, seq, record }) => ({ epoch, seq, literal: recordLiteral(record) }));
    const batch = firstBatch(this.#kept);
    const last = batch.at(-1);
    if (last === undefined) {
      this.#isWhole = true;
      this.#keptBytes = 0;
      return undefined;
    }
    // What was read and does not fit is read again; what is kept stays.
    this.#kept = this.#isWhole ? this.#kept.slice(batch.length) : [];
    if (this.#kept.length === 0) this.#keptBytes = 0;
    this.#sent = { epoch: last.epoch, seq: last.seq };
    const literals = batch.map(({ literal }) => literal).join(',');
    return { last: this.#sent, literals, recordCount: batch.length, bytes: literals.length };
  }

  /** @param position what the gate has; undefined: nothing. */
  rewind(position: Position | undefined): void {
    this.#sent = position;
    this.#forget();
  }

  #forget(): void {
    this.#isWhole = false;
    this.#fresh = [];
    this.#kept = [];
    this.#keptBytes = 0;
  }
}

function bytesOf({ record }: SpoolAppend): number {
  if (typeof record === 'string') return record.length;
  return record.raw.length + ('head' in record ? record.head : record.prefix).length;
}

/** A frame carries one epoch and about a megabyte. */
function firstBatch(entries: readonly Kept[]): readonly Kept[] {
  let bytes = 0;
  const stop = entries.findIndex(({ epoch, literal }, index) => {
    bytes += literal.length;
    return index > 0 && (epoch !== entries[0]?.epoch || bytes > batchBytesMax || index >= batchRecordsMax);
  });
  return stop === -1 ? entries : entries.slice(0, stop);
}
