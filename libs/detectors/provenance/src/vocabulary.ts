/**
 * Tokens as numbers: each key of a domain's texts has one id, so that texts are indexed, compared and remembered without strings.
 * VO1. Two keys never share an id: words are compared character by character, never by hash alone.
 * VO2. `scan` finds exactly the tokens that `tokensOfFolded` finds, in the same places.
 * VO3. An id means its key until `sweep` is told that nobody holds it any more; only then may it be given again.
 */
import { ChunkTable, chunkCharsMax, type Stretch } from './chunk-table.js';
import { datesIn, namesMonth } from './dates.js';
import { chunkTokens, classes, cutBit, digitBit, groupsDigits, isEntity, isNaming, isPlainNumber, leadingBit, trailingBit, weightOf, wideClass, type Token } from './text.js';

/** No sweep below this many keys: most domains never reach it. */
const sweepKeysMin = 131_072;

const entityBit = 1;
const namingBit = 2;
const markBit = 4;

/** Tokens of a text, in order; reused from text to text. */
export class TokenBuffer {
  ids = new Uint32Array(256);
  starts = new Uint32Array(256);
  ends = new Uint32Array(256);
  count = 0;

  push(id: number, start: number, end: number): void {
    if (this.count === this.ids.length) this.grow();
    this.ids[this.count] = id;
    this.starts[this.count] = start;
    this.ends[this.count] = end;
    this.count += 1;
  }

