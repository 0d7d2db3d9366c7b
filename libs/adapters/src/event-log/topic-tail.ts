/**
 * The newest records of one topic as this process appended them: followers that keep up read here instead of in the file, and share
 * what they read.
 * TT1. Without a gap: a record that does not follow the last one begins a new tail.
 * TT2. At most `recordsMax` records and `charsMax` characters of values; the oldest go first.
 */
import type { StoredRecord } from '@countersign/pipeline';

const recordsMax = 4_096;
const charsMax = 8 * 1024 * 1024;
/** So many records are dropped before the array is cut: cutting copies it. */
const cutRecords = 64;

export class TopicTail {
  #records: StoredRecord[] = [];
  /** What lies before it in the array is gone. */
  #head = 0;
  #chars = 0;

  push(record: StoredRecord): void {
    if (this.#records.at(-1)?.offset !== record.offset - 1) this.clear();
    this.#records.push(record);
    this.#chars += record.value.length;
    while (this.#records.length - this.#head > 1 && (this.#chars > charsMax || this.#records.length - this.#head > recordsMax)) {
      this.#chars -= this.#records[this.#head]?.value.length ?? 0;
      this.#head += 1;
    }
    if (this.#head < cutRecords) return;
    this.#records = this.#records.slice(this.#head);
    this.#head = 0;
  }

  /** Records at or after `offset` and before `below`; undefined when the tail does not reach back to `offset`. */
  read(offset: number, { below, recordsMax: max }: { readonly below: number; readonly recordsMax: number }): readonly StoredRecord[] | undefined {
    const first = this.#records[this.#head]?.offset;
    if (first === undefined || offset < first || offset > first + this.#records.length - this.#head) return undefined;
    const start = this.#head + offset - first;
    return this.#records.slice(start, Math.min(start + max, this.#head + Math.max(0, below - first)));
  }

  /** These records were never stored. */
  forgetFrom(offset: number): void {
    while ((this.#records.at(-1)?.offset ?? -1) >= offset && this.#records.length > this.#head) this.#chars -= this.#records.pop()?.value.length ?? 0;
  }

  clear(): void {
    this.#records = [];
    this.#head = 0;
    this.#chars = 0;
  }
}
