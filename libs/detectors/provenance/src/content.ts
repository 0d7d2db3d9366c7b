/**
 * What a text holds, whoever sent it: its leaves, the units they are cut into, and which unit says which token.
 * CO1. Built once per distinct content; only its origin differs between two readings.
 * CO2. At most `unitsMax` units; text beyond is kept for quoting and searching, and `unread` counts it.
 * CO3. The index is numbers in one block of memory; `bytes` is what the content takes, index and leaves included.
 */
import type { Leaf } from './leaves.js';
import { folded } from './text.js';
import type { ToolIds } from './tool.js';
import { unitsOf, type Unit } from './units.js';
import { TokenBuffer, type Vocabulary } from './vocabulary.js';

export const unitsMax = 1_500;
const leafBytes = 112;

const structuredBit = 1;
const imperativeBit = 2;
const proseBit = 4;

/** A unit placed in its document. `from`/`to` count characters over all leaves, so that windows can span leaves. */
export interface PlacedUnit {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
  readonly from: number;
  readonly to: number;
  readonly structured: boolean;
  readonly imperative: boolean;
  readonly prose: boolean;
}

type Numbers = Uint16Array | Uint32Array;

export class Content {
  readonly leaves: readonly Leaf[];
  readonly unitCount: number;
  /** Distinct tokens, in order of first sight. */
  readonly ids: Uint32Array;
  readonly chars: number;
  /** Characters that no unit covers because there were too many. */
  readonly unread: number;
  readonly bytes: number;
  /** How far an order in this text asks for a tool; worked out once per pair. */
  readonly ordered = new Map<ToolIds, number>();
  /** Starts, ends and domain-wide starts of units. */
  private readonly places: Uint32Array;
  private readonly unitLeaves: Numbers;
  private readonly flags: Uint8Array;
  /** Units of token `i` stand in `units` from `offsets[i]` to `offsets[i + 1]`, ascending. */
  private readonly offsets: Numbers;
  private readonly units: Uint16Array;
  /** Open addressing: place → 1 + ordinal of the token. */
  private readonly table: Numbers;

  constructor(made: Made) {
    const { leaves, units, ids, posts } = made;
    this.leaves = leaves;
    this.unitCount = units.length;
    this.chars = made.chars;
    this.unread = made.unread;
    const slots = slotsFor(ids.length);
    const isWide = posts.length >= 65_535 || leaves.length >= 65_535;
    const numbers = units.length + ids.length + 1 + slots;
    const block = new ArrayBuffer(4 * (ids.length + 3 * units.length) + (isWide ? 4 : 2) * numbers + 2 * posts.length + units.length);
    const room = { block, at: 0 };
    this.ids = take32(room, ids.length);
    this.places = take32(room, units.length * 3);
    this.unitLeaves = isWide ? take32(room, units.length) : take16(room, units.length);
    this.offsets = isWide ? take32(room, ids.length + 1) : take16(room, ids.length + 1);
    this.table = isWide ? take32(room, slots) : take16(room, slots);
    this.units = take16(room, posts.length);
    this.flags = new Uint8Array(block, room.at, units.length);
    this.ids.set(ids);
    units.forEach((unit, at) => this.place(unit, at));
    this.post(made.counts, posts);
    this.fillTable();
    this.bytes = made.textBytes + leaves.length * leafBytes + block.byteLength;
  }

