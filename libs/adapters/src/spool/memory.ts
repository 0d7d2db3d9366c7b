/** The spool without a disk: for tests and for taps that may forget. It survives nothing, so SP1 holds only while the process lives. */
import { recordText, Spool, SpoolFull, type CompleteRecord, type SpoolAppend, type SpoolEntry } from '@countersign/wire';

export interface MemorySpoolOptions {
  readonly quotaBytes?: number;
}

export class MemorySpool extends Spool {
  readonly #quotaBytes: number;
  readonly #marks = new Set<string>();
  #entries: SpoolEntry[] = [];
  #bytes = 0;

  constructor(options: MemorySpoolOptions = {}) {
    super();
    this.#quotaBytes = options.quotaBytes ?? 64 * 1024 * 1024;
  }

  append({ epoch, seq, record }: SpoolAppend): CompleteRecord | undefined {
    const entry = { epoch, seq, record: recordText(record) };
    const bytes = Buffer.byteLength(entry.record);
    if (this.#bytes + bytes > this.#quotaBytes) throw new SpoolFull(`The spool holds ${this.#bytes} bytes, its quota is ${this.#quotaBytes}. What it holds is kept; start the gate so that it can drain.`);
    this.#entries.push(entry);
    this.#bytes += bytes;
    if (typeof record === 'string' || !('prefix' in record)) return undefined;
    return ({ rest, payload }) => {
      entry.record = recordText({ head: `${record.prefix}${rest}`, raw: record.raw, payload });
      return true;
    };
  }

  read(after: { readonly epoch: number; readonly seq: number } | undefined, recordsMax: number): readonly SpoolEntry[] {
    const from = after === undefined ? 0 : this.#entries.findIndex((entry) => isAfter(entry, after));
    return from === -1 ? [] : this.#entries.slice(from, from + recordsMax);
  }

  trim(epoch: number, seq: number): void {
    this.#entries = this.#entries.filter((entry) => isAfter(entry, { epoch, seq }));
    this.#bytes = this.#entries.reduce((bytes, { record }) => bytes + Buffer.byteLength(record), 0);
  }

  markOnce(name: string): boolean {
    if (this.#marks.has(name)) return false;
    this.#marks.add(name);
    return true;
  }

  close(): void {
    this.#entries = [];
  }
}

function isAfter(entry: { readonly epoch: number; readonly seq: number }, position: { readonly epoch: number; readonly seq: number }): boolean {
  return entry.epoch > position.epoch || (entry.epoch === position.epoch && entry.seq > position.seq);
}
