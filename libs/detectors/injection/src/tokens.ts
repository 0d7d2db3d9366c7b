/**
 * A window as tokens: hashed lower-case words, and one token for each kind of thing that stands for itself (address, link, path, number).
 * TK1. Values are replaced by their kind, so no model can learn a particular address or account.
 * TK2. Two looks at each character and no text made for ordinary words; at most `tokensMax` tokens.
 */
import { classesOf, wordClass } from './lexicon.js';
import { hashOf, hashSlice } from './word-hash.js';

export const tokensMax = 96;

export interface Tokens {
  /** One hash per token, in order. */
  readonly hashes: readonly number[];
  /** The parts each token plays (see `lexicon`), in the same order. */
  readonly classes: readonly number[];
  /** How many of each kind of thing stand in the window. */
  readonly email: number;
  readonly link: number;
  readonly path: number;
  readonly number: number;
  /** Hashes of identifiers as written, lower case: candidates for names of tools and arguments. */
  readonly identifiers: readonly number[];
  /** Words written in capitals only, of at least three letters. */
  readonly shouted: number;
  /** Does a bracketed or colon-ended header open the window, as in a transcript of roles? */
  readonly roleMarker: boolean;
}

interface Draft {
  hashes: number[];
  classes: number[];
  email: number;
  link: number;
  path: number;
  number: number;
  identifiers: number[];
  shouted: number;
  roleMarker: boolean;
}

const thing = { email: hashOf('<email>'), link: hashOf('<link>'), path: hashOf('<path>'), number: hashOf('<number>'), identifier: hashOf('<identifier>') } as const;
const wordCharactersMax = 24;

/** What a character can mean for its token; separators are 0. */
const mark = { lower: 1, upper: 2, digit: 4, dot: 8, slash: 16, at: 32, under: 64, dash: 128, colon: 256, other: 512 } as const;
const marks = new Uint16Array(128).fill(mark.other);
for (let code = 0; code <= 32; code += 1) marks[code] = 0;
for (const character of '"\'`()[]{}<>,;|*#=!?') marks[character.charCodeAt(0)] = 0;
for (let code = 97; code <= 122; code += 1) marks[code] = mark.lower;
for (let code = 65; code <= 90; code += 1) marks[code] = mark.upper;
for (let code = 48; code <= 57; code += 1) marks[code] = mark.digit;
for (const [character, of] of [['.', mark.dot], ['/', mark.slash], ['@', mark.at], ['_', mark.under], ['-', mark.dash], [':', mark.colon]] as const) marks[character.charCodeAt(0)] = of;

export function tokensOf(plain: string): Tokens {
  const draft: Draft = { hashes: [], classes: [], email: 0, link: 0, path: 0, number: 0, identifiers: [], shouted: 0, roleMarker: false };
  let start = -1;
  let seen = 0;
  let digits = 0;
  for (let at = 0; at <= plain.length && draft.hashes.length < tokensMax; at += 1) {
    const code = at < plain.length ? plain.charCodeAt(at) : 32;
    const of = code < 128 ? (marks[code] ?? 0) : isWideSpace(code) ? 0 : mark.other;
    if (of !== 0) {
      if (start < 0) {
        start = at;
        seen = 0;
        digits = 0;
      }
      seen |= of;
      if (of === mark.digit) digits += 1;
    } else if (start >= 0) {
      addToken(draft, plain, { start, end: at, seen, digits });
      start = -1;
    }
  }
  draft.roleMarker = opensWithRole(plain, draft.classes);
  return draft;
}

interface Piece {
  start: number;
  end: number;
  readonly seen: number;
  readonly digits: number;
}

