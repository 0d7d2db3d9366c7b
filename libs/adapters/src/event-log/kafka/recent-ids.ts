/** The last `count` ids, for telling a repeated append from a new one. Two generations: the older is dropped whole when the newer is full. */
export class RecentIds {
  readonly #half: number;
  #newer = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  /** @param count how many are surely remembered is half of it, how many at most is all of it. */
  constructor(count: number) {
    this.#half = Math.max(1, Math.ceil(count / 2));
  }

  has(id: string): boolean {
    return this.#newer.has(id) || this.#older.has(id);
  }

  add(id: string): void {
    this.#newer.add(id);
    if (this.#newer.size < this.#half) return;
    this.#older = this.#newer;
    this.#newer = new Set();
  }
}
