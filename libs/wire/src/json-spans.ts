/**
 * Finds where things lie in JSON bytes, so that they can be read literally or spliced.
 * JS1. Works on bytes that `JSON.parse` accepted; on others it answers something, and always ends.
 * JS2. Offsets are byte offsets; a span is half-open.
 * JS3. No recursion: depth costs a counter, not stack.
 */
const QUOTE = 34;
const BACKSLASH = 92;
const COMMA = 44;
const COLON = 58;
const OPEN_ARRAY = 91;
const CLOSE_ARRAY = 93;
const OPEN_OBJECT = 123;
const CLOSE_OBJECT = 125;

export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface MemberSpan {
  /** Decoded. */
  readonly key: string;
  readonly keySpan: Span;
  readonly value: Span;
}

/** First byte that is not white space, from `at`. */
export function skipSpace(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length) {
    const byte = bytes[next];
    if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) break;
    next += 1;
  }
  return next;
}

/** @param at the opening quote. @returns the offset behind the closing one. */
export function skipString(bytes: Uint8Array, at: number): number {
  const near = Math.min(bytes.length, at + 1 + nearBytes);
  let next = at + 1;
  while (next < near) {
    const byte = bytes[next];
    if (byte === QUOTE) return next + 1;
    next += byte === BACKSLASH ? 2 : 1;
  }
  return next < bytes.length ? skipLongString(bytes, next) : bytes.length;
}

/** Strings shorter than this are cheaper to step through than to search. */
const nearBytes = 24;

/** @param from inside the string, at a character that no backslash stands before. The runtime's own search finds the quotes; an odd run of backslashes escapes one. */
function skipLongString(bytes: Uint8Array, from: number): number {
  const view = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = from;
  for (let quote = view.indexOf(QUOTE, start); quote !== -1; quote = view.indexOf(QUOTE, start)) {
    let before = quote;
    while (before > start && bytes[before - 1] === BACKSLASH) before -= 1;
    if ((quote - before) % 2 === 0) return quote + 1;
    start = quote + 1;
  }
  return bytes.length;
}

/** @param at the first byte of a value. @returns the offset behind it. */
export function skipValue(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at);
  if (first !== OPEN_OBJECT && first !== OPEN_ARRAY) return skipScalar(bytes, at);
  let depth = 0;
  let next = at;
  while (next < bytes.length) {
    const byte = bytes[next];
    if (byte === QUOTE) {
      next = skipString(bytes, next);
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) depth -= 1;
    next += 1;
    if (depth === 0) return next;
  }
  return bytes.length;
}

/** The members of the object that starts at or after `at`, in order, repeated keys included; empty when it is no object. */
export function membersOf(bytes: Uint8Array, at = 0): MemberSpan[] {
  const members: MemberSpan[] = [];
  let next = skipSpace(bytes, at);
  if (bytes[next] !== OPEN_OBJECT) return members;
  next = skipSpace(bytes, next + 1);
  while (next < bytes.length && bytes[next] === QUOTE) {
    const keySpan = { start: next, end: skipString(bytes, next) };
    next = skipSpace(bytes, keySpan.end);
    if (bytes[next] !== COLON) break;
    const start = skipSpace(bytes, next + 1);
    const end = skipValue(bytes, start);
    members.push({ key: stringAt(bytes, keySpan), keySpan, value: { start, end } });
    next = skipSpace(bytes, end);
    if (bytes[next] !== COMMA) break;
    next = skipSpace(bytes, next + 1);
  }
  return members;
}

/** The elements of the array that starts at or after `at`; empty when it is no array. */
export function elementsOf(bytes: Uint8Array, at = 0): Span[] {
  const elements: Span[] = [];
  let next = skipSpace(bytes, at);
  if (bytes[next] !== OPEN_ARRAY) return elements;
  next = skipSpace(bytes, next + 1);
  while (next < bytes.length && bytes[next] !== CLOSE_ARRAY) {
    const end = skipValue(bytes, next);
    if (end === next) break;
    elements.push({ start: next, end });
    next = skipSpace(bytes, end);
    if (bytes[next] !== COMMA) break;
    next = skipSpace(bytes, next + 1);
  }
  return elements;
}

/** The value of the last member called `key` (as every common parser reads repeated keys). */
export function lastMember(members: readonly MemberSpan[], key: string): Span | undefined {
  return members.findLast((member) => member.key === key)?.value;
}

/** Text of a span, decoded as UTF-8. */
export function textAt(bytes: Uint8Array, span: Span): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + span.start, span.end - span.start).toString('utf8');
}

/** The string a string literal stands for; '' when it is no readable literal. */
export function stringAt(bytes: Uint8Array, span: Span): string {
  const text = textAt(bytes, span);
  if (!text.includes('\\')) return text.slice(1, -1);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'string' ? value : '';
  } catch {
    return '';
  }
}

function skipScalar(bytes: Uint8Array, at: number): number {
  let next = at;
  while (next < bytes.length) {
    const byte = bytes[next] as number;
    if (byte === COMMA || byte === CLOSE_ARRAY || byte === CLOSE_OBJECT || byte <= 32 || byte === COLON || byte === QUOTE) break;
    next += 1;
  }
  return next;
}