  private grow(): void {
    const grown = (old: Uint32Array): Uint32Array<ArrayBuffer> => {
      const larger = new Uint32Array(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.ids = grown(this.ids);
    this.starts = grown(this.starts);
    this.ends = grown(this.ends);
  }
}

export class Vocabulary {
  private readonly ids = new Map<string, number>();
  private readonly keys: string[] = [''];
  private readonly free: number[] = [];
  private facts = new Uint8Array(1_024);
  private weights = new Float64Array(1_024);
  private hosts = new Uint32Array(1_024);
  private readonly chunks = new ChunkTable();
  private sweepAt = sweepKeysMin;
  private readonly scratch: Token[] = [];

  /** Ids are below this. */
  get idsEnd(): number {
    return this.keys.length;
  }

  get wantsSweep(): boolean {
    return this.ids.size >= this.sweepAt;
  }

  /** The key's id, given on first sight. */
  idOf(key: string): number {
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.free.pop() ?? this.keys.length;
    this.keys[id] = key;
    this.ids.set(key, id);
    if (id >= this.facts.length) this.grow();
    this.facts[id] = key.startsWith('!') ? markBit : 0;
    this.weights[id] = weightOf(key);
    this.hosts[id] = 0;
    if (isEntity(key)) this.noteEntity(id, key);
    return id;
  }

  /** The id of a key that some text held, or 0. */
  find(key: string): number {
    return this.ids.get(key) ?? 0;
  }

  keyOf(id: number): string {
    return this.keys[id] ?? '';
  }

  weightOf(id: number): number {
    return this.weights[id] ?? 0;
  }

  isEntity(id: number): boolean {
    return ((this.facts[id] ?? 0) & entityBit) !== 0;
  }

  isNaming(id: number): boolean {
    return ((this.facts[id] ?? 0) & namingBit) !== 0;
  }

  /** A verb group's mark, no word of the text. */
  isMark(id: number): boolean {
    return ((this.facts[id] ?? 0) & markBit) !== 0;
  }

  /** Id of the host that an address or a link belongs to (a host: itself), or 0. */
  hostOf(id: number): number {
    return this.hosts[id] ?? 0;
  }

  /** Tokens of a folded text between two places, added to `out`. Linear. */
  scan(text: string, span: { readonly start: number; readonly end: number }, out: TokenBuffer): void {
    const { start: from, end: to } = span;
    const before = out.count;
    let seen = 0;
    let hasMonth = false;
    let first = -1;
    let last = 0;
    let hash = 0;
    let hashAtLast = 0;
    for (let at = from; at <= to; at++) {
      const code = at < to ? text.charCodeAt(at) : 32;
      const kind = code < 128 ? (classes[code] ?? 0) : wideClass(code);
      if ((kind & cutBit) !== 0 && (code !== 44 || !groupsDigits(text, at, span))) {
        if (last > first && first >= 0 && this.chunkAt(text, { first, last, hash: hashAtLast }, out)) hasMonth = true;
        first = -1;
        continue;
      }
      if (first < 0) {
        if ((kind & leadingBit) !== 0) continue;
        first = at;
        last = at;
        hash = 0;
      }
      hash = Math.imul(hash ^ code, 0x01000193);
      seen |= kind;
      if ((kind & trailingBit) !== 0) continue;
      last = at + 1;
      hashAtLast = hash;
    }
    if (hasMonth && (seen & digitBit) !== 0) this.addDays(text.slice(from, to), { from, before }, out);
  }

  /** Forgets keys that nobody holds. @param mark is given a marker, to be called with every id still in use. @param freed hears of each id that means nothing now. */
  sweep(mark: (hold: (id: number) => void) => void, freed: (id: number) => void = () => undefined): void {
    const held = new Uint8Array(this.keys.length);
    mark((id) => {
      held[id] = 1;
      held[this.hosts[id] ?? 0] = 1;
    });
    for (let id = 1; id < held.length; id++) {
      const key = this.keys[id] ?? '';
      if (held[id] === 1 || key === '') continue;
      this.ids.delete(key);
      this.keys[id] = '';
      this.free.push(id);
      freed(id);
    }
    this.chunks.clear();
    this.sweepAt = Math.max(sweepKeysMin, this.ids.size * 2);
  }

  private noteEntity(id: number, key: string): void {
    this.facts[id] = entityBit | (isNaming(key) ? namingBit : 0);
    const host = hostKeyOf(key);
    if (host !== undefined) this.hosts[id] = host === key ? id : this.idOf(host);
  }

  /** @returns true when the chunk names a month. */
  private chunkAt(text: string, chunk: Stretch, out: TokenBuffer): boolean {
    const { chunks } = this;
    const { first, last } = chunk;
    const slot = last - first > chunkCharsMax ? -1 : chunks.find(text, chunk);
    if (slot < 0) return this.newChunk(text.slice(first, last), chunk, out);
    const count = chunks.count(slot);
    for (let at = 0; at < count; at++) out.push(chunks.id(slot, at), first, last);
    return chunks.namesMonth(slot);
  }

  private newChunk(text: string, { first, hash }: Stretch, out: TokenBuffer): boolean {
    const tokens = this.scratch;
    tokens.length = 0;
    chunkTokens(text, 0, tokens);
    const ids: number[] = [];
    let whole = true;
    for (const { key, start, end } of tokens) {
      const id = this.idOf(key);
      ids.push(id);
      whole &&= start === 0 && end === text.length;
      out.push(id, first + start, first + end);
    }
    if (isPlainNumber(text)) return false;
    const month = namesMonth(text);
    if (whole) this.chunks.keep({ text, hash, ids, month });
    return month;
  }

  /** Days named in prose go between the words, in order of place. */
  private addDays(text: string, { from, before }: { from: number; before: number }, out: TokenBuffer): void {
    const days = datesIn(text);
    if (days.length === 0) return;
    const tokens = Array.from({ length: out.count - before }, (_, at) => ({ id: out.ids[before + at] ?? 0, start: out.starts[before + at] ?? 0, end: out.ends[before + at] ?? 0 }));
    out.count = before;
    const named = days.map(({ key, start, end }) => ({ id: this.idOf(key), start: from + start, end: from + end }));
    for (const { id, start, end } of [...tokens, ...named].sort((a, b) => a.start - b.start)) out.push(id, start, end);
  }

  private grow(): void {
    const size = this.facts.length * 2;
    const [facts, weights, hosts] = [new Uint8Array(size), new Float64Array(size), new Uint32Array(size)];
    facts.set(this.facts);
    weights.set(this.weights);
    hosts.set(this.hosts);
    [this.facts, this.weights, this.hosts] = [facts, weights, hosts];
  }
}

/** `@host` of an address, a link or a host; undefined for anything else. */
export function hostKeyOf(key: string): string | undefined {
  if (key.charCodeAt(0) !== 64 || !key.includes('.')) return undefined;
  const host = /^@(?:[^@/]+@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?:[:/?#].*)?$/.exec(key)?.[1];
  return host === undefined ? undefined : `@${host}`;
}