function addToken(draft: Draft, plain: string, piece: Piece): void {
  while (piece.end > piece.start && isTrailing(plain.charCodeAt(piece.end - 1))) piece.end -= 1;
  while (piece.start < piece.end && plain.charCodeAt(piece.start) === 46) piece.start += 1;
  const { start, end, seen } = piece;
  if (start === end) return;
  const kind = (seen & ~(mark.lower | mark.upper)) === 0 && (seen & (mark.lower | mark.upper)) !== (mark.lower | mark.upper) ? undefined : kindOf(plain, piece);
  if (kind !== undefined) return addThing(draft, kind, plain.slice(start, Math.min(end, start + 128)));
  if (seen === mark.upper && end - start >= 3 && end - start <= wordCharactersMax) draft.shouted += 1;
  const hash = hashSlice(plain, start, Math.min(end, start + wordCharactersMax));
  draft.hashes.push(hash);
  draft.classes.push(classesOf(hash));
}

type Kind = keyof typeof thing;

function addThing(draft: Draft, kind: Kind, text: string): void {
  if (kind === 'identifier') draft.identifiers.push(hashOf(text.toLowerCase()));
  else draft[kind] += 1;
  draft.hashes.push(thing[kind]);
  draft.classes.push(0);
}

const identifier = /^(?:[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]+(?:[A-Z][a-z0-9]+)+|[a-z0-9]+(?:-[a-z0-9]+)+)$/;

function kindOf(plain: string, { start, end, seen, digits }: Piece): Kind | undefined {
  const length = end - start;
  if ((seen & mark.at) !== 0 && (seen & mark.dot) !== 0 && length > 2) return 'email';
  if ((seen & mark.slash) !== 0) return slashed(plain, { start, end }, seen);
  if ((seen & mark.dot) !== 0 && looksLikeHost(plain, { start, end }, seen)) return 'link';
  if (digits > 0 && digits * 2 >= length) return 'number';
  const couldName = (seen & (mark.under | mark.dash)) !== 0 || (seen & (mark.lower | mark.upper)) === (mark.lower | mark.upper);
  return couldName && length <= 64 && (seen & (mark.dot | mark.colon | mark.other)) === 0 && identifier.test(plain.slice(start, end)) ? 'identifier' : undefined;
}

function slashed(plain: string, { start, end }: { start: number; end: number }, seen: number): Kind | undefined {
  const text = plain.slice(start, Math.min(end, start + 128));
  if ((seen & mark.colon) !== 0 && text.includes('://')) return 'link';
  if (text.startsWith('www.')) return 'link';
  const first = text.indexOf('/');
  return first === 0 || text.startsWith('~/') || (text.length > 4 && first !== text.lastIndexOf('/')) ? 'path' : undefined;
}

/** `name.tld`, lower case, the last part two to four letters. */
function looksLikeHost(plain: string, { start, end }: { start: number; end: number }, seen: number): boolean {
  if (plain.startsWith('www.', start)) return true;
  if (end - start > 80 || (seen & ~(mark.lower | mark.digit | mark.dot | mark.dash)) !== 0) return false;
  const dot = plain.lastIndexOf('.', end - 1);
  const suffix = end - dot - 1;
  if (dot - start < 3 || suffix < 2 || suffix > 4) return false;
  for (let at = dot + 1; at < end; at += 1) if (marks[plain.charCodeAt(at)] !== mark.lower) return false;
  return true;
}

function isTrailing(code: number): boolean {
  return code === 46 || code === 58 || code === 45 || code === 95 || code === 47 || code === 92;
}

function isWideSpace(code: number): boolean {
  return code === 0xa0 || code === 0x3000 || code === 0x2028 || code === 0x2029 || (code >= 0x2000 && code <= 0x200a);
}

/** `[SYSTEM: …`, `<system>`, `### Instruction`, `Assistant:` and the like: a short header that speaks as a party of the conversation. */
const roleHeader = /^[\s[<{(#*|=-]{0,8}(?:new )?(?:system|assistant|user|human|developer|admin|administrator|instructions?|prompt|ai|agent|operator)\b[^\n]{0,16}?[:\]>|#]/i;

function opensWithRole(plain: string, classes: readonly number[]): boolean {
  const opens = ((classes[0] ?? 0) | (classes[1] ?? 0)) & wordClass.role;
  return opens !== 0 && roleHeader.test(plain.slice(0, 64));
}
