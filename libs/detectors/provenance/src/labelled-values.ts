/**
 * What may not be read by everyone, findable by content: values and stretches of labelled text, for the whole domain.
 * LI1. A text is found again wherever it travels: through a file, a memory, a ticket or another agent's arguments.
 * LI2. What an agent writes from labelled text is labelled too (the whole string), so a summary of a summary keeps its label.
 * LI3. Bounded: at most `labelledCharsMax` characters; the oldest labelled text is forgotten first, and counted.
 * Does not know: readers, policy, sinks.
 */
import type { Document, Span } from './document.js';
import { gramHashes, selected, sharedRun, squeezed, type Squeezed } from './fingerprints.js';
import { isDateKey } from './dates.js';
import type { Indexer } from './content.js';
import type { Seen } from './seen.js';
import { folded } from './text.js';
import type { TokenBuffer } from './vocabulary.js';
import { functionWords } from './words.js';

export const labelledCharsMax = 1_048_576;
const verbatimCharsMin = 24;
const phraseWordsMax = 5;
const argumentWordsMax = 4_000;
const hitsMax = 64;
/** A number of four digits needs company. */
const numberWeight = 0.34;
/** Values of at least so many letters and digits are found through any separators. */
const spacedCharsMin = 9;
const startChars = 8;
const sameStartMax = 8;

export interface LabelledLeaf {
  readonly document: Document;
  readonly leaf: number;
  readonly names: readonly string[];
}

interface Place {
  /** It stood in the open before. */
  readonly open?: boolean;
  readonly source: LabelledLeaf;
  readonly start: number;
  readonly end: number;
}

export interface Hit {
  readonly source: LabelledLeaf;
  readonly origin: Span;
  /** Span in the text that was searched. */
  readonly start: number;
  readonly end: number;
  /** What both share, for searching other documents: a token's key for `value`, folded words for `phrase`, letters and digits for `verbatim`. */
  readonly value: string;
  /** The token's id for `value`, else 0. */
  readonly id: number;
  /** How much this alone proves: 1 decides, less needs company. */
  readonly weight: number;
  readonly how: 'value' | 'phrase' | 'verbatim';
}

export class LabelledValues {
  private readonly leaves: LabelledLeaf[] = [];
  private values = new Map<number, Place>();
  private phrases = new Map<string, Place>();
  private prints = new Map<number, { source: LabelledLeaf; at: number }>();
  /** Hash of the first letters and digits of a value → values that begin so. */
  private starts = new Map<number, { readonly value: string; readonly id: number; readonly place: Place }[]>();
  private squeezedLeaves = new Map<LabelledLeaf, Squeezed>();
  private chars = 0;
  forgottenChars = 0;

  /** @param seen since when words stand in the open. */
  constructor(private readonly indexer: Indexer, private readonly seen: Seen) {}

  /** Keys of the values that stood in the open before they were labelled; what is forgotten since cannot be asked any more. */
  openKeys(): readonly string[] {
    return [...this.values].flatMap(([id, { open }]) => (open === true ? [this.indexer.vocabulary.keyOf(id)] : []));
  }

  /** What `openKeys` said once stays true. */
  markOpen(keys: readonly string[]): void {
    for (const key of keys) {
      const id = this.indexer.vocabulary.find(key);
      const place = this.values.get(id);
      if (place !== undefined) this.values.set(id, { ...place, open: true });
    }
  }

  get size(): number {
    return this.leaves.length;
  }

  entries(): readonly LabelledLeaf[] {
    return this.leaves;
  }

  add(source: LabelledLeaf): void {
    const text = leafText(source);
    if (text.length > labelledCharsMax || text === '') return;
    this.leaves.push(source);
    this.chars += text.length;
    if (this.chars > labelledCharsMax) this.forgetOldest();
    else this.index(source);
  }

  /** Labelled values and stretches in `text`, in order of place; at most `hitsMax`. */
  hits(text: string): Hit[] {
    if (this.leaves.length === 0) return [];
    const here = squeezed(text);
    const found = [...this.valueHits(text), ...this.phraseHits(text), ...this.verbatimHits(text, here), ...this.spacedHits(here)];
    return found.slice(0, hitsMax);
  }

  /** Marks the words it knows as in use. */
  hold(mark: (id: number) => void): void {
    for (const id of this.values.keys()) mark(id);
  }

