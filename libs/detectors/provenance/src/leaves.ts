/**
 * A payload → its string leaves, each with the JSON path and the place where its characters stand.
 * LV1. `payload` at `path`, cut at `rawStart(at)`, holds the leaf's character `at`: evidence can always be quoted.
 * LV2. Text that is itself JSON (or prints like it: single quotes, None, True) is opened into its own leaves; what cannot
 *      be opened stays one leaf of plain text.
 *      What shows nothing or stands in for something else (`unhide.ts`) is read as a reader sees it.
 * LV3. At most `leavesMax` leaves and `depthMax` levels; what is over is left out and counted by the caller as unread.
 */
import { unhidden } from './unhide.js';

export const leavesMax = 2_000;
const depthMax = 32;

export interface Leaf {
  /** JSON path within `message.payload`, e.g. `$.content[0].text`. */
  readonly path: string;
  /** Names within a text that was opened, outermost first, e.g. `rows[2].email`; empty for plain text. */
  readonly field: string;
  readonly text: string;
  /** The whole string at `path`. */
  readonly raw: string;
  /** Offset of the leaf in `raw`. */
  readonly offset: number;
  /** Offsets of each decoded character in `raw`, when escapes moved them. */
  readonly places?: Uint32Array;
  /** A number, or a string that is the value of a key: not a document of its own. */
  readonly keyed: boolean;
}

/** Half-open span of the leaf's characters within `leaf.raw`. */
export function rawSpan(leaf: Leaf, start: number, end: number): { start: number; end: number } {
  if (leaf.places === undefined) return { start: leaf.offset + start, end: leaf.offset + end };
  const first = leaf.places[start] ?? leaf.offset;
  return { start: first, end: end > start ? (leaf.places[end] ?? first) : first };
}

/** Strings and numbers of a call's arguments or a result, in document order. `from` is the path of `value`. */
export function leavesOf(value: unknown, from: string): Leaf[] {
  const out: Leaf[] = [];
  walk({ value, path: from, depth: 0, keyed: false }, out);
  return out;
}

/** Leaves of one string that stands at `path`; what `leavesOf` makes of it within its payload. */
export function leavesOfText(raw: string, path: string, keyed: boolean): Leaf[] {
  const out: Leaf[] = [];
  textLeaves(raw, { value: raw, path, depth: 0, keyed }, out);
  return out;
}

interface Place {
  readonly value: unknown;
  readonly path: string;
  readonly depth: number;
  readonly keyed: boolean;
}

function walk(place: Place, out: Leaf[]): void {
  if (out.length >= leavesMax || place.depth > depthMax) return;
  const { value, path, depth } = place;
  if (typeof value === 'string') {
    textLeaves(value, place, out);
  } else if (typeof value === 'number') {
    out.push({ path, field: '', text: String(value), raw: String(value), offset: 0, keyed: true });
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, at) => walk({ value: item, path: `${path}[${at}]`, depth: depth + 1, keyed: place.keyed }, out));
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) walk({ value: member, path: memberPath(path, key), depth: depth + 1, keyed: true }, out);
  }
}

export function memberPath(path: string, key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function textLeaves(text: string, place: Place, out: Leaf[]): void {
  const opened = looksOpenable(text) ? openText(text, place.path) : undefined;
  if (opened === undefined) out.push(shown({ path: place.path, field: '', text, raw: text, offset: 0, keyed: place.keyed }));
  else for (const leaf of opened) if (out.length < leavesMax) out.push(leaf);
}

/** The leaf as a reader sees it; its places still name the characters as they stand. */
function shown(leaf: Leaf): Leaf {
  const seen = unhidden(leaf.text);
  if (seen === undefined) return leaf;
  const places = seen.places.map((at) => leaf.places?.[at] ?? leaf.offset + at);
  return { ...leaf, text: seen.text, places };
}

function looksOpenable(text: string): boolean {
  const first = /^\s*([[{])/.exec(text)?.[1];
  return first !== undefined && /[\]}]\s*$/.test(text.slice(-64));
}

/** Reads printed data without building it: every value becomes a leaf that knows where it stands. */
function openText(text: string, path: string): Leaf[] | undefined {
  const reader = { text, path, at: 0, out: [] as Leaf[] };
  const ok = readValue(reader, { field: '', depth: 0, keyed: false });
  skipSpace(reader);
  return ok && reader.at >= text.length ? reader.out : undefined;
}

interface Reader {
  readonly text: string;
  readonly path: string;
  at: number;
  readonly out: Leaf[];
}
interface Where {
  readonly field: string;
  readonly depth: number;
  readonly keyed: boolean;
}

function readValue(reader: Reader, where: Where): boolean {
  skipSpace(reader);
  const next = reader.text[reader.at];
  if (next === undefined || where.depth > depthMax) return false;
  if (next === '{') return readObject(reader, where);
  if (next === '[' || next === '(') return readList(reader, where);
  if (next === '"' || next === "'") return readString(reader, where) !== undefined;
  const bare = /[^,\]})\s]+/y;
  bare.lastIndex = reader.at;
  const match = bare.exec(reader.text);
  if (match === null) return false;
  if (/^[-+]?\d/.test(match[0])) pushLeaf(reader, where, { start: reader.at, text: match[0] });
  reader.at += match[0].length;
  return true;
}

