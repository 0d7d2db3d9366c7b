/**
 * A leaf → units: what stands in a field, and what is said in prose.
 * UN1. A unit's span is that of the leaf's text; units are in order and do not overlap.
 * UN2. Prose is at most `unitCharsMax` characters a unit, cut at sentence ends; a dot inside an address, a host or a version is no end.
 * UN3. `imperative` is a property of the words alone: a clause opens with a verb in its base form.
 */
import type { Leaf } from './leaves.js';
import { folded } from './text.js';
import { givesOrder, hasFunctionWords, isSpace } from './orders.js';

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
  return givesOrder(folded(text), 0, text.length);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function field(start: number, end: number): Unit {
  return { start, end, structured: true, imperative: false, prose: false };
}

function isFieldValue(value: string): boolean {
  return value.length <= fieldValueCharsMax && countSpaces(value) < fieldSpacesMax && !value.trim().includes('\n') && !hasFunctionWords(value, whole(value), 3);
}

function whole(text: string): Span {
  return { start: 0, end: text.length };
}

/** `key: value` or a short list item: the span of the whole line without its bullet. */
function fieldSpan(text: string, line: Span): Span | undefined {
  const may = mayBeField(text, line);
  if (!may.key && !may.item) return undefined;
  const content = text.slice(line.start, line.end);
  const key = may.key ? /^\s*(?:[-*•]\s+)?["']?([\p{L}_][\p{L}\p{N}_ ./-]{0,40}?)["']?\s*[:=]\s+?(\S.*)?$/u.exec(content) : null;
  if (key !== null && countSpaces(key[1] ?? '') < 4) return isFieldValue(key[2] ?? '') ? line : undefined;
  const item = may.item ? /^\s*(?:[-*•]|\d{1,3}[.)])\s+(\S.*)$/u.exec(content) : null;
  return item !== null && isFieldValue(item[1] ?? '') && !hasFunctionWords(item[1] ?? '', whole(item[1] ?? ''), 2) ? line : undefined;
}

/** Cheap signs that a line is no plain prose: a colon or an equals sign before white space, or a bullet or number at its start. */
function mayBeField(text: string, { start, end }: Span): { key: boolean; item: boolean } {
  let first = start;
  while (first < end && isSpace(text.charCodeAt(first))) first += 1;
  const opening = text.charCodeAt(first);
  const item = first < end && (opening === 45 || opening === 42 || opening === 0x2022 || (opening >= 48 && opening <= 57));
  for (let at = first; at + 1 < end; at++) {
    const code = text.charCodeAt(at);
    if ((code === 58 || code === 61) && isSpace(text.charCodeAt(at + 1))) return { key: true, item };
  }
  return { key: false, item };
}

/** Lines; printed escapes (`\n` as two characters) end a line too, since that is what the reader of the text sees. */
function linesOf(text: string): Span[] {
  const lines: Span[] = [];
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 10) {
      lines.push({ start, end: at > start && text.charCodeAt(at - 1) === 13 ? at - 1 : at });
      start = at + 1;
    } else if (code === 92 && text.charCodeAt(at + 1) === 110) {
      lines.push({ start, end: at });
      start = at + 2;
      at += 1;
    }
  }
  lines.push({ start, end: text.length });
  return lines;
}

function isBlank(text: string, line: Span): boolean {
  for (let at = line.start; at < line.end; at++) if (!isSpace(text.charCodeAt(at))) return false;
  return true;
}

/** A sentence ends at a mark (and a quote or bracket behind it) before white space, a backslash or the paragraph's end. */
function sentences(text: string, paragraph: Span, units: Unit[]): void {
  let from = paragraph.start;
  for (let at = from; at < paragraph.end; at++) {
    const code = text.charCodeAt(at);
    if (code !== 46 && code !== 33 && code !== 63) continue;
    const next = text.charCodeAt(at + 1);
    const closes = at + 1 < paragraph.end && (next === 34 || next === 39 || next === 41 || next === 93);
    const after = closes ? at + 2 : at + 1;
    if (after < paragraph.end && text.charCodeAt(after) !== 92 && !isSpace(text.charCodeAt(after))) continue;
    pieces(text, { start: from, end: after }, units);
    from = after;
    at = after - 1;
  }
  pieces(text, { start: from, end: paragraph.end }, units);
}

function pieces(text: string, span: Span, units: Unit[]): void {
  let { start } = span;
  while (start < span.end && text.charCodeAt(start) <= 32) start += 1;
  while (start < span.end) {
    const end = span.end - start <= unitCharsMax ? span.end : cutAt(text, start, start + unitCharsMax);
    units.push({ start, end, structured: false, imperative: givesOrder(text, start, end), prose: hasFunctionWords(text, { start, end }, 2) });
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
