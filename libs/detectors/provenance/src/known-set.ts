/**
 * Things an agent is known by, as hashes, and which session brought each in: small, bounded, and able to forget what one session taught.
 * KS1. At most `max` things; when it is full nothing is added, so "new" may be said too often, never too rarely.
 */
export interface Hash {
  readonly low: number;
  readonly high: number;
}

const fields = 3;
const slotsMin = 32;

export class KnownSet {
  /** Per place: low, high, ordinal of the session that brought it in (0: free). */
  private slots = new Uint32Array(slotsMin * fields);
  private count = 0;

  constructor(readonly max: number) {}

  get size(): number {
    return this.count;
  }

  get bytes(): number {
    return this.slots.byteLength;
  }

  has({ low, high }: Hash): boolean {
    return this.slots[this.find(low, high) + 2] !== 0;
  }

  /** @param session its ordinal, above 0. */
  add({ low, high }: Hash, session: number): void {
    const at = this.find(low, high);
    if (this.slots[at + 2] !== 0 || this.count >= this.max) return;
    this.slots[at] = low;
    this.slots[at + 1] = high;
    this.slots[at + 2] = session;
    this.count += 1;
    if (this.count * fields * 4 > this.slots.length * 3) this.rebuild(this.slots.length * 2, 0);
  }

  /** Takes out what this session brought in. */
  forget(session: number): void {
    this.rebuild(this.slots.length, session);
  }

  /** Everything it holds, with the session that brought it in. */
  entries(): readonly (readonly [number, number, number])[] {
    const found: [number, number, number][] = [];
    for (let at = 0; at < this.slots.length; at += fields) {
      const session = this.slots[at + 2] ?? 0;
      if (session !== 0) found.push([this.slots[at] ?? 0, this.slots[at + 1] ?? 0, session]);
    }
    return found;
  }

  private find(low: number, high: number): number {
    const { slots } = this;
    const places = slots.length / fields;
    let at = (low >>> 0) % places;
    while (slots[at * fields + 2] !== 0 && (slots[at * fields] !== low || slots[at * fields + 1] !== high)) at = (at + 1) % places;
    return at * fields;
  }

  private rebuild(length: number, without: number): void {
    const kept = this.entries().filter(([, , session]) => session !== without);
    this.slots = new Uint32Array(length);
    this.count = 0;
    for (const [low, high, session] of kept) {
      const at = this.find(low, high);
      this.slots[at] = low;
      this.slots[at + 1] = high;
      this.slots[at + 2] = session;
      this.count += 1;
    }
  }
}

/** FNV-1a twice, with different ends mixed in: spreads, does not resist an adversary; only novelty, a statistic, rests on it. */
export function hashOf(text: string): Hash {
  let low = 0x811c9dc5;
  let high = 0x9747b28c;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    low = Math.imul(low ^ code, 0x01000193);
    high = Math.imul(high ^ (code + at), 0x85ebca6b);
  }
  return { low: mixed(low), high: mixed(high) };
}

function mixed(hash: number): number {
  let out = hash ^ (hash >>> 16);
  out = Math.imul(out, 0x7feb352d);
  out ^= out >>> 15;
  out = Math.imul(out, 0x846ca68b);
  return (out ^ (out >>> 16)) >>> 0;
}
