/**
 * Codecs that other writers may use: without them one foreign batch would stop every reader of its partition.
 * Registered for reading alone; what is written here is gzip, or plain where it is small.
 * CO1. What expands beyond `expandedBytesMax`, or is not what it says, throws: nothing is read in part.
 */
import { zstdDecompressSync } from 'node:zlib';
import kafkajs, { CompressionTypes } from 'kafkajs';

const expandedBytesMax = 64 * 1024 * 1024;

interface Codec {
  compress(): Promise<Buffer>;
  decompress(bytes: Buffer): Promise<Buffer>;
}

/** Makes the client read them; called by whoever opens a client. */
export function readForeignCodecs(): void {
  // Node sees no named export for these.
  const known = kafkajs.CompressionCodecs as unknown as Record<number, () => Codec>;
  known[CompressionTypes.Snappy] = () => reading(unsnappied);
  known[CompressionTypes.LZ4] = () => reading(unLz4);
  known[CompressionTypes.ZSTD] = () => reading((bytes) => zstdDecompressSync(bytes, { maxOutputLength: expandedBytesMax }));
}

function reading(expand: (bytes: Buffer) => Buffer): Codec {
  return {
    compress: () => Promise.reject(new Error('This codec is read, not written.')),
    decompress: (bytes) => Promise.resolve(bytes).then(expand),
  };
}

const xerial = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00]);
const xerialHeaderBytes = 16;

/** The Java clients write blocks behind a header of their own, others one bare block. */
export function unsnappied(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, xerial.length).equals(xerial)) return snappyBlock(bytes);
  const blocks: Buffer[] = [];
  for (let at = xerialHeaderBytes; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    blocks.push(snappyBlock(sliced(bytes, at + 4, length)));
    at += 4 + length;
  }
  return bounded(Buffer.concat(blocks));
}

function snappyBlock(bytes: Buffer): Buffer {
  const { value: length, next } = littleVarint(bytes, 0);
  const out = new Expanded(length);
  for (let at = next; at < bytes.length; ) {
    const tag = bytes[at] ?? 0;
    if ((tag & 3) === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const count = 1 + (extra === 0 ? tag >> 2 : bytes.readUIntLE(at + 1, extra));
      out.literal(sliced(bytes, at + 1 + extra, count));
      at += 1 + extra + count;
    } else at = snappyCopy(bytes, at, out);
  }
  return out.whole();
}

function snappyCopy(bytes: Buffer, at: number, out: Expanded): number {
  const tag = bytes[at] ?? 0;
  if ((tag & 3) === 1) {
    out.copy(((tag >> 5) << 8) | bytes.readUInt8(at + 1), 4 + ((tag >> 2) & 7));
    return at + 2;
  }
  const width = (tag & 3) === 2 ? 2 : 4;
  out.copy(bytes.readUIntLE(at + 1, width), 1 + (tag >> 2));
  return at + 1 + width;
}

function littleVarint(bytes: Buffer, from: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let at = from, scale = 1; at < from + 5; at += 1, scale *= 128) {
    const byte = bytes.readUInt8(at);
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return { value, next: at + 1 };
  }
  throw new RangeError('a length in a compressed batch has no end');
}

const lz4Magic = 0x184d2204;
const lz4BlocksMax = 4 * 1024 * 1024;

/** The frame format; checksums are passed over, the broker has checked the batch's own. */
export function unLz4(bytes: Buffer): Buffer {
  if (bytes.readUInt32LE(0) !== lz4Magic) throw new RangeError('a batch that says it is LZ4 does not begin like it');
  const flags = bytes.readUInt8(4);
  const [hasBlockChecksum, hasSize, hasDictionary] = [(flags & 0x10) !== 0, (flags & 0x08) !== 0, (flags & 0x01) !== 0];
  const out = new Expanded(expandedBytesMax);
  for (let at = 6 + (hasSize ? 8 : 0) + (hasDictionary ? 4 : 0) + 1; ; ) {
    const size = bytes.readUInt32LE(at);
    if (size === 0) return out.soFar();
    const length = size & 0x7fffffff;
    if (length > lz4BlocksMax) throw new RangeError('a block of a compressed batch is too long');
    const block = sliced(bytes, at + 4, length);
    if (size >>> 31 === 1) out.literal(block);
    else lz4Block(block, out);
    at += 4 + length + (hasBlockChecksum ? 4 : 0);
  }
}

function lz4Block(bytes: Buffer, out: Expanded): void {
  for (let at = 0; at < bytes.length; ) {
    const token = bytes.readUInt8(at);
    const literal = lz4Length(bytes, at + 1, token >> 4);
    out.literal(sliced(bytes, literal.next, literal.value));
    at = literal.next + literal.value;
    // The last sequence has no match.
    if (at >= bytes.length) return;
    const distance = bytes.readUInt16LE(at);
    const match = lz4Length(bytes, at + 2, token & 15);
    out.copy(distance, match.value + 4);
    at = match.next;
  }
}

function lz4Length(bytes: Buffer, from: number, first: number): { readonly value: number; readonly next: number } {
  if (first < 15) return { value: first, next: from };
  let value = 15;
  for (let at = from; ; at += 1) {
    const byte = bytes.readUInt8(at);
    value += byte;
    if (byte < 255) return { value, next: at + 1 };
  }
}

function sliced(bytes: Buffer, from: number, length: number): Buffer {
  if (from + length > bytes.length) throw new RangeError('a compressed batch ends before what it announces');
  return bytes.subarray(from, from + length);
}

function bounded(bytes: Buffer): Buffer {
  if (bytes.length > expandedBytesMax) throw new RangeError(`a compressed batch expands beyond ${expandedBytesMax} bytes`);
  return bytes;
}

/** What was expanded so far, from which copies are taken; grows to `lengthMax` and no further. */
class Expanded {
  readonly #lengthMax: number;
  #bytes: Buffer;
  #length = 0;

  constructor(lengthMax: number) {
    if (lengthMax > expandedBytesMax) throw new RangeError(`a compressed batch expands beyond ${expandedBytesMax} bytes`);
    this.#lengthMax = lengthMax;
    this.#bytes = Buffer.allocUnsafe(Math.min(lengthMax, 64 * 1024));
  }

  literal(bytes: Buffer): void {
    this.#room(bytes.length);
    bytes.copy(this.#bytes, this.#length);
    this.#length += bytes.length;
  }

  /** What is copied may overlap what it makes. */
  copy(distance: number, count: number): void {
    if (distance === 0 || distance > this.#length) throw new RangeError('a compressed batch copies from before its beginning');
    this.#room(count);
    for (let left = count; left > 0; left -= 1) {
      this.#bytes[this.#length] = this.#bytes[this.#length - distance] ?? 0;
      this.#length += 1;
    }
  }

  soFar(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  whole(): Buffer {
    if (this.#length !== this.#lengthMax) throw new RangeError('a compressed batch is not as long as it says');
    return this.soFar();
  }

  #room(count: number): void {
    const wanted = this.#length + count;
    if (wanted > this.#lengthMax) throw new RangeError('a compressed batch is longer than it may be');
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.min(this.#lengthMax, Math.max(wanted, this.#bytes.length * 2)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
