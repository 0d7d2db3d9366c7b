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

/** Units of one leaf, in order. */
export function unitsOf(leaf: Leaf): Unit[] {
  const { text } = leaf;
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
  const clauses = folded(text).split(/[:!?;,]|\.(?=\s|$)|\band\b|\bthen\b|\\n|\n/u, 12);
  let seen = 0;
  for (const clause of clauses) {
    const words = clause.match(/[\p{L}\p{N}][\p{L}\p{N}'_.@/-]*/gu) ?? [];
    if (words.length < 2) continue;
    if (opensWithOrder(words)) return true;
    if (++seen >= 5) return false;
  }
  return false;
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
  return value.length <= fieldValueCharsMax && countSpaces(value) < fieldSpacesMax && !value.trim().includes('\n') && functionWordCount(value) < 3;
}

/** `key: value` or a short list item: the span of the whole line without its bullet. */
function fieldSpan(text: string, line: Span): Span | undefined {
  const content = text.slice(line.start, line.end);
  const key = /^\s*(?:[-*•]\s+)?["']?([\p{L}_][\p{L}\p{N}_ ./-]{0,40}?)["']?\s*[:=]\s+?(\S.*)?$/u.exec(content);
  if (key !== null && countSpaces(key[1] ?? '') < 4) return isFieldValue(key[2] ?? '') ? line : undefined;
  const item = /^\s*(?:[-*•]|\d{1,3}[.)])\s+(\S.*)$/u.exec(content);
  return item !== null && isFieldValue(item[1] ?? '') && functionWordCount(item[1] ?? '') < 2 ? line : undefined;
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
    units.push({ start, end, structured: false, imperative: isImperative(said), prose: functionWordCount(said) >= 2 });
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

function functionWordCount(text: string): number {
  let found = 0;
  for (const word of folded(text).split(/[^\p{L}']+/u)) if (functionWords.has(word)) found += 1;
  return found;
}
