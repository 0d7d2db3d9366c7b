/**
 * The spool's file format, as pure functions over bytes.
 * SF1. A frame is: length of the body (u32 LE), checksum of the body (u32 LE), body = epoch (u32 LE), seq (u48 LE), record.
 * SF2. The length's highest bit says which checksum: set, CRC-32 by the runtime's own code (ten times as fast); clear, CRC-32C, as
 *      older taps wrote it and a Node without `zlib.crc32` still does.
 * SF3. A record is JSON text (UTF-8), or byte 1, u32 length of the head, u32 start and u32 end of the payload (equal: none), head, raw bytes.
 *      Byte 2 begins an open record: u32 length of the prefix, u32 room; prefix; a block of u32 length of the rest, u32 its CRC, u32 start and
 *      u32 end of the payload, the rest within the room; raw bytes. The block is written over once, in place, and no part of the frame's checksum.
 * SF4. Recovery keeps every whole frame in front; what follows is `torn` (it runs into the end of the bytes, as a kill leaves it)
 *      or `corrupt` (a bad checksum or length with more data behind it, as only damage leaves it).
 */
import * as zlib from 'node:zlib';
import type { Span } from './json-spans.js';
import { recordText, type RecordRest, type SpoolRecord } from './spool-record.js';
import type { SpoolAppend, SpoolEntry } from './spool.js';

const headerBytes = 8;
const positionBytes = 10;
const partsMark = 1;
const partsBytes = 13;
const openMark = 2;
const openBytes = 9;
const blockHeadBytes = 16;
/** A call with its context is about 900 bytes. */
const openRoomBytes = 1280;
const none = Buffer.alloc(0);
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
  const parts = partsOf(record);
  const [before, between] = [headerBytes + positionBytes + parts.fixedBytes, parts.blockBytes];
  // A UTF-16 unit is at most three bytes; counting them exactly would read the text once more.
  const bytesMax = before + parts.text.length * 3 + between + parts.raw.length;
  const frame = room !== undefined && bytesMax <= room.length ? room : Buffer.allocUnsafe(bytesMax);
  const textEnd = before + frame.write(parts.text, before, 'utf8');
  const end = textEnd + between + parts.raw.length;
  writeFixed(frame, record, textEnd - before);
  frame.fill(0, textEnd, textEnd + between);
  frame.set(parts.raw, end - parts.raw.length);
  frame.writeUInt32LE(epoch, headerBytes);
  frame.writeUIntLE(seq, headerBytes + 4, 6);
  frame.writeUInt32LE(((end - headerBytes) | (hasFastChecksum ? fastChecksum : 0)) >>> 0, 0);
  frame.writeUInt32LE(checksum(frame.subarray(headerBytes, textEnd), frame.subarray(textEnd + between, end), hasFastChecksum), 4);
  return frame.subarray(0, end);
}

/** What is written over an open record's block (`blockOffset`); undefined when it does not fit. @param room as in `encodeFrame`. */
export function encodeBlock({ rest, payload }: RecordRest, room = Buffer.allocUnsafe(blockHeadBytes + openRoomBytes)): Buffer | undefined {
  // Characters are at most as many as bytes, so the write is cut short only where it does not fit anyway.
  const restBytes = rest.length > openRoomBytes ? openRoomBytes + 1 : room.write(rest, blockHeadBytes, openRoomBytes, 'utf8');
  if (restBytes > openRoomBytes || (restBytes > openRoomBytes - 4 && Buffer.byteLength(rest) > openRoomBytes)) return undefined;
  const text = room.subarray(blockHeadBytes, blockHeadBytes + restBytes);
  room.writeUInt32LE(restBytes, 0);
  room.writeUInt32LE(checksum(text, none, hasFastChecksum), 4);
  room.writeUInt32LE(payload?.start ?? 0, 8);
  room.writeUInt32LE(payload?.end ?? 0, 12);
  return room.subarray(0, blockHeadBytes + restBytes);
}

/** Where an open record's block begins in its frame. */
export function blockOffset(frame: Buffer): number {
  const fixed = headerBytes + positionBytes;
  return fixed + openBytes + frame.readUInt32LE(fixed + 1);
}

