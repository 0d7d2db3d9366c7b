/**
 * The spool's file format, as pure functions over bytes.
 * SF1. A frame is: length of the body (u32 LE), checksum of the body (u32 LE), body = epoch (u32 LE), seq (u48 LE), record.
 * SF2. The length's highest bit says which checksum: set, CRC-32 by the runtime's own code (ten times as fast); clear, CRC-32C, as
 *      older taps wrote it and a Node without `zlib.crc32` still does.
 * SF3. A record is JSON text (UTF-8), or byte 1, u32 length of the head, u32 start and u32 end of the payload (equal: none), head, raw bytes.
 * SF4. Recovery keeps every whole frame in front; what follows is `torn` (it runs into the end of the bytes, as a kill leaves it)
 *      or `corrupt` (a bad checksum or length with more data behind it, as only damage leaves it).
 */
import * as zlib from 'node:zlib';
import { recordText } from './spool-record.js';
import type { SpoolAppend, SpoolEntry } from './spool.js';

const headerBytes = 8;
const positionBytes = 10;
const partsMark = 1;
const partsBytes = 13;
const fastChecksum = 0x8000_0000;
/** Larger than any record: a length beyond it is damage. */
export const frameBytesMax = 8 * 1024 * 1024;

export interface Recovered {
  readonly entryCount: number;
  /** Position of the last whole frame. */
  readonly last: Pick<SpoolEntry, 'epoch' | 'seq'> | undefined;
  /** Length of the part that holds whole frames. */
  readonly wholeBytes: number;
  readonly damage: 'none' | 'torn' | 'corrupt';
}

export interface Frame extends Pick<SpoolEntry, 'epoch' | 'seq'> {
  readonly end: number;
  /** Costs as much as decoding and hashing the record; whoever only looks for positions does not ask. */
  entry(): SpoolEntry;
}

/** @param room to be written to where it is large enough; the frame is then a view of it. */
export function encodeFrame({ epoch, seq, record }: SpoolAppend, room?: Buffer): Buffer {
  const [head, raw] = typeof record === 'string' ? [record, undefined] : [record.head, record.raw];
  const fixed = headerBytes + positionBytes + (raw === undefined ? 0 : partsBytes);
  // A UTF-16 unit is at most three bytes; counting them exactly would read the text once more.
  const bytesMax = fixed + head.length * 3 + (raw?.length ?? 0);
  const frame = room !== undefined && bytesMax <= room.length ? room : Buffer.allocUnsafe(bytesMax);
  const headEnd = fixed + frame.write(head, fixed, 'utf8');
  const end = headEnd + (raw?.length ?? 0);
  if (raw !== undefined && typeof record !== 'string') {
    const at = headerBytes + positionBytes;
    frame[at] = partsMark;
    frame.writeUInt32LE(headEnd - fixed, at + 1);
    frame.writeUInt32LE(record.payload?.start ?? 0, at + 5);
    frame.writeUInt32LE(record.payload?.end ?? 0, at + 9);
    frame.set(raw, headEnd);
  }
  frame.writeUInt32LE(epoch, headerBytes);
  frame.writeUIntLE(seq, headerBytes + 4, 6);
  const body = frame.subarray(headerBytes, end);
  frame.writeUInt32LE((body.length | (hasFastChecksum ? fastChecksum : 0)) >>> 0, 0);
  frame.writeUInt32LE(hasFastChecksum ? zlib.crc32(body) : crc32c(body), 4);
  return frame.subarray(0, end);
}

/** The frame that starts at `at`, or why there is none: `torn` = the bytes end within it. */
export function decodeFrame(bytes: Buffer, at: number): Frame | 'torn' | 'corrupt' {
  if (at + headerBytes > bytes.length) return 'torn';
  const { bodyBytes, isFast } = lengthAt(bytes, at);
  if (bodyBytes < positionBytes || bodyBytes > frameBytesMax) return 'corrupt';
  const end = at + headerBytes + bodyBytes;
  if (end > bytes.length) return 'torn';
  const body = bytes.subarray(at + headerBytes, end);
  if ((isFast ? crc32(body) : crc32c(body)) !== bytes.readUInt32LE(at + 4)) return 'corrupt';
  const [epoch, seq] = [body.readUInt32LE(0), body.readUIntLE(4, 6)];
  return { epoch, seq, end, entry: () => ({ epoch, seq, record: textOf(body) }) };
}

/** Reads a segment from the front. A bad frame that nothing follows is torn: a kill between write and sync leaves such. */
export function recoverSegment(bytes: Buffer): Recovered {
  let [at, entryCount, last]: [number, number, Recovered['last']] = [0, 0, undefined];
  while (at < bytes.length) {
    const frame = decodeFrame(bytes, at);
    if (frame === 'torn') return { entryCount, last, wholeBytes: at, damage: 'torn' };
    if (frame === 'corrupt') return { entryCount, last, wholeBytes: at, damage: isLastFrame(bytes, at) ? 'torn' : 'corrupt' };
    last = { epoch: frame.epoch, seq: frame.seq };
    entryCount += 1;
    at = frame.end;
  }
  return { entryCount, last, wholeBytes: at, damage: 'none' };
}

function textOf(body: Buffer): string {
  if (body[positionBytes] !== partsMark) return body.toString('utf8', positionBytes);
  const fixed = positionBytes + partsBytes;
  const headEnd = fixed + body.readUInt32LE(positionBytes + 1);
  const payload = { start: body.readUInt32LE(positionBytes + 5), end: body.readUInt32LE(positionBytes + 9) };
  return recordText({ head: body.toString('utf8', fixed, headEnd), raw: body.subarray(headEnd), payload: payload.start === payload.end ? undefined : payload });
}

function lengthAt(bytes: Buffer, at: number): { readonly bodyBytes: number; readonly isFast: boolean } {
  const length = bytes.readUInt32LE(at);
  return { bodyBytes: length & ~fastChecksum, isFast: length >= fastChecksum };
}

/** Does the frame at `at` claim to end exactly where the bytes end, or is only zero left (a hole a power loss leaves)? */
function isLastFrame(bytes: Buffer, at: number): boolean {
  const claimedEnd = at + headerBytes + lengthAt(bytes, at).bodyBytes;
  return claimedEnd === bytes.length || bytes.subarray(at).every((byte) => byte === 0);
}

const hasFastChecksum = typeof zlib.crc32 === 'function';
const ieeeTable = crcTable(0xedb88320);
const castagnoliTable = crcTable(0x82f63b78);

/** CRC-32 (IEEE 802.3). */
function crc32(bytes: Uint8Array): number {
  return hasFastChecksum ? zlib.crc32(bytes) : crcBy(ieeeTable, bytes);
}

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(bytes: Uint8Array): number {
  return crcBy(castagnoliTable, bytes);
}

function crcBy(table: Uint32Array, bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) crc = (table[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function crcTable(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc >>> 0;
  });
}
