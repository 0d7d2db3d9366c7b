/**
 * Chunks seen lately and what they say, in flat memory: a chunk that is known costs one look at a line of numbers and one at its letters.
 * CT1. A chunk is known only when every character is the same; the hash only says where to look.
 * CT2. A place keeps the chunk seen last and its neighbour the one before: what recurs stays, what comes once goes.
 */
/** A domain that says little keeps little. */
const slotsMin = 1_024;
const slotsMax = 16_384;
export const chunkCharsMax = 24;
/** Of one chunk: a verb has its stem and up to three groups. */
const idsMax = 4;
const lineLength = 2 + idsMax;
const monthBit = 0x8000;

/** A chunk's place in a text, and the hash of its characters. */
export interface Stretch {
  readonly first: number;
  readonly last: number;
  readonly hash: number;
}

export class ChunkTable {
  private slots = slotsMin;
  /** Chunks kept since the table was made this large. */
  private kept = 0;
  /** Per place: hash, length and number of ids and month bit, ids. */
  private lines = new Uint32Array(slotsMin * lineLength);
  private letters = new Uint16Array(slotsMin * chunkCharsMax);

  /** @returns the place of a known chunk, or -1. */
  find(text: string, chunk: Stretch): number {
    const slot = (chunk.hash ^ (chunk.hash >>> 15)) & (this.slots - 1);
    if (this.holds(slot, text, chunk)) return slot;
    return this.holds(slot ^ 1, text, chunk) ? slot ^ 1 : -1;
  }

  count(slot: number): number {
    return ((this.lines[slot * lineLength + 1] ?? 0) >>> 8) & 0x7f;
  }

  id(slot: number, at: number): number {
    return this.lines[slot * lineLength + 2 + at] ?? 0;
  }

  namesMonth(slot: number): boolean {
    return ((this.lines[slot * lineLength + 1] ?? 0) & monthBit) !== 0;
  }

  /** Keeps a chunk whose tokens all span it; longer ones and those with more ids are worked out each time. */
  keep(chunk: { readonly text: string; readonly hash: number; readonly ids: readonly number[]; readonly month: boolean }): void {
    const { text, hash, ids, month } = chunk;
    if (ids.length > idsMax || text.length > chunkCharsMax) return;
    if (this.slots < slotsMax && this.kept >= this.slots) this.double();
    this.kept += 1;
    const slot = (hash ^ (hash >>> 15)) & (this.slots - 1);
    const [line, beside] = [slot * lineLength, (slot ^ 1) * lineLength];
    this.lines.copyWithin(beside, line, line + lineLength);
    this.letters.copyWithin((slot ^ 1) * chunkCharsMax, slot * chunkCharsMax, (slot + 1) * chunkCharsMax);
    this.lines[line] = hash >>> 0;
    this.lines[line + 1] = text.length | (ids.length << 8) | (month ? monthBit : 0);
    for (let at = 0; at < ids.length; at++) this.lines[line + 2 + at] = ids[at] ?? 0;
    for (let at = 0; at < text.length; at++) this.letters[slot * chunkCharsMax + at] = text.charCodeAt(at);
  }

  clear(): void {
    this.lines.fill(0);
  }

  /** Starts empty: what recurs is soon there again. */
  private double(): void {
    this.slots *= 2;
    this.kept = 0;
    this.lines = new Uint32Array(this.slots * lineLength);
    this.letters = new Uint16Array(this.slots * chunkCharsMax);
  }

  private holds(slot: number, text: string, { first, last, hash }: Stretch): boolean {
    const line = slot * lineLength;
    if (this.lines[line] !== hash >>> 0 || ((this.lines[line + 1] ?? 0) & 0xff) !== last - first) return false;
    const letters = slot * chunkCharsMax;
    for (let at = first; at < last; at++) if (this.letters[letters + at - first] !== text.charCodeAt(at)) return false;
    return true;
  }
}
