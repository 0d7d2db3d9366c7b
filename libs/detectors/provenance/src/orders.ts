/**
 * Does a sentence give an order, and is it prose? Both are read off the characters in one pass, without cutting words out.
 * OR1. Only a clause's first words count: after lead-ins, a verb in its base form, followed by something that makes no statement of it.
 */
import { functionWords, leadIns, orderVerbs, statementWords } from './words.js';
import { WordTable } from './word-table.js';

const orders = new WordTable(orderVerbs);
const leads = new WordTable(leadIns);
const statements = new WordTable(statementWords);
const grammar = new WordTable(functionWords);

const piecesMax = 12;
const clausesMax = 5;
const openingWordsMax = 7;
const verbAtMost = 6;

/** Starts and ends of the first words of a clause. */
interface Opening {
  readonly starts: number[];
  readonly ends: number[];
  count: number;
}

/** Does some clause between `start` and `end` of a folded text give an order? */
export function givesOrder(lower: string, start: number, end: number): boolean {
  const opening: Opening = { starts: [], ends: [], count: 0 };
  let seen = 0;
  let wordStart = -1;
  let at = start;
  for (let pieces = 1; pieces <= piecesMax; pieces++) {
    let delimiter = 0;
    for (; at < end; at++) {
      delimiter = delimiterAt(lower, at, { start, end });
      if (delimiter > 0) break;
      const goesOn = isInWord(lower, at, wordStart >= 0);
      if (goesOn && wordStart < 0) wordStart = at;
      else if (!goesOn && wordStart >= 0) wordStart = wordEnded(opening, wordStart, at);
    }
    if (wordStart >= 0) wordStart = wordEnded(opening, wordStart, at);
    if (opening.count >= 2) {
      if (opensWithOrder(lower, opening)) return true;
      if (++seen >= clausesMax) return false;
    }
    opening.count = 0;
    if (at >= end) return false;
    at += delimiter;
  }
  return false;
}

/** Are there at least `count` words of grammar between `start` and `end` of a folded text? */
export function hasFunctionWords(lower: string, span: { readonly start: number; readonly end: number }, count: number): boolean {
  let found = 0;
  let wordStart = -1;
  for (let at = span.start; at <= span.end; at++) {
    const code = at < span.end ? lower.charCodeAt(at) : 32;
    const isLetter = (code >= 97 && code <= 122) || code === 39 || code > 127;
    if (isLetter && wordStart < 0) wordStart = at;
    if (isLetter || wordStart < 0) continue;
    if (grammar.has(lower, wordStart, at) && ++found >= count) return true;
    wordStart = -1;
  }
  return false;
}

export function isSpace(code: number): boolean {
  if (code <= 32) return code === 32 || (code >= 9 && code <= 13);
  return code >= 0xa0 && (code === 0xa0 || code === 0x1680 || (code >= 0x2000 && code <= 0x200a) || code === 0x2028 || code === 0x2029 || code === 0x202f || code === 0x205f || code === 0x3000 || code === 0xfeff);
}

function wordEnded(opening: Opening, start: number, end: number): -1 {
  if (opening.count < openingWordsMax) {
    opening.starts[opening.count] = start;
    opening.ends[opening.count] = end;
    opening.count += 1;
  }
  return -1;
}

function opensWithOrder(lower: string, { starts, ends, count }: Opening): boolean {
  for (let at = 0; at < count && at < verbAtMost; at++) {
    const [start, end] = [starts[at] ?? 0, ends[at] ?? 0];
    if (orders.has(lower, start, end)) return at + 1 < count && !statements.has(lower, starts[at + 1] ?? 0, ends[at + 1] ?? 0);
    if (!leads.has(lower, start, end) && !isOrdinal(lower, start, end)) return false;
  }
  return false;
}

/** `3` or `3.` */
function isOrdinal(lower: string, start: number, end: number): boolean {
  const last = lower.charCodeAt(end - 1) === 46 ? end - 1 : end;
  for (let at = start; at < last; at++) if (!isDigit(lower.charCodeAt(at))) return false;
  return last > start;
}

/** Length of what ends a clause here, or 0: a mark, a full stop before white space, "and", "then", a line's end as itself or printed. */
function delimiterAt(lower: string, at: number, { start, end }: { readonly start: number; readonly end: number }): number {
  const code = lower.charCodeAt(at);
  switch (code) {
    case 10: case 33: case 44: case 58: case 59: case 63:
      return 1;
    case 46:
      return at + 1 >= end || isSpace(lower.charCodeAt(at + 1)) ? 1 : 0;
    case 92:
      return at + 1 < end && lower.charCodeAt(at + 1) === 110 ? 2 : 0;
    case 97:
      return isWord(lower, { at, word: 'and' }, { start, end }) ? 3 : 0;
    case 116:
      return isWord(lower, { at, word: 'then' }, { start, end }) ? 4 : 0;
    default:
      return 0;
  }
}

function isWord(lower: string, { at, word }: { at: number; word: string }, { start, end }: { readonly start: number; readonly end: number }): boolean {
  const after = at + word.length;
  if (after > end || (at > start && isWordCharacter(lower.charCodeAt(at - 1))) || (after < end && isWordCharacter(lower.charCodeAt(after)))) return false;
  for (let inside = 1; inside < word.length; inside++) if (lower.charCodeAt(at + inside) !== word.charCodeAt(inside)) return false;
  return true;
}

/** A word begins with a letter or a digit, and goes on with these and what stands inside addresses and names. */
function isInWord(lower: string, at: number, inside: boolean): boolean {
  const code = lower.charCodeAt(at);
  if (code > 127) return isWideLetter(lower, at);
  if ((code >= 97 && code <= 122) || isDigit(code) || (code >= 65 && code <= 90)) return true;
  return inside && (code === 39 || code === 45 || code === 46 || code === 47 || code === 64 || code === 95);
}

const wideLetter = /^[\p{L}\p{N}]/u;

function isWideLetter(lower: string, at: number): boolean {
  const code = lower.charCodeAt(at);
  const isSecondHalf = code >= 0xdc00 && code <= 0xdfff && at > 0;
  return wideLetter.test(lower.slice(isSecondHalf ? at - 1 : at, at + 2));
}

function isWordCharacter(code: number): boolean {
  return (code >= 97 && code <= 122) || isDigit(code) || (code >= 65 && code <= 90) || code === 95;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
