/**
 * One file out of a ZIP archive held in memory.
 * ZE1. Reads through the central directory, as the format says; stored and deflated entries, no encryption, no ZIP64.
 * ZE2. Bounded: nothing larger than `entryBytesMax` is unpacked. @returns undefined for whatever it cannot read, and never throws.
 */
import { inflateRawSync } from 'node:zlib';

const entryBytesMax = 64 * 1024 * 1024;
const endSignature = 0x06054b50;
const directorySignature = 0x02014b50;
const endBytes = 22;
const commentBytesMax = 65_535;

export function entryOf(archive: Uint8Array, name: string): Uint8Array | undefined {
  const bytes = Buffer.from(archive.buffer, archive.byteOffset, archive.length);
  try {
    const entry = placeOf(bytes, name);
    return entry === undefined ? undefined : contentOf(bytes, entry);
  } catch (error) {
    // Offsets beyond the end and broken deflate streams: a damaged archive, which the caller reports as such.
    if (error instanceof RangeError || (error as { code?: unknown }).code !== undefined) return undefined;
    throw error;
  }
}

interface Entry {
  readonly method: number;
  readonly packedBytes: number;
  readonly bytes: number;
  readonly header: number;
}

function placeOf(bytes: Buffer, name: string): Entry | undefined {
  let end = bytes.length - endBytes;
  const first = Math.max(0, end - commentBytesMax);
  while (end >= first && bytes.readUInt32LE(end) !== endSignature) end -= 1;
  if (end < first) return undefined;
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  for (let n = 0; n < count && bytes.readUInt32LE(at) === directorySignature; n += 1) {
    const nameBytes = bytes.readUInt16LE(at + 28);
    if (bytes.toString('utf8', at + 46, at + 46 + nameBytes) === name) {
      return { method: bytes.readUInt16LE(at + 10), packedBytes: bytes.readUInt32LE(at + 20), bytes: bytes.readUInt32LE(at + 24), header: bytes.readUInt32LE(at + 42) };
    }
    at += 46 + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return undefined;
}

function contentOf(archive: Buffer, { method, packedBytes, bytes, header }: Entry): Uint8Array | undefined {
  if (bytes > entryBytesMax || packedBytes > entryBytesMax) return undefined;
  const start = header + 30 + archive.readUInt16LE(header + 26) + archive.readUInt16LE(header + 28);
  const packed = archive.subarray(start, start + packedBytes);
  if (method === 0) return packed;
  return method === 8 ? inflateRawSync(packed, { maxOutputLength: entryBytesMax }) : undefined;
}
