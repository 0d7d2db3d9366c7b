/**
 * Rows as one block of ClickHouse's Native format: column by column, so that neither end spells out or parses names, quotes and escapes.
 * NB1. A row means exactly what it means as JSON; what this encoder does not know for certain (a column it was not told of, a value of
 *      another kind, a row that lacks what its neighbours have) makes it answer `undefined`, and the caller sends JSON.
 * NB2. Half a surrogate pair, which has no bytes, becomes U+FFFD, as it does on the way through JSON.
 */
import type { HistoryRow } from '@countersign/history';

/** A table's columns with their types, as `DESCRIBE TABLE` names them. */
export type ColumnTypes = ReadonlyMap<string, string>;

interface Codec {
  /** What the block says the column is; the engine makes its own type of it. */
  readonly type: string;
  /** @returns false when a value is not one of this type. */
  readonly write: (values: readonly unknown[], to: Bytes) => boolean;
}

/** @param rows not empty. */
export function nativeBlock(columns: ColumnTypes, rows: readonly HistoryRow[]): Buffer | undefined {
  const names = Object.keys(rows[0] ?? {});
  const to = new Bytes(rows.length * 1_024 + 4_096);
  to.varint(names.length);
  to.varint(rows.length);
  for (const row of rows) if (widthOf(row) !== names.length) return undefined;
  const values = new Array<unknown>(rows.length);
  for (const name of names) {
    const codec = codecOf(columns.get(name));
    if (codec === undefined) return undefined;
    for (let at = 0; at < rows.length; at += 1) values[at] = rows[at]?.[name];
    to.text(name);
    to.text(codec.type);
    if (!codec.write(values, to)) return undefined;
  }
  return to.taken();
}

/** Counting names is several times cheaper than listing them. */
function widthOf(row: HistoryRow): number {
  let width = 0;
  for (const name in row) if (Object.hasOwn(row, name)) width += 1;
  return width;
}

const codecs = new Map<string, Codec | undefined>();

function codecOf(type: string | undefined): Codec | undefined {
  if (type === undefined) return undefined;
  if (!codecs.has(type)) codecs.set(type, madeCodec(type));
  return codecs.get(type);
}

function madeCodec(type: string): Codec | undefined {
  const plain = type.replaceAll(/LowCardinality\(([^()]*)\)/g, '$1');
  if (plain === 'String') return { type: 'String', write: texts };
  if (plain === 'Bool') return { type: 'Bool', write: bools };
  if (plain === 'Float64') return { type: 'Float64', write: floats };
  const [, bits] = /^UInt(8|16|32|64)$/.exec(plain) ?? [];
  if (bits !== undefined) return { type: plain, write: unsigned(Number(bits) / 8) };
  if (/^DateTime64\(3(, '[A-Za-z/_+\-0-9]+')?\)$/.test(plain)) return { type: plain, write: times };
  const [, outer, inner] = /^(Nullable|Array)\((.*)\)$/.exec(plain) ?? [];
  const of = inner === undefined ? undefined : madeCodec(inner);
  if (of === undefined) return undefined;
  return outer === 'Nullable' ? { type: `Nullable(${of.type})`, write: nullable(inner ?? '', of) } : { type: `Array(${of.type})`, write: lists(of) };
}

function texts(values: readonly unknown[], to: Bytes): boolean {
  for (const value of values) {
    if (typeof value !== 'string') return false;
    to.text(value);
  }
  return true;
}

function bools(values: readonly unknown[], to: Bytes): boolean {
  for (const value of values) {
    if (typeof value !== 'boolean') return false;
    to.byte(value ? 1 : 0);
  }
  return true;
}

function floats(values: readonly unknown[], to: Bytes): boolean {
  for (const value of values) {
    // JSON has no other numbers; `null` would stand in its place.
    if (typeof value !== 'number' || !Number.isFinite(value)) return false;
    to.double(value);
  }
  return true;
}

function unsigned(width: number): Codec['write'] {
  const above = 2 ** (8 * width);
  return (values, to) => {
    for (const value of values) {
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0 || value >= above) return false;
      to.unsigned(value, width);
    }
    return true;
  };
}

/** Only the form that `Date.toISOString` writes: of others the engine's own reading counts. */
const isoTime = /^(19[7-9]\d|2\d{3})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function times(values: readonly unknown[], to: Bytes): boolean {
  for (const value of values) {
    if (typeof value !== 'string' || !isoTime.test(value)) return false;
    const ms = Date.parse(value);
    if (Number.isNaN(ms)) return false;
    to.unsigned(ms, 8);
  }
  return true;
}

function nullable(type: string, of: Codec): Codec['write'] {
  const empty: unknown = type === 'String' ? '' : type === 'Bool' ? false : type.startsWith('DateTime64') ? '1970-01-01T00:00:00.000Z' : 0;
  return (values, to) => {
    for (const value of values) to.byte(value === null ? 1 : 0);
    return of.write(values.map((value) => value ?? (value === null ? empty : undefined)), to);
  };
}

function lists(of: Codec): Codec['write'] {
  return (values, to) => {
    const all: unknown[] = [];
    for (const value of values) {
      if (!Array.isArray(value)) return false;
      for (const one of value) all.push(one);
      to.unsigned(all.length, 8);
    }
    return of.write(all, to);
  };
}

/** Below 128, where a length is one byte. */
const shortCharsMax = 40;

function varintBytes(value: number): number {
  let bytes = 1;
  for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) bytes += 1;
  return bytes;
}

/** Grows by doubling. */
class Bytes {
  #buffer: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  byte(value: number): void {
    this.#room(1);
    this.#buffer[this.#length++] = value;
  }

  unsigned(value: number, width: number): void {
    this.#room(8);
    this.#buffer.writeUInt32LE(value % 2 ** 32, this.#length);
    this.#buffer.writeUInt32LE(Math.floor(value / 2 ** 32), this.#length + 4);
    this.#length += width;
  }

  double(value: number): void {
    this.#room(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.byte((left % 0x80) | 0x80);
    this.byte(left);
  }

  text(value: string): void {
    if (value.length > shortCharsMax || !this.#short(value)) this.#long(value);
  }

  /** Most texts are short and plain: writing them here costs a third of a call out for each. */
  #short(value: string): boolean {
    this.#room(1 + value.length);
    const buffer = this.#buffer;
    const at = this.#length + 1;
    for (let index = 0; index < value.length; index += 1) {
      const code = value.charCodeAt(index);
      if (code >= 0x80) return false;
      buffer[at + index] = code;
    }
    buffer[at - 1] = value.length;
    this.#length = at + value.length;
    return true;
  }

  /** Written where it belongs if it is plain, and moved if it was not: one pass for most. */
  #long(value: string): void {
    this.#room(10 + value.length * 3);
    const guess = varintBytes(value.length);
    const start = this.#length;
    const bytes = this.#buffer.write(value, start + guess, 'utf8');
    const needed = varintBytes(bytes);
    if (needed !== guess) this.#buffer.copyWithin(start + needed, start + guess, start + guess + bytes);
    this.varint(bytes);
    this.#length = start + needed + bytes;
  }

  taken(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  #room(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