  private index(source: LabelledLeaf): void {
    const text = leafText(source);
    const tokens = this.tokensOf(text);
    for (let at = 0; at < tokens.count; at++) {
      const id = tokens.ids[at] ?? 0;
      if (!this.isTelling(id) || this.values.has(id)) continue;
      const place: Place = { source, start: tokens.starts[at] ?? 0, end: tokens.ends[at] ?? 0, open: this.seen.isBefore(id, source.document.origin.seq) };
      this.values.set(id, place);
      this.indexStart(id, text.slice(place.start, place.end), place);
    }
    const { content } = source.document;
    for (let at = 0; at < content.unitCount; at++) {
      const unit = content.unitAt(at);
      if (unit.leaf !== source.leaf || !unit.structured) continue;
      const phrase = phraseOf(text.slice(unit.start, unit.end));
      if (phrase !== undefined && !this.phrases.has(phrase.key)) this.phrases.set(phrase.key, { source, start: unit.start + phrase.start, end: unit.start + phrase.end });
    }
    const short = squeezed(text);
    this.squeezedLeaves.set(source, short);
    const hashes = gramHashes(short.text);
    for (const at of selected(hashes)) if (!this.prints.has(hashes[at] ?? 0)) this.prints.set(hashes[at] ?? 0, { source, at });
  }

  /** Rebuilding costs one pass over at most half the budget, and happens once per half budget of labelled text. */
  private forgetOldest(): void {
    while (this.leaves.length > 1 && this.chars > labelledCharsMax / 2) {
      const oldest = this.leaves.shift();
      const gone = oldest === undefined ? 0 : leafText(oldest).length;
      this.chars -= gone;
      this.forgottenChars += gone;
    }
    this.values = new Map();
    this.phrases = new Map();
    this.starts = new Map();
    this.prints = new Map();
    this.squeezedLeaves = new Map();
    for (const source of this.leaves) this.index(source);
  }

  private indexStart(id: number, written: string, place: Place): void {
    const value = squeezed(written).text;
    if (value.length < spacedCharsMin) return;
    const [hash] = gramHashes(value, startChars);
    if (hash === undefined) return;
    const known = this.starts.get(hash) ?? [];
    if (known.length < sameStartMax) known.push({ value, id, place });
    this.starts.set(hash, known);
  }

  /** Values whose letters and digits stand here in a row, whatever was put between them: `DE44 5001…`, `1.204.881,20`. */
  private spacedHits(here: Squeezed): Hit[] {
    if (this.starts.size === 0) return [];
    const found: Hit[] = [];
    const hashes = gramHashes(here.text, startChars);
    for (let at = 0; at < hashes.length; at++) {
      const candidates = this.starts.get(hashes[at] ?? 0);
      const value = candidates?.find((candidate) => here.text.startsWith(candidate.value, at));
      if (value === undefined) continue;
      const last = at + value.value.length - 1;
      found.push(this.hit(value.place, { start: here.places[at] ?? 0, end: (here.places[last] ?? 0) + 1 }, { value: this.indexer.vocabulary.keyOf(value.id), id: value.id, weight: 1, how: 'value' }));
      at = last;
    }
    return found;
  }

  private tokensOf(text: string): TokenBuffer {
    const { vocabulary, buffer } = this.indexer;
    const lower = folded(text);
    buffer.count = 0;
    vocabulary.scan(lower, { start: 0, end: lower.length }, buffer);
    return buffer;
  }

  private valueHits(text: string): Hit[] {
    const found: Hit[] = [];
    const tokens = this.tokensOf(text);
    for (let at = 0; at < tokens.count; at++) {
      const id = tokens.ids[at] ?? 0;
      const place = this.values.get(id);
      if (place === undefined) continue;
      const weight = this.indexer.vocabulary.isEntity(id) ? 1 : numberWeight;
      found.push(this.hit(place, { start: tokens.starts[at] ?? 0, end: tokens.ends[at] ?? 0 }, { value: this.indexer.vocabulary.keyOf(id), id, weight, how: 'value' }));
    }
    return found;
  }

