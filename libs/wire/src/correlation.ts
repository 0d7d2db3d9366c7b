/**
 * Who still waits for an answer, per direction of the asking.
 * CO1. Ids of the two directions never meet: a stream has one table for each.
 * CO2. At most `unansweredMax` requests are remembered; the oldest is forgotten first (its answer then passes as an answer to nothing).
 * CO3. A repeated id in flight forgets nobody: answers are matched in the order the requests came.
 * CO4. A cancelled request stays until its answer, so that a late answer is known as one.
 */
import { idKey } from './rpc-message.js';

interface Entry<T> {
  readonly rpcId: string;
  readonly about: T;
  isCancelled: boolean;
}

export interface Answered<T> {
  readonly about: T;
  readonly isLate: boolean;
  /** What else waits under the same id; not empty only when a peer repeated an id in flight. */
  readonly others: readonly T[];
}

export class Correlation<T> {
  readonly #entries = new Map<string, Entry<T>[]>();
  readonly #unansweredMax: number;
  #count = 0;

  constructor(options: { readonly unansweredMax: number }) {
    this.#unansweredMax = options.unansweredMax;
  }

  get size(): number {
    return this.#count;
  }

  /** @returns whether this id was already in flight (T25), and what had to be forgotten to stay within the bound. */
  ask(rpcId: string, about: T): { readonly isDuplicate: boolean; readonly forgotten: readonly T[] } {
    const forgotten = this.#count >= this.#unansweredMax ? this.#forgetOldest() : [];
    const key = idKey(rpcId);
    const waiting = this.#entries.get(key);
    const entry = { rpcId, about, isCancelled: false };
    if (waiting === undefined) this.#entries.set(key, [entry]);
    else waiting.push(entry);
    this.#count += 1;
    return { isDuplicate: waiting !== undefined, forgotten };
  }

  /** Takes the oldest request of this id out; undefined when nobody asked. */
  answer(rpcId: string): Answered<T> | undefined {
    const key = idKey(rpcId);
    const waiting = this.#entries.get(key);
    const entry = waiting?.shift();
    if (waiting === undefined || entry === undefined) return undefined;
    this.#count -= 1;
    if (waiting.length === 0) this.#entries.delete(key);
    return { about: entry.about, isLate: entry.isCancelled, others: waiting.map(({ about }) => about) };
  }

  /** Takes one known request out, whatever else has its id. */
  remove(rpcId: string, about: T): void {
    const key = idKey(rpcId);
    const waiting = this.#entries.get(key);
    const index = waiting?.findIndex((entry) => entry.about === about) ?? -1;
    if (waiting === undefined || index === -1) return;
    waiting.splice(index, 1);
    this.#count -= 1;
    if (waiting.length === 0) this.#entries.delete(key);
  }

  /** Marks what waits under this id as cancelled, and returns it. */
  cancel(rpcId: string): readonly T[] {
    const waiting = this.#entries.get(idKey(rpcId)) ?? [];
    for (const entry of waiting) entry.isCancelled = true;
    return waiting.map(({ about }) => about);
  }

  /** Marks what waits under this id as one that is waited for no longer, and returns what was not so marked before. A late answer is still known (CO4). */
  lose(rpcId: string): readonly T[] {
    const waiting = (this.#entries.get(idKey(rpcId)) ?? []).filter(({ isCancelled }) => !isCancelled);
    for (const entry of waiting) entry.isCancelled = true;
    return waiting.map(({ about }) => about);
  }

  some(test: (about: T) => boolean): boolean {
    for (const waiting of this.#entries.values()) if (waiting.some(({ about }) => test(about))) return true;
    return false;
  }

  /** Everything unanswered and not cancelled, oldest first; the table is empty afterwards. */
  takeAll(): readonly { readonly rpcId: string; readonly about: T }[] {
    const all = [...this.#entries.values()].flat().filter((entry) => !entry.isCancelled);
    this.#entries.clear();
    this.#count = 0;
    return all;
  }

  #forgetOldest(): readonly T[] {
    for (const [key, waiting] of this.#entries) {
      const entry = waiting.shift();
      if (waiting.length === 0) this.#entries.delete(key);
      if (entry === undefined) continue;
      this.#count -= 1;
      return [entry.about];
    }
    return [];
  }
}
