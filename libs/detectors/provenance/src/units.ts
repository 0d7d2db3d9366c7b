/**
 * A leaf → units: what stands in a field, and what is said in prose.
 * UN1. A unit's span is that of the leaf's text; units are in order and do not overlap.
 * UN2. Prose is at most `unitCharsMax` characters a unit, cut at sentence ends; a dot inside an address, a host or a version is no end.
 * UN3. `imperative` is a property of the words alone: a clause opens with a verb in its base form.
 */
import type { Leaf } from './leaves.js';
import { folded } from './text.js';
import { functionWords, leadIns, orderVerbs, statementWords } from './words.js';

export const unitCharsMax = 240;
const fieldValueCharsMax = 60;
const fieldSpacesMax = 8;

export interface Unit {
  readonly start: number;
  readonly end: number;
  readonly structured: boolean;
  readonly imperative: boolean;
  /** Two function words or more: somebody says something. */
  readonly prose: boolean;
}

/** Units of one leaf, in order. @param text the leaf's text, folded (which moves no character). */
export function unitsOf(leaf: Leaf, text: string = folded(leaf.text)): Unit[] {
  if (leaf.keyed && isFieldValue(text)) return text.trim() === '' ? [] : [field(0, text.length)];
  const units: Unit[] = [];
  let paragraph: Span | undefined;
  for (const line of linesOf(text)) {
    const content = fieldSpan(text, line);
    if (content !== undefined || isBlank(text, line)) {
      if (paragraph !== undefined) sentences(text, paragraph, units);
      paragraph = undefined;
      if (content !== undefined) units.push(field(content.start, content.end));
    } else {
      paragraph = paragraph === undefined ? line : { start: paragraph.start, end: line.end };
    }
  }
  if (paragraph !== undefined) sentences(text, paragraph, units);
  return units;
}

/** Does some clause of `text` give an order? `text` is one sentence or so. */
export function isImperative(text: string): boolean {
  return givesOrder(folded(text));
}

const clauseEnd = /[:!?;,]|\.(?=\s|$)|\band\b|\bthen\b|\\n|\n/u;
const clausesMax = 5;
const openingWordsMax = 7;

function givesOrder(lower: string): boolean {
  let seen = 0;
  for (const clause of lower.split(clauseEnd, 12)) {
    const words = openingWords(clause);
    if (words.length < 2) continue;
    if (opensWithOrder(words)) return true;
    if (++seen >= clausesMax) return false;
  }
  return false;
}

/** The first words of a clause; more are never looked at. */
function openingWords(clause: string): string[] {
  const words: string[] = [];
  const word = /[\p{L}\p{N}][\p{L}\p{N}'_.@/-]*/gu;
  for (let match = word.exec(clause); match !== null; match = word.exec(clause)) {
    words.push(match[0]);
    if (words.length >= openingWordsMax) break;
  }
  return words;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function opensWithOrder(words: readonly string[]): boolean {
  for (let at = 0; at < words.length && at < 6; at++) {
    const word = words[at] ?? '';
    if (orderVerbs.has(word)) return !statementWords.has(words[at + 1] ?? '') && words.length > at + 1;
    if (!leadIns.has(word) && !/^\d+[.)]?$/.test(word)) return false;
  }
  return false;
}

function field(start: number, end: number): Unit {
  return { start, end, structured: true, imperative: false, prose: false };
}

function isFieldValue(value: string): boolean {
  return value.length <= fieldValueCharsMax && countSpaces(value) < fieldSpacesMax && !value.trim().includes('\n') && !hasFunctionWords(value, 3);
}

/** `key: value` or a short list item: the span of the whole line without its bullet. */
function fieldSpan(text: string, line: Span): Span | undefined {
  const content = text.slice(line.start, line.end);
  const key = /^\s*(?:[-*•]\s+)?["']?([\p{L}_][\p{L}\p{N}_ ./-]{0,40}?)["']?\s*[:=]\s+?(\S.*)?$/u.exec(content);
  if (key !== null && countSpaces(key[1] ?? '') < 4) return isFieldValue(key[2] ?? '') ? line : undefined;
  const item = /^\s*(?:[-*•]|\d{1,3}[.)])\s+(\S.*)$/u.exec(content);
  return item !== null && isFieldValue(item[1] ?? '') && !hasFunctionWords(item[1] ?? '', 2) ? line : undefined;
}

/** Lines; printed escapes (`\n` as two characters) end a line too, since that is what the reader of the text sees. */
function* linesOf(text: string): Generator<Span> {
  let start = 0;
  const ends = /\r?\n|\\n/g;
  for (const match of text.matchAll(ends)) {
    yield { start, end: match.index };
    start = match.index + match[0].length;
  }
  yield { start, end: text.length };
}

function isBlank(text: string, line: Span): boolean {
  return text.slice(line.start, line.end).trim() === '';
}

function sentences(text: string, paragraph: Span, units: Unit[]): void {
  const sentenceEnd = /[.!?]["')\]]?(?=\s|\\|$)/g;
  const content = text.slice(paragraph.start, paragraph.end);
  let from = 0;
  for (const match of content.matchAll(sentenceEnd)) {
    pieces(text, { start: paragraph.start + from, end: paragraph.start + match.index + match[0].length }, units);
    from = match.index + match[0].length;
  }
  pieces(text, { start: paragraph.start + from, end: paragraph.end }, units);
}

function pieces(text: string, span: Span, units: Unit[]): void {
  let { start } = span;
  while (start < span.end && text.charCodeAt(start) <= 32) start += 1;
  while (start < span.end) {
    const end = span.end - start <= unitCharsMax ? span.end : cutAt(text, start, start + unitCharsMax);
    const said = text.slice(start, end);
    units.push({ start, end, structured: false, imperative: givesOrder(said), prose: hasFunctionWords(said, 2) });
    start = end;
    while (start < span.end && text.charCodeAt(start) <= 32) start += 1;
  }
}

function cutAt(text: string, from: number, to: number): number {
  const space = text.lastIndexOf(' ', to);
  return space > from + unitCharsMax / 2 ? space : to;
}

function countSpaces(text: string): number {
  let spaces = 0;
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) === 32) spaces += 1;
  return spaces;
}

/** Are there at least `count` words of grammar? `lower` is folded. */
function hasFunctionWords(lower: string, count: number): boolean {
  let found = 0;
  let start = -1;
  for (let at = 0; at <= lower.length; at++) {
    const code = at < lower.length ? lower.charCodeAt(at) : 32;
    const isLetter = (code >= 97 && code <= 122) || code === 39 || code > 127;
    if (isLetter && start < 0) start = at;
    if (isLetter || start < 0) continue;
    if (at - start <= functionWordCharsMax && functionWords.has(lower.slice(start, at)) && ++found >= count) return true;
    start = -1;
  }
  return false;
}

const functionWordCharsMax = 8;
