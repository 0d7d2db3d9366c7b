/**
 * How unlike a field's own past a window is: an order in a `name` stands out without knowing any attack.
 * NV1. A field is (tool, path, label); its past is a small filter of character triples and the shapes of its windows.
 * NV2. Says nothing before `seenMin` windows, and little about fields of free text, whose filter fills up.
 * NV3. At most `fieldsMax` fields of 512 bytes and `shapesMax` shapes; the longest unused goes first.
 */
import { mixed } from './word-hash.js';

export const fieldsMax = 1_024;
const filterBytes = 512;
const filterMask = filterBytes * 8 - 1;
const shapesMax = 32;
const seenMin = 30;
const looksMax = 120;
/** The most a field's past can add to a score. */
const noveltyWeight = 1.2;

export interface FieldPast {
  readonly filter: Uint8Array;
  readonly shapes: Set<number>;
  seen: number;
}

export function emptyField(): FieldPast {
  return { filter: new Uint8Array(filterBytes), shapes: new Set(), seen: 0 };
}

/** @returns 0 to `noveltyWeight`, to be added to the window's score. */
export function noveltyOf(past: FieldPast | undefined, plain: string, words: number): number {
  if (past === undefined || past.seen < seenMin) return 0;
  let unseen = 0;
  const triples = Math.min(plain.length - 2, looksMax);
  for (let at = 0; at < triples; at += 1) if (!has(past.filter, tripleAt(plain, at))) unseen += 1;
  const share = triples > 0 ? unseen / triples : 0;
  const shape = past.shapes.has(shapeOf(plain, words)) ? 0.5 : 1;
  return noveltyWeight * shape * Math.min(1, 2 * share);
}

export function learnField(past: FieldPast, plain: string, words: number): void {
  for (let at = 0; at < Math.min(plain.length - 2, looksMax); at += 1) {
    const bit = tripleAt(plain, at) & filterMask;
    past.filter[bit >> 3] = (past.filter[bit >> 3] ?? 0) | (1 << (bit & 7));
  }
  past.seen += 1;
  if (past.shapes.size < shapesMax) past.shapes.add(shapeOf(plain, words));
}

/** The label a window stands under: `subject: …`, or the JSON member just before it. */
export function labelOf(text: string, start: number): string {
  const own = /^[\w .-]{1,32}(?=:)/.exec(text.slice(start, start + 33))?.[0];
  return own ?? /["']([\w .-]{1,32})["']\s?:\s?["']?$/.exec(text.slice(Math.max(0, start - 44), start))?.[1] ?? '';
}

function has(filter: Uint8Array, triple: number): boolean {
  const bit = triple & filterMask;
  return ((filter[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0;
}

function tripleAt(plain: string, at: number): number {
  const codes = (plain.charCodeAt(at) << 14) ^ (plain.charCodeAt(at + 1) << 7) ^ plain.charCodeAt(at + 2);
  return Math.imul(codes, 0x9e3779b1) >>> 19;
}

/** Length and punctuation, coarsely. */
function shapeOf(plain: string, words: number): number {
  let marks = 0;
  for (let at = 0; at < Math.min(plain.length, looksMax); at += 1) {
    const code = plain.charCodeAt(at);
    if (code === 64 || code === 47 || code === 58 || code === 44) marks |= code === 64 ? 1 : code === 47 ? 2 : code === 58 ? 4 : 8;
  }
  return mixed(31 - Math.clz32(words + 1) + 1, marks + 1);
}
