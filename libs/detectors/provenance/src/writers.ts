/**
 * Which call wrote a word last: how a text that is read finds the calls it was made by, through files, memories, tickets and messages.
 * WR1. One number per word; a word that is written again belongs to the later call, so rare words tell more than common ones.
 */
import type { Document } from './document.js';

const documentsMax = 4;

export interface Written {
  /** Ordinal of the writing call's arguments. */
  readonly seq: number;
  readonly weight: number;
  readonly count: number;
  /** The heaviest word of it. */
  readonly id: number;
}

export class Writers {
  private last = new Uint32Array(1_024);

  note({ origin }: Document, ids: ArrayLike<number>): void {
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] ?? 0;
      while (id >= this.last.length) this.widen();
      this.last[id] = origin.seq;
    }
  }

  /** The calls that wrote most of these words, heaviest first. @param weightOf of a word; what is below 1 is not asked about. */
  of(ids: ArrayLike<number>, weightOf: (id: number) => number): readonly Written[] {
    const bySeq = new Map<number, { weight: number; count: number; id: number; most: number }>();
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] ?? 0;
      const seq = this.last[id] ?? 0;
      if (seq === 0) continue;
      const weight = weightOf(id);
      if (weight < 1) continue;
      const known = bySeq.get(seq);
      if (known === undefined) bySeq.set(seq, { weight, count: 1, id, most: weight });
      else {
        known.weight += weight;
        known.count += 1;
        if (weight > known.most) [known.id, known.most] = [id, weight];
      }
    }
    return [...bySeq].map(([seq, { weight, count, id }]) => ({ seq, weight, count, id })).sort((a, b) => b.weight - a.weight || a.seq - b.seq).slice(0, documentsMax);
  }

  clear(): void {
    this.last.fill(0);
  }

  private widen(): void {
    const larger = new Uint32Array(this.last.length * 2);
    larger.set(this.last);
    this.last = larger;
  }
}