  /** Dates and times are in every text; they prove nothing. Numbers of four digits prove something. */
  private isTelling(id: number): boolean {
    const { vocabulary } = this.indexer;
    if (vocabulary.isMark(id)) return false;
    const key = vocabulary.keyOf(id);
    if (vocabulary.isEntity(id)) return !isDateKey(key);
    return /^\d/.test(key) && key.replace(/\D/g, '').length === 4 && !/^(?:19|20)\d\d$/.test(key);
  }

  private phraseHits(text: string): Hit[] {
    if (this.phrases.size === 0) return [];
    const words = [...text.matchAll(/[\p{L}\p{N}]+/gu)].slice(0, argumentWordsMax);
    const found: Hit[] = [];
    for (let from = 0; from < words.length; from++) {
      for (let count = phraseWordsMax; count >= 2; count--) {
        const last = words[from + count - 1];
        const first = words[from];
        if (last === undefined || first === undefined) continue;
        const key = `=${words.slice(from, from + count).map((word) => word[0].toLowerCase()).join(' ')}`;
        const place = this.phrases.get(key);
        if (place === undefined) continue;
        found.push(this.hit(place, { start: first.index, end: last.index + last[0].length }, { value: key.slice(1), id: 0, weight: 0.5, how: 'phrase' }));
        from += count - 1;
        break;
      }
    }
    return found;
  }

  private verbatimHits(text: string, here: Squeezed): Hit[] {
    const hashes = gramHashes(here.text);
    const found: Hit[] = [];
    for (let at = 0; at < hashes.length; at++) {
      const print = this.prints.get(hashes[at] ?? 0);
      const there = print === undefined ? undefined : this.squeezedLeaves.get(print.source);
      if (print === undefined || there === undefined) continue;
      const run = sharedRun(here.text, there.text, { here: at, there: print.at });
      if (run === undefined || run.length < verbatimCharsMin) continue;
      const start = here.places[run.here] ?? 0;
      const end = (here.places[run.here + run.length - 1] ?? start) + 1;
      at = run.here + run.length - 1;
      if (text.slice(start, end).trim().split(/\s+/).length < 4 && !/\d{4}/.test(text.slice(start, end))) continue;
      const origin = { start: there.places[run.there] ?? 0, end: (there.places[run.there + run.length - 1] ?? 0) + 1 };
      if (run.length - this.openLetters(leafText(print.source).slice(origin.start, origin.end)) < verbatimCharsMin) continue;
      found.push(this.hit({ source: print.source, ...origin }, { start, end }, { value: here.text.slice(run.here, run.here + run.length), id: 0, weight: 1, how: 'verbatim' }));
    }
    return found;
  }

  /** Did it stand in the open before it was labelled? Only of hits `value`. */
  isOpen({ id }: Hit): boolean {
    return this.values.get(id)?.open === true;
  }

  /** Letters and digits of the values in a stretch that stood in the open before: they make no stretch a secret. */
  private openLetters(stretch: string): number {
    const tokens = this.tokensOf(stretch);
    let letters = 0;
    for (let at = 0; at < tokens.count; at++) {
      if (this.values.get(tokens.ids[at] ?? 0)?.open === true) letters += squeezed(stretch.slice(tokens.starts[at] ?? 0, tokens.ends[at] ?? 0)).text.length;
    }
    return letters;
  }

  private hit(place: Place, span: { start: number; end: number }, what: Pick<Hit, 'value' | 'id' | 'weight' | 'how'>): Hit {
    return { source: place.source, origin: { leaf: place.source.leaf, start: place.start, end: place.end }, ...span, ...what };
  }
}

function leafText(source: LabelledLeaf): string {
  return source.document.leaves[source.leaf]?.text ?? '';
}

/** The value of a field that reads like a name: two to five words, capitals in it. */
function phraseOf(unit: string): { key: string; start: number; end: number } | undefined {
  const value = /^\s*(?:[^:=]{1,42}[:=]\s+)?["']?(.*?)["']?\s*$/su.exec(unit)?.[1] ?? '';
  const words = value.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length < 2 || words.length > phraseWordsMax || value.length < 6 || !/\p{L}/u.test(value)) return undefined;
  if (!words.every((word) => /^[\p{Lu}\p{N}]/u.test(word)) || words.every((word) => functionWords.has(word.toLowerCase()))) return undefined;
  const start = unit.lastIndexOf(value);
  return { key: `=${words.map((word) => word.toLowerCase()).join(' ')}`, start, end: start + value.length };
}
