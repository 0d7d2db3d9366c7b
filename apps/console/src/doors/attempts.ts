/**
 * How often one address or person may try.
 * AT1. At most `triesMax` within any `windowMs` per key; the next one is refused until the oldest is out of the window.
 * AT2. Memory is bounded: beyond `keysMax` live keys a new key is refused (a flood of addresses is no reason to forget the old ones).
 */
export interface AttemptsOptions {
  readonly triesMax: number;
  readonly windowMs: number;
  readonly keysMax: number;
}

export class Attempts {
  readonly #tries = new Map<string, number[]>();

  constructor(private readonly options: AttemptsOptions) {}

  /** Counts one try. @param nowMs a clock that never goes back. @returns false when it is one too many. */
  allow(key: string, nowMs: number): boolean {
    const { triesMax, windowMs, keysMax } = this.options;
    const recent = (this.#tries.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs);
    if (recent.length >= triesMax) return false;
    if (!this.#tries.has(key) && this.#tries.size >= keysMax) this.#forgetOld(nowMs - windowMs);
    if (!this.#tries.has(key) && this.#tries.size >= keysMax) return false;
    this.#tries.set(key, [...recent, nowMs]);
    return true;
  }

  #forgetOld(beforeMs: number): void {
    for (const [key, tries] of this.#tries) if ((tries.at(-1) ?? 0) <= beforeMs) this.#tries.delete(key);
  }
}
