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
  let out = '';
  for (let at = 0; at < lower.length; at++) {
    const code = lower.charCodeAt(at);
    const kept = (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code > 127;
    if (!kept) continue;
    places[out.length] = at;
    out += lower[at];
  }
  return { text: out, places };
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

/** Hash of every gram of `gramChars` characters; element i starts at character i. */
export function gramHashes(text: string): Uint32Array {
  const count = Math.max(0, text.length - gramChars + 1);
  const hashes = new Uint32Array(count);
  for (let at = 0; at < count; at++) {
    let hash = 0x811c9dc5;
    for (let inside = at; inside < at + gramChars; inside++) hash = Math.imul(hash ^ text.charCodeAt(inside), 0x01000193);
    hashes[at] = hash >>> 0;
  }
  return hashes;
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
