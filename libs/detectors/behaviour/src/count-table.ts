/**
 * Small counts under hashed keys, in two typed arrays.
 * CT1. Bounded: at most `slotsMax` slots (6 bytes each); when it is full all counts are halved and what falls to 0 is forgotten.
 * CT2. Two keys that share a 32-bit hash share a count; at 4 096 slots that touches about one lookup in a million.
 */
export const slotsMax = 4_096;
const slotsMin = 256;
const loadMax = 0.75;
const countMax = 65_535;

export class CountTable {
  private keys: Uint32Array<ArrayBuffer>;
  private counts: Uint16Array<ArrayBuffer>;
  private used = 0;

  constructor(slots = slotsMin) {
    this.keys = new Uint32Array(slots);
    this.counts = new Uint16Array(slots);
  }

  get(key: number): number {
    return this.counts[this.slotOf(key)] ?? 0;
  }

  /** Adds `by` (may be negative); never below 0. */
  add(key: number, by: number): void {
    const slot = this.slotOf(key);
    if (this.keys[slot] === 0) {
      if (by <= 0) return;
      if (this.used >= this.keys.length * loadMax) {
        this.makeRoom();
        this.add(key, by);
        return;
      }
      this.keys[slot] = nonZero(key);
      this.used += 1;
    }
    this.counts[slot] = Math.min(countMax, Math.max(0, (this.counts[slot] ?? 0) + by));
  }

  /** Base64 of keys, then counts. */
  toText(): string {
    return `${this.keys.length}:${bytesOf(this.keys)}:${bytesOf(this.counts)}`;
  }

  /** @throws when the text does not hold a table. */
  static fromText(text: string): CountTable {
    const [slots, keys, counts] = text.split(':');
    const table = new CountTable(Number(slots));
    const keyBytes = Buffer.from(keys ?? '', 'base64');
    const countBytes = Buffer.from(counts ?? '', 'base64');
    if (keyBytes.length !== table.keys.byteLength || countBytes.length !== table.counts.byteLength) throw new Error('The snapshot of a count table is cut off; behaviour starts from an empty memory.');
    for (let slot = 0; slot < table.keys.length; slot++) {
      table.keys[slot] = keyBytes.readUInt32LE(slot * 4);
      table.counts[slot] = countBytes.readUInt16LE(slot * 2);
      if (table.keys[slot] !== 0) table.used += 1;
    }
    return table;
  }

  private slotOf(key: number): number {
    const mask = this.keys.length - 1;
    const wanted = nonZero(key);
    let slot = wanted & mask;
    while (this.keys[slot] !== 0 && this.keys[slot] !== wanted) slot = (slot + 1) & mask;
    return slot;
  }

  private makeRoom(): void {
    const { keys, counts } = this;
    const grow = keys.length < slotsMax;
    this.keys = new Uint32Array(grow ? keys.length * 2 : keys.length);
    this.counts = new Uint16Array(this.keys.length);
    this.used = 0;
    for (let slot = 0; slot < keys.length; slot++) {
      const count = grow ? (counts[slot] ?? 0) : (counts[slot] ?? 0) >> 1;
      if (keys[slot] !== 0 && count > 0) this.add(keys[slot] ?? 1, count);
    }
    if (this.used >= this.keys.length * loadMax) this.forgetRare();
  }

  /** Every count was at least 2: halve until there is room. Ends because counts fall. */
  private forgetRare(): void {
    if (this.keys.length < slotsMax) return;
    this.makeRoom();
  }
}

/** Mixes a value into a hash; 32 bits, never equal for a permutation of the same values. */
export function mixed(hash: number, value: number): number {
  let mix = Math.imul(hash ^ value, 0x9e3779b1);
  mix = Math.imul(mix ^ (mix >>> 15), 0x85ebca6b);
  return (mix ^ (mix >>> 13)) >>> 0;
}

/** FNV-1a over UTF-16 code units. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function nonZero(key: number): number {
  return key === 0 ? 1 : key;
}

function bytesOf(array: Uint32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>): string {
  return Buffer.from(array.buffer).toString('base64');
}
