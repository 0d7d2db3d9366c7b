/**
 * A window as tokens: hashed lower-case words, and one token for each kind of thing that stands for itself (address, link, path, number).
 * TK1. Values are replaced by their kind, so no model can learn a particular address or account.
 * TK2. One look at each character, no text made for ordinary words, no memory taken: a scan is filled again and again.
 * TK3. At most `tokensMax` tokens.
 */
import { endsClause, isTrailing, letters, mark, markMask, marks, marksAndSmall, smallShift, wideMark } from './characters.js';
import { kindOf, type Kind } from './kinds.js';
import { maskAt, partAt, placeOf, wordClass } from './lexicon.js';
import { categoryOf, type Category } from './skeleton.js';
import { hashEnd, hashOf, hashSlice, hashStart, hashStep } from './word-hash.js';

export const tokensMax = 96;
const wordCharactersMax = 24;
const thingCharactersMax = 128;
const shoutedMin = 3;

interface Things {
  email: number;
  link: number;
  path: number;
  number: number;
}

/** The tokens of one window. Only the first `count` entries of the arrays mean anything. */
export interface TokenScan extends Things {
  count: number;
  /** One hash per token, in order. */
  readonly hashes: Int32Array;
  /** The parts each token plays (see `lexicon`). */
  readonly classes: Int32Array;
  /** Its part of speech, roughly (see `skeleton`). */
  readonly categories: Uint8Array;
  /** 1 where a clause may begin. */
  readonly opensClause: Uint8Array;
  /** Hashes of identifiers as written, lower case: candidates for names of tools and arguments. */
  readonly identifiers: Int32Array;
  identifierCount: number;
  /** Words written in capitals only, of at least three letters. */
  shouted: number;
  /** The text being read, and the word just read in it. */
  text: string;
  from: number;
  to: number;
  /** Does a bracketed or colon-ended header open the window, as in a transcript of roles? */
  roleMarker: boolean;
}

export function emptyScan(): TokenScan {
  return {
    count: 0, hashes: new Int32Array(tokensMax), classes: new Int32Array(tokensMax), categories: new Uint8Array(tokensMax),
    opensClause: new Uint8Array(tokensMax), identifiers: new Int32Array(tokensMax), identifierCount: 0, email: 0, link: 0, path: 0, number: 0, shouted: 0, roleMarker: false, text: '', from: 0, to: 0,
  };
}

/** Fills `scan` with the tokens of `plain[start, end)`. */
export function scanTokens(scan: TokenScan, plain: string, { start, end }: { readonly start: number; readonly end: number }): void {
  scan.count = scan.identifierCount = scan.email = scan.link = scan.path = scan.number = scan.shouted = 0;
  scan.text = plain;
  let opens = 1;
  for (let at = start; at < end && scan.count < tokensMax; ) {
    const code = plain.charCodeAt(at);
    if (((code < 128 ? (marksAndSmall[code] ?? 0) : wideMark(code)) & markMask) === 0) {
      if (code < 128 && endsClause[code] === 1) opens = 1;
      at += 1;
      continue;
    }
    const before = scan.count;
    at = addRun(scan, at, end);
    if (scan.count > before) {
      scan.opensClause[before] = opens;
      opens = endsClause[plain.charCodeAt(at - 1) & 127] ?? 0;
    }
  }
  scan.roleMarker = opensWithRole(scan, start, end);
  scan.text = '';
}

/** Reads the run of characters without a separator that begins at `from`. @returns where it ends. */
function addRun(scan: TokenScan, from: number, end: number): number {
  const plain = scan.text;
  let seen = 0;
  let hash = hashStart;
  let at = from;
  for (; at < end; at += 1) {
    const code = plain.charCodeAt(at);
    const of = code < 128 ? (marksAndSmall[code] ?? 0) : wideMark(code);
    if ((of & markMask) === 0) break;
    seen |= of;
    hash = hashStep(hash, of >>> smallShift);
  }
  seen &= markMask;
  const isWord = (seen & ~letters) === 0 && (seen !== letters || marks[plain.charCodeAt(from)] === mark.upper);
  if (isWord && at - from <= wordCharactersMax) {
    if (seen === mark.upper && at - from >= shoutedMin) scan.shouted += 1;
    scan.from = from;
    scan.to = at;
    addWord(scan, hashEnd(hash));
  } else addPiece(scan, { start: from, end: at, seen });
  return at;
}

interface MutablePiece {
  start: number;
  end: number;
  readonly seen: number;
}

function addPiece(scan: TokenScan, piece: MutablePiece): void {
  const plain = scan.text;
  while (piece.end > piece.start && isTrailing(plain.charCodeAt(piece.end - 1))) piece.end -= 1;
  while (piece.start < piece.end && plain.charCodeAt(piece.start) === 46) piece.start += 1;
  const { start, end } = piece;
  if (start === end) return;
  const kind = kindOf(plain, piece);
  scan.from = start;
  scan.to = end;
  if (kind === undefined) addWord(scan, hashSlice(plain, start, Math.min(end, start + wordCharactersMax)));
  else addThing(scan, kind, kind === 'identifier' ? hashSlice(plain, start, Math.min(end, start + thingCharactersMax)) : 0);
}

function addWord(scan: TokenScan, hash: number): void {
  const { count, text, from, to } = scan;
  const place = placeOf(hash);
  const part = partAt(place);
  scan.hashes[count] = hash;
  scan.classes[count] = maskAt(place);
  scan.categories[count] = part === 0 ? categoryOf(text, from, to) : part;
  scan.count = count + 1;
}

const thing: Readonly<Record<Kind, { readonly hash: number; readonly category: Category }>> = {
  email: { hash: hashOf('<email>'), category: 14 }, link: { hash: hashOf('<link>'), category: 14 }, path: { hash: hashOf('<path>'), category: 14 },
  number: { hash: hashOf('<number>'), category: 15 }, identifier: { hash: hashOf('<identifier>'), category: 16 },
};

function addThing(scan: TokenScan, kind: Kind, hash: number): void {
  if (kind === 'identifier') scan.identifiers[scan.identifierCount++] = hash;
  else scan[kind] += 1;
  const { count } = scan;
  scan.hashes[count] = thing[kind].hash;
  scan.classes[count] = 0;
  scan.categories[count] = thing[kind].category;
  scan.count = count + 1;
}

/** `[SYSTEM: …`, `<system>`, `### Instruction`, `Assistant:` and the like: a short header that speaks as a party of the conversation. */
const roleHeader = /^[\s[<{(#*|=-]{0,8}(?:new )?(?:system|assistant|user|human|developer|admin|administrator|instructions?|prompt|ai|agent|operator)\b[^\n]{0,16}?[:\]>|#]/i;

function opensWithRole({ count, classes, text }: TokenScan, start: number, end: number): boolean {
  const opens = ((count > 0 ? (classes[0] ?? 0) : 0) | (count > 1 ? (classes[1] ?? 0) : 0)) & wordClass.role;
  return opens !== 0 && roleHeader.test(text.slice(start, Math.min(end, start + 64)));
}

const own = emptyScan();

/** Hashes of the tokens of a text, in order. */
export function wordsOf(plain: string): number[] {
  scanTokens(own, plain, { start: 0, end: plain.length });
  return Array.from(own.hashes.subarray(0, own.count));
}