  /** Ordinal of a token, or -1. */
  find(id: number): number {
    const { table, ids } = this;
    const mask = table.length - 1;
    let slot = slotOf(id) & mask;
    for (let entry = table[slot] ?? 0; entry !== 0; entry = table[slot] ?? 0) {
      if (ids[entry - 1] === id) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  has(id: number): boolean {
    return this.find(id) >= 0;
  }

  /** How many units say the token of this ordinal. */
  countOf(token: number): number {
    return (this.offsets[token + 1] ?? 0) - (this.offsets[token] ?? 0);
  }

  /** The `at`-th unit that says it. */
  unitOf(token: number, at: number): number {
    return this.units[(this.offsets[token] ?? 0) + at] ?? 0;
  }

  /** Does the unit say the token of this ordinal (-1: no token)? */
  says(unit: number, token: number): boolean {
    if (token < 0) return false;
    let low = this.offsets[token] ?? 0;
    let high = (this.offsets[token + 1] ?? 0) - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.units[middle] ?? 0;
      if (found === unit) return true;
      if (found < unit) low = middle + 1;
      else high = middle - 1;
    }
    return false;
  }

  isStructured(unit: number): boolean {
    return ((this.flags[unit] ?? 0) & structuredBit) !== 0;
  }

  isImperative(unit: number): boolean {
    return ((this.flags[unit] ?? 0) & imperativeBit) !== 0;
  }

  /** Does a token stand in a field somewhere? */
  isInField(token: number): boolean {
    const count = this.countOf(token);
    for (let at = 0; at < count; at++) if (this.isStructured(this.unitOf(token, at))) return true;
    return false;
  }

  /** Characters from the start of one unit to the end of another; a single unit is always a window, however long it is. */
  charsOver(first: number, last: number): number {
    if (first === last) return 0;
    const { places } = this;
    return (places[last * 3 + 2] ?? 0) + (places[last * 3 + 1] ?? 0) - (places[last * 3] ?? 0) - (places[first * 3 + 2] ?? 0);
  }

  unitAt(unit: number): PlacedUnit {
    const { places } = this;
    const [start, end, from] = [places[unit * 3] ?? 0, places[unit * 3 + 1] ?? 0, places[unit * 3 + 2] ?? 0];
    const flags = this.flags[unit] ?? 0;
    return {
      leaf: this.unitLeaves[unit] ?? 0, start, end, from, to: from + end - start,
      structured: (flags & structuredBit) !== 0, imperative: (flags & imperativeBit) !== 0, prose: (flags & proseBit) !== 0,
    };
  }

  /** The text of a unit, as it was written. */
  textOf(unit: PlacedUnit): string {
    return this.leaves[unit.leaf]?.text.slice(unit.start, unit.end) ?? '';
  }

  private place({ unit, leaf, from }: MadeUnit, at: number): void {
    this.places[at * 3] = unit.start;
    this.places[at * 3 + 1] = unit.end;
    this.places[at * 3 + 2] = from + unit.start;
    this.unitLeaves[at] = leaf;
    this.flags[at] = (unit.structured ? structuredBit : 0) | (unit.imperative ? imperativeBit : 0) | (unit.prose ? proseBit : 0);
  }

  private post(counts: Uint32Array, posts: Posts): void {
    let offset = 0;
    for (let token = 0; token < counts.length; token++) {
      this.offsets[token] = offset;
      offset += counts[token] ?? 0;
    }
    this.offsets[counts.length] = offset;
    // Counted down as they are filled from the end, so that units ascend.
    for (let at = posts.length - 1; at >= 0; at--) {
      const token = posts.tokens[at] ?? 0;
      const left = (counts[token] ?? 1) - 1;
      counts[token] = left;
      this.units[(this.offsets[token] ?? 0) + left] = posts.units[at] ?? 0;
    }
  }

  private fillTable(): void {
    const { table, ids } = this;
    const mask = table.length - 1;
    for (let at = 0; at < ids.length; at++) {
      let slot = slotOf(ids[at] ?? 0) & mask;
      while (table[slot] !== 0) slot = (slot + 1) & mask;
      table[slot] = at + 1;
    }
  }
}

interface MadeUnit {
  readonly unit: Unit;
  readonly leaf: number;
  readonly from: number;
}

/** Which token was said in which unit, in order of the units, each pair once. */
interface Posts {
  tokens: Uint32Array;
  units: Uint32Array;
  length: number;
}

interface Made {
  readonly leaves: readonly Leaf[];
  readonly units: readonly MadeUnit[];
  readonly ids: Uint32Array;
  readonly counts: Uint32Array;
  readonly posts: Posts;
  readonly chars: number;
  readonly unread: number;
  readonly textBytes: number;
}

/** Cuts texts up; owns the room in which that is done, so that a text leaves nothing behind but its content. */
export class Indexer {
  readonly buffer = new TokenBuffer();
  private stamp = 0;
  private stamps = new Uint32Array(1_024);
  private ordinals = new Uint32Array(1_024);
  private ids = new Uint32Array(1_024);
  private counts = new Uint32Array(1_024);
  private lastUnits = new Uint32Array(1_024);
  private readonly posts: Posts = { tokens: new Uint32Array(4_096), units: new Uint32Array(4_096), length: 0 };
  private distinct = 0;

  constructor(readonly vocabulary: Vocabulary) {}

