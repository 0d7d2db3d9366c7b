/**
 * The spool's file format, as pure functions over bytes.
 * SF1. A frame is: length of the body (u32 LE), CRC-32C of the body (u32 LE), body = epoch (u32 LE), seq (u48 LE), JSON text (UTF-8).
 * SF2. Recovery keeps every whole frame in front; what follows is `torn` (it runs into the end of the bytes, as a kill leaves it)
 *      or `corrupt` (a bad checksum or length with more data behind it, as only damage leaves it).
 */
import type { SpoolEntry } from './spool.js';

const headerBytes = 8;
const positionBytes = 10;
/** Larger than any record: a length beyond it is damage. */
export const frameBytesMax = 8 * 1024 * 1024;

export interface Recovered {
  readonly entries: readonly SpoolEntry[];
  /** Length of the part that holds whole frames. */
  readonly wholeBytes: number;
  readonly damage: 'none' | 'torn' | 'corrupt';
}

export interface Frame {
  readonly entry: SpoolEntry;
  readonly end: number;
}

export function encodeFrame({ epoch, seq, record }: SpoolEntry): Buffer {
  const textBytes = Buffer.byteLength(record);
  const frame = Buffer.allocUnsafe(headerBytes + positionBytes + textBytes);
  frame.writeUInt32LE(positionBytes + textBytes, 0);
  frame.writeUInt32LE(epoch, headerBytes);
  frame.writeUIntLE(seq, headerBytes + 4, 6);
  frame.write(record, headerBytes + positionBytes);
  frame.writeUInt32LE(crc32c(frame.subarray(headerBytes)), 4);
  return frame;
}

/** The frame that starts at `at`, or why there is none: `torn` = the bytes end within it. */
export function decodeFrame(bytes: Buffer, at: number): Frame | 'torn' | 'corrupt' {
  if (at + headerBytes > bytes.length) return 'torn';
  const bodyBytes = bytes.readUInt32LE(at);
  if (bodyBytes < positionBytes || bodyBytes > frameBytesMax) return 'corrupt';
  const end = at + headerBytes + bodyBytes;
  if (end > bytes.length) return 'torn';
  const body = bytes.subarray(at + headerBytes, end);
  if (crc32c(body) !== bytes.readUInt32LE(at + 4)) return 'corrupt';
  return { entry: { epoch: body.readUInt32LE(0), seq: body.readUIntLE(4, 6), record: body.toString('utf8', positionBytes) }, end };
}

/** Reads a segment from the front. A bad frame that nothing follows is torn: a kill between write and sync leaves such. */
export function recoverSegment(bytes: Buffer): Recovered {
  const entries: SpoolEntry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const frame = decodeFrame(bytes, at);
    if (frame === 'torn') return { entries, wholeBytes: at, damage: 'torn' };
    if (frame === 'corrupt') return { entries, wholeBytes: at, damage: isLastFrame(bytes, at) ? 'torn' : 'corrupt' };
    entries.push(frame.entry);
    at = frame.end;
  }
  return { entries, wholeBytes: at, damage: 'none' };
}

/** Does the frame at `at` claim to end exactly where the bytes end, or is only zero left (a hole a power loss leaves)? */
function isLastFrame(bytes: Buffer, at: number): boolean {
  const claimedEnd = at + headerBytes + bytes.readUInt32LE(at);
  return claimedEnd === bytes.length || bytes.subarray(at).every((byte) => byte === 0);
}

const table = crcTable();

/** CRC-32C (Castagnoli), as in RFC 3720. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (let index = 0; index < bytes.length; index += 1) crc = (table[(crc ^ (bytes[index] as number)) & 0xff] as number) ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function crcTable(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
    return crc >>> 0;
  });
}
