/**
 * Winnowing over letters and digits: which stretches two texts share, whatever spaces, case and punctuation did to them.
 * FP1. Every shared stretch of `gramChars + windowGrams - 1` letters and digits shares at least one selected print.
 * FP2. A print is a hint; a match counts only after the characters themselves were compared.
 * Source: Schleimer, Wilkerson, Aiken, "Winnowing: local algorithms for document fingerprinting" (2003).
 */
import { folded } from './text.js';

export const gramChars = 16;
export const windowGrams = 8;

/** Letters and digits of a text, folded, with their places. */
export interface Squeezed {
  readonly text: string;
  readonly places: Uint32Array;
}

export function squeezed(text: string): Squeezed {
  const lower = folded(text);
  const places = new Uint32Array(lower.length);
  const codes = new Uint16Array(lower.length);
  let count = 0;
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    if (!((code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127)) continue;
    places[count] = at;
    codes[count] = code;
    count += 1;
  }
  return { text: count === lower.length ? lower : Buffer.from(codes.buffer, 0, count * 2).toString('utf16le'), places };
}

const squeezedByLeaf = new WeakMap<object, Squeezed>();

/** The same for a text that is searched again and again; made once as long as its holder lives. */
export function squeezedLeaf(leaf: { readonly text: string }): Squeezed {
  const known = squeezedByLeaf.get(leaf);
  if (known !== undefined) return known;
  const made = squeezed(leaf.text);
  squeezedByLeaf.set(leaf, made);
  return made;
}

const base = 0x01000193;

/** Hash of every gram of `chars` characters; element i starts at character i. One step a character, whatever the gram's length. */
export function gramHashes(text: string, chars = gramChars): Uint32Array {
  const count = Math.max(0, text.length - chars + 1);
  const hashes = new Uint32Array(count);
  if (count === 0) return hashes;
  let leading = 1;
  let hash = 0;
  for (let at = 0; at < chars; at++) {
    hash = (Math.imul(hash, base) + text.charCodeAt(at)) | 0;
    if (at > 0) leading = Math.imul(leading, base);
  }
  hashes[0] = mixed(hash);
  for (let at = 1; at < count; at++) {
    hash = (Math.imul(hash - Math.imul(text.charCodeAt(at - 1), leading), base) + text.charCodeAt(at + chars - 1)) | 0;
    hashes[at] = mixed(hash);
  }
  return hashes;
}

/** Without this the smallest hash of a window would be that of the smallest letters. */
function mixed(hash: number): number {
  const out = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  return (out ^ (out >>> 15)) >>> 0;
}

/** Places of the selected grams: the smallest hash of each window, rightmost on ties, once. */
export function selected(hashes: Uint32Array): number[] {
  const picked: number[] = [];
  const windows = Math.max(hashes.length > 0 ? 1 : 0, hashes.length - windowGrams + 1);
  for (let window = 0; window < windows; window++) {
    let best = window;
    for (let at = window; at < Math.min(hashes.length, window + windowGrams); at++) if ((hashes[at] ?? 0) <= (hashes[best] ?? 0)) best = at;
    if (picked.at(-1) !== best) picked.push(best);
  }
  return picked;
}

export interface Shared {
  readonly here: number;
  readonly there: number;
  readonly length: number;
}

/** The longest run around one common gram. */
export function sharedRun(here: string, there: string, at: { here: number; there: number }): Shared | undefined {
  let before = 0;
  let after = 0;
  while (before < at.here && before < at.there && here[at.here - before - 1] === there[at.there - before - 1]) before += 1;
  while (at.here + after < here.length && at.there + after < there.length && here[at.here + after] === there[at.there + after]) after += 1;
  return after < gramChars ? undefined : { here: at.here - before, there: at.there - before, length: before + after };
}
