/** Since when each word stands in the open: the first text without a label that held it. What stood there before a label is nobody's secret. */
import type { Document } from './document.js';

export class Seen {
  private first = new Uint32Array(1_024);

  /** @param ids the words of a text that has just been remembered. */
  note({ origin }: Document, ids: Iterable<number>): void {
    if (origin.labels.size > 0) return;
    for (const id of ids) {
      while (id >= this.first.length) this.widen();
      if (this.first[id] === 0) this.first[id] = origin.seq;
    }
  }

  isBefore(id: number, seq: number): boolean {
    const first = this.first[id] ?? 0;
    return first !== 0 && first < seq;
  }

  forget(id: number): void {
    if (id < this.first.length) this.first[id] = 0;
  }

  private widen(): void {
    const larger = new Uint32Array(this.first.length * 2);
    larger.set(this.first);
    this.first = larger;
  }
}