  contentOf(leaves: readonly Leaf[]): Content {
    this.begin();
    const units: MadeUnit[] = [];
    let chars = 0;
    let unread = 0;
    let textBytes = 0;
    let raw: string | undefined;
    for (let leaf = 0; leaf < leaves.length; leaf++) {
      const read = leaves[leaf];
      if (read === undefined) continue;
      if (read.raw !== raw) textBytes += read.raw.length;
      raw = read.raw;
      if (units.length >= unitsMax) unread += read.text.length;
      else this.readLeaf(read, { leaf, from: chars }, units);
      chars += read.text.length + 1;
    }
    return new Content({
      leaves, units, chars, unread, textBytes, posts: this.posts,
      ids: this.ids.subarray(0, this.distinct), counts: this.counts.subarray(0, this.distinct),
    });
  }

  /** Tokens of some leaves, each once, without cutting them into units. */
  idsOf(leaves: readonly Leaf[]): ReadonlySet<number> {
    const found = new Set<number>();
    for (const leaf of leaves) {
      const lower = folded(leaf.text);
      this.buffer.count = 0;
      this.vocabulary.scan(lower, { start: 0, end: lower.length }, this.buffer);
      for (let at = 0; at < this.buffer.count; at++) found.add(this.buffer.ids[at] ?? 0);
    }
    return found;
  }

  /** Tokens of one text. */
  idsOfText(text: string): ReadonlySet<number> {
    return this.idsOf([{ path: '$', field: '', text, raw: text, offset: 0, keyed: false }]);
  }

  private begin(): void {
    this.distinct = 0;
    this.posts.length = 0;
    this.stamp += 1;
    if (this.vocabulary.idsEnd > this.stamps.length) this.widen();
  }

  private readLeaf(leaf: Leaf, { leaf: ordinal, from }: { leaf: number; from: number }, units: MadeUnit[]): void {
    const lower = folded(leaf.text);
    for (const unit of unitsOf(leaf, lower)) {
      if (units.length >= unitsMax) return;
      this.readUnit(lower, unit, units.length);
      units.push({ unit, leaf: ordinal, from });
    }
  }

  private readUnit(lower: string, unit: Unit, ordinal: number): void {
    const { buffer } = this;
    buffer.count = 0;
    this.vocabulary.scan(lower, unit, buffer);
    if (this.vocabulary.idsEnd > this.stamps.length) this.widen();
    for (let at = 0; at < buffer.count; at++) this.say(buffer.ids[at] ?? 0, ordinal);
  }

  private say(id: number, unit: number): void {
    if (this.stamps[id] !== this.stamp) {
      if (this.distinct === this.ids.length) [this.ids, this.counts, this.lastUnits] = [doubled(this.ids), doubled(this.counts), doubled(this.lastUnits)];
      this.stamps[id] = this.stamp;
      this.ordinals[id] = this.distinct;
      this.ids[this.distinct] = id;
      this.counts[this.distinct] = 0;
      this.distinct += 1;
    }
    const token = this.ordinals[id] ?? 0;
    if ((this.counts[token] ?? 0) > 0 && this.lastUnits[token] === unit) return;
    this.counts[token] = (this.counts[token] ?? 0) + 1;
    this.lastUnits[token] = unit;
    const { posts } = this;
    if (posts.length === posts.tokens.length) [posts.tokens, posts.units] = [doubled(posts.tokens), doubled(posts.units)];
    posts.tokens[posts.length] = token;
    posts.units[posts.length] = unit;
    posts.length += 1;
  }

  private widen(): void {
    while (this.vocabulary.idsEnd > this.stamps.length) [this.stamps, this.ordinals] = [doubled(this.stamps), doubled(this.ordinals)];
  }
}

function doubled(old: Uint32Array): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(old.length * 2);
  larger.set(old);
  return larger;
}

function slotOf(id: number): number {
  return Math.imul(id, 0x9e3779b1) >>> 8;
}

function slotsFor(tokens: number): number {
  let size = 8;
  while (size < tokens * 1.5) size *= 2;
  return size;
}

interface Room {
  readonly block: ArrayBuffer;
  at: number;
}

function take32(room: Room, length: number): Uint32Array {
  const taken = new Uint32Array(room.block, room.at, length);
  room.at += taken.byteLength;
  return taken;
}

function take16(room: Room, length: number): Uint16Array {
  const taken = new Uint16Array(room.block, room.at, length);
  room.at += taken.byteLength;
  return taken;
}
