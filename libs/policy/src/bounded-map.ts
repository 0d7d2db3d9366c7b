/**
 * A map that forgets its oldest entries.
 * BM1. Never more than `entriesMax`; the one that was set first goes first.
 */
export class BoundedMap<V> {
  readonly #entries: Map<string, V>;

  constructor(
    readonly entriesMax: number,
    entries: readonly (readonly [string, V])[] = [],
  ) {
    this.#entries = new Map(entries.slice(-entriesMax));
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  /** @returns the entry that had to go, if one had to. */
  set(key: string, value: V): V | undefined {
    let evicted: V | undefined;
    if (!this.#entries.has(key) && this.#entries.size >= this.entriesMax) {
      const [oldest] = this.#entries;
      if (oldest !== undefined) {
        evicted = oldest[1];
        this.#entries.delete(oldest[0]);
      }
    }
    this.#entries.set(key, value);
    return evicted;
  }

  delete(key: string): boolean {
    return this.#entries.delete(key);
  }

  entries(): readonly (readonly [string, V])[] {
    return [...this.#entries];
  }

  values(): IterableIterator<V> {
    return this.#entries.values();
  }
}