/** The frame that starts at `at`, or why there is none: `torn` = the bytes end within it. */
export function decodeFrame(bytes: Buffer, at: number): Frame | 'torn' | 'corrupt' {
  if (at + headerBytes > bytes.length) return 'torn';
  const { bodyBytes, isFast } = lengthAt(bytes, at);
  if (bodyBytes < positionBytes || bodyBytes > frameBytesMax) return 'corrupt';
  const end = at + headerBytes + bodyBytes;
  if (end > bytes.length) return 'torn';
  const body = bytes.subarray(at + headerBytes, end);
  const block = blockOf(body);
  const sum = block === undefined ? checksum(body, none, isFast) : checksum(body.subarray(0, block.start), body.subarray(block.end), isFast);
  if (sum !== bytes.readUInt32LE(at + 4)) return 'corrupt';
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
  if (body[positionBytes] !== partsMark && body[positionBytes] !== openMark) return body.toString('utf8', positionBytes);
  const block = blockOf(body);
  if (block !== undefined) return openText(body, block);
  const fixed = positionBytes + partsBytes;
  const headEnd = fixed + body.readUInt32LE(positionBytes + 1);
  return recordText({ head: body.toString('utf8', fixed, headEnd), raw: body.subarray(headEnd), payload: spanAt(body, positionBytes + 5) });
}

function openText(body: Buffer, { start, end }: Span): string {
  const prefix = body.toString('utf8', positionBytes + openBytes, start);
  const raw = body.subarray(end);
  const restBytes = body.readUInt32LE(start);
  const restStart = start + blockHeadBytes;
  const isWhole = restBytes > 0 && restStart + restBytes <= end;
  const rest = isWhole ? body.subarray(restStart, restStart + restBytes) : none;
  // Not completed, or torn while it was: the message itself is whole, and says what it says.
  if (!isWhole || checksum(rest, none, hasFastChecksum) !== body.readUInt32LE(start + 4)) return recordText({ prefix, raw });
  return recordText({ head: `${prefix}${rest.toString('utf8')}`, raw, payload: spanAt(body, start + 8) });
}

function spanAt(body: Buffer, at: number): Span | undefined {
  const [start, end] = [body.readUInt32LE(at), body.readUInt32LE(at + 4)];
  return start === end ? undefined : { start, end };
}

/** Where in an open record's body the block lies; undefined for other records, and for lengths that cannot be. */
function blockOf(body: Buffer): Span | undefined {
  if (body[positionBytes] !== openMark || body.length < positionBytes + openBytes) return undefined;
  const start = positionBytes + openBytes + body.readUInt32LE(positionBytes + 1);
  const end = start + blockHeadBytes + body.readUInt32LE(positionBytes + 5);
  return end <= body.length ? { start, end } : undefined;
}

interface Parts {
  readonly text: string;
  readonly raw: Uint8Array;
  readonly fixedBytes: number;
  readonly blockBytes: number;
}

function partsOf(record: SpoolRecord): Parts {
  if (typeof record === 'string') return { text: record, raw: none, fixedBytes: 0, blockBytes: 0 };
  if ('prefix' in record) return { text: record.prefix, raw: record.raw, fixedBytes: openBytes, blockBytes: blockHeadBytes + openRoomBytes };
  return { text: record.head, raw: record.raw, fixedBytes: partsBytes, blockBytes: 0 };
}

function writeFixed(frame: Buffer, record: SpoolRecord, textBytes: number): void {
  if (typeof record === 'string') return;
  const at = headerBytes + positionBytes;
  const isOpen = 'prefix' in record;
  frame[at] = isOpen ? openMark : partsMark;
  frame.writeUInt32LE(textBytes, at + 1);
  if (isOpen) {
    frame.writeUInt32LE(openRoomBytes, at + 5);
    return;
  }
  frame.writeUInt32LE(record.payload?.start ?? 0, at + 5);
  frame.writeUInt32LE(record.payload?.end ?? 0, at + 9);
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

/** Of two pieces as of one. */
function checksum(first: Uint8Array, second: Uint8Array, isFast: boolean): number {
  if (!isFast) return crc32c(second.length === 0 ? first : Buffer.concat([first, second]));
  if (!hasFastChecksum) return crcBy(ieeeTable, second.length === 0 ? first : Buffer.concat([first, second]));
  return second.length === 0 ? zlib.crc32(first) : zlib.crc32(second, zlib.crc32(first));
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