function readObject(reader: Reader, where: Where): boolean {
  reader.at += 1;
  for (;;) {
    skipSpace(reader);
    const next = reader.text[reader.at];
    if (next === '}') return closed(reader);
    if (next !== '"' && next !== "'") return false;
    const key = readString(reader, undefined);
    skipSpace(reader);
    if (key === undefined || reader.text[reader.at] !== ':') return false;
    reader.at += 1;
    if (!readValue(reader, { field: memberField(where.field, key), depth: where.depth + 1, keyed: true })) return false;
    skipSpace(reader);
    if (reader.text[reader.at] === ',') reader.at += 1;
    else if (reader.text[reader.at] !== '}') return false;
  }
}

/** An unnamed member is still a member: only plain text has an empty field. */
function memberField(outer: string, key: string): string {
  const name = key === '' ? '""' : key;
  return outer === '' ? name : `${outer}.${name}`;
}

function readList(reader: Reader, where: Where): boolean {
  const end = reader.text[reader.at] === '[' ? ']' : ')';
  reader.at += 1;
  for (let index = 0; ; index++) {
    skipSpace(reader);
    if (reader.text[reader.at] === end) return closed(reader);
    if (!readValue(reader, { field: `${where.field}[${index}]`, depth: where.depth + 1, keyed: true })) return false;
    skipSpace(reader);
    if (reader.text[reader.at] === ',') reader.at += 1;
    else if (reader.text[reader.at] !== end) return false;
  }
}

function closed(reader: Reader): boolean {
  reader.at += 1;
  return true;
}

const plainEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: ' ', f: ' ' };

/** Reads one quoted string; with `where` it becomes a leaf. @returns its decoded text. */
function readString(reader: Reader, where: Where | undefined): string | undefined {
  const quote = reader.text[reader.at];
  const start = reader.at + 1;
  const end = closingQuote(reader.text, start, quote);
  if (end < 0) return undefined;
  reader.at = end + 1;
  const written = reader.text.slice(start, end);
  const read = written.includes('\\') ? unescaped(reader.text, start, end) : { text: written };
  if (where !== undefined) pushLeaf(reader, where, { start, ...read });
  return read.text;
}

function closingQuote(text: string, start: number, quote: string | undefined): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (text.charCodeAt(at) === 92) at += unicodeAt(text, at) === undefined ? 1 : 5;
  }
  return -1;
}

function unescaped(text: string, start: number, end: number): { text: string; places: Uint32Array } {
  const places = new Uint32Array(end - start + 1);
  let decoded = '';
  let at = start;
  while (at < end) {
    places[decoded.length] = at;
    if (text.charCodeAt(at) !== 92) {
      decoded += text.charAt(at++);
      continue;
    }
    const code = unicodeAt(text, at);
    const escape = text[at + 1] ?? '';
    decoded += code === undefined ? (plainEscapes[escape] ?? escape) : String.fromCharCode(Number.parseInt(code, 16));
    at += code === undefined ? 2 : 6;
  }
  places[decoded.length] = end;
  return { text: decoded, places: places.slice(0, decoded.length + 1) };
}

/** The four hex digits of an escape at this place. */
function unicodeAt(text: string, at: number): string | undefined {
  return text.charCodeAt(at + 1) === 117 ? /^\\u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 6))?.[1] : undefined;
}

function pushLeaf(reader: Reader, where: Where, leaf: { start: number; text: string; places?: Uint32Array }): void {
  const { start, text, places } = leaf;
  if (reader.out.length >= leavesMax) return;
  reader.out.push(shown({ path: reader.path, field: where.field, text, raw: reader.text, offset: start, keyed: where.keyed, ...(places ? { places } : {}) }));
}

function skipSpace(reader: Reader): void {
  while (reader.at < reader.text.length && reader.text.charCodeAt(reader.at) <= 32) reader.at += 1;
}
