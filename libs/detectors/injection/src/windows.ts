/**
 * Cuts a text into the pieces an instruction would fill: sentences, list items, fields, JSON strings.
 * WN1. Windows are half-open spans of the text as it came, in order, at most `windowCharactersMax` long.
 * WN2. One pass: each character is looked at a bounded number of times.
 * Why so short: a document's score is the maximum over its windows, so that much harmless text cannot dilute one bad sentence.
 */
export const windowCharactersMax = 240;
const windowCharactersMin = 8;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export function windowsOf(text: string): Span[] {
  const cuts = cutsOf(text);
  const windows: Span[] = [];
  for (let n = 0; n < cuts.length; n += 2) windows.push({ start: cuts[n] ?? 0, end: cuts[n + 1] ?? 0 });
  return windows;
}

/** The same, as starts and ends in turn: one list of numbers however many windows there are. */
export function cutsOf(text: string): readonly number[] {
  const cuts: number[] = [];
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    const length = code < 128 && separates[code] === 1 ? boundaryAt(text, at) : 0;
    if (length > 0) {
      push(cuts, text, { start, end: at });
      at += length;
      start = at;
    } else if (at - start >= windowCharactersMax) {
      const cut = lastSpace(text, { start: at - 40, end: at });
      push(cuts, text, { start, end: cut });
      start = cut;
      at = Math.max(at, cut);
    } else {
      at += 1;
    }
  }
  push(cuts, text, { start, end: text.length });
  return cuts;
}

const newline = 10;
const backslash = 92;

/** How many characters separate two windows here; 0 when none do. */
function boundaryAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code === newline) return isWrapped(text, at) ? 0 : 1;
  if (code === backslash) return text.charCodeAt(at + 1) === 110 ? 2 : 0;
  if (code === 46 || code === 33 || code === 63) return endsSentence(text, at) ? 1 : 0;
  if (code === 34 || code === 39) return isDelimiter(text, at) ? 1 : 0;
  return code === 60 || code === 62 || code === 124 ? 1 : 0;
}

function endsSentence(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  // A capital right after the full stop is a sentence whose space was lost, unless a single letter or digit came before (initials, versions).
  if (next >= 65 && next <= 90) return isLower(text.charCodeAt(at - 1)) && isLower(text.charCodeAt(at + 2)) && isLower(text.charCodeAt(at - 2));
  return Number.isNaN(next) || next <= 32 || next === 34 || next === 39 || next === backslash;
}

/** Quotes next to JSON punctuation delimit strings; quotes inside prose do not. */
function isDelimiter(text: string, at: number): boolean {
  const next = text.charCodeAt(at + 1);
  const previous = text.charCodeAt(at - 1);
  if (next === 44 || next === 58 || next === 125 || next === 93) return true;
  if (previous === 123 || previous === 91) return true;
  const beforeSpace = previous === 32 ? text.charCodeAt(at - 2) : previous;
  return beforeSpace === 44 || beforeSpace === 58;
}

/** A line break inside a wrapped paragraph: the next line is indented and begins neither an item nor a field. */
function isWrapped(text: string, at: number): boolean {
  let next = at + 1;
  while (text.charCodeAt(next) === 32 && next - at < 40) next += 1;
  if (next - at < 3) return false;
  const code = text.charCodeAt(next);
  if (Number.isNaN(code) || code === newline || code === 45 || code === 42) return false;
  for (let n = next; n < next + 32; n += 1) {
    const letter = text.charCodeAt(n);
    if (letter === 58) return text.charCodeAt(n + 1) > 32;
    if (!isWordCode(letter)) return true;
  }
  return true;
}

function lastSpace(text: string, { start, end }: Span): number {
  for (let n = end; n > start; n -= 1) if (text.charCodeAt(n - 1) <= 32) return n;
  return end;
}

function push(cuts: number[], text: string, span: Span): void {
  let { start, end } = span;
  while (start < end && text.charCodeAt(start) <= 32) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 32) end -= 1;
  if (end - start >= windowCharactersMin) cuts.push(start, end);
}

/** By ASCII code: can a window end here? Most characters never separate anything. */
const separates = new Uint8Array(128);
for (const character of '\n\\.!?"\'<>|') separates[character.charCodeAt(0)] = 1;

function isLower(code: number): boolean {
  return code >= 97 && code <= 122;
}

function isWordCode(code: number): boolean {
  return isLower(code) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57) || code === 95;
}
