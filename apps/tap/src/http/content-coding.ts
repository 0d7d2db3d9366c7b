/**
 * Bodies under a `Content-Encoding`: read decompressed, sent on compressed as they came, or again where a verdict changed them.
 * CC1. Decompression stops at a bound; a body that would grow beyond it is unreadable, not half read.
 * CC2. Codings are undone in the order they were applied backwards; an unknown one makes the whole body unreadable.
 */
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import type { Transform } from 'node:stream';
import { headerValues, type RawHeaders } from '@countersign/wire';

const codingsMax = 3;

interface Coding {
  readonly undo: (bytes: Uint8Array, maxOutputLength: number) => Promise<Buffer>;
  readonly apply: (bytes: Uint8Array) => Promise<Buffer>;
  readonly undoing: () => Transform;
  /** Hands on what it has after every write, so that an event is not kept back. */
  readonly applying: () => Transform;
}

const gzip: Coding = {
  undo: (bytes, maxOutputLength) => promisify(zlib.gunzip)(bytes, { maxOutputLength }),
  apply: (bytes) => promisify(zlib.gzip)(bytes),
  undoing: () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
  applying: () => zlib.createGzip({ flush: zlib.constants.Z_SYNC_FLUSH }),
};

const codings: Readonly<Record<string, Coding>> = {
  gzip,
  'x-gzip': gzip,
  deflate: {
    // Some servers send the bare stream under this name, and clients accept both.
    undo: (bytes, maxOutputLength) => promisify(zlib.inflate)(bytes, { maxOutputLength }).catch(() => promisify(zlib.inflateRaw)(bytes, { maxOutputLength })),
    apply: (bytes) => promisify(zlib.deflate)(bytes),
    undoing: () => zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
    applying: () => zlib.createDeflate({ flush: zlib.constants.Z_SYNC_FLUSH }),
  },
  br: {
    undo: (bytes, maxOutputLength) => promisify(zlib.brotliDecompress)(bytes, { maxOutputLength }),
    apply: (bytes) => promisify(zlib.brotliCompress)(bytes),
    undoing: () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
    applying: () => zlib.createBrotliCompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  },
  zstd: {
    undo: (bytes, maxOutputLength) => promisify(zlib.zstdDecompress)(bytes, { maxOutputLength }),
    apply: (bytes) => promisify(zlib.zstdCompress)(bytes),
    undoing: () => zlib.createZstdDecompress({ flush: zlib.constants.ZSTD_e_flush }),
    applying: () => zlib.createZstdCompress({ flush: zlib.constants.ZSTD_e_flush }),
  },
};

/** The codings of a body, first applied first; `undefined` when one of them is unknown here. */
export function codingsOf(headers: RawHeaders): readonly Coding[] | undefined {
  const names = headerValues(headers, 'content-encoding').flatMap((value) => value.split(',').map((name) => name.trim().toLowerCase())).filter((name) => name !== '' && name !== 'identity');
  const known = names.map((name) => codings[name]).filter((coding) => coding !== undefined);
  return known.length === names.length && names.length <= codingsMax ? known : undefined;
}

/** The body without its codings, or `undefined` when it cannot be read within `bytesMax`. */
export async function decodeBody(headers: RawHeaders, body: Uint8Array, bytesMax: number): Promise<Uint8Array | undefined> {
  const applied = codingsOf(headers);
  if (applied === undefined) return undefined;
  let bytes = body;
  try {
    for (const coding of applied.toReversed()) bytes = await coding.undo(bytes, bytesMax);
  } catch {
    return undefined;
  }
  return bytes;
}

/** A changed body under the codings its headers go on naming. */
export async function encodeBody(headers: RawHeaders, body: Uint8Array): Promise<Uint8Array> {
  let bytes = body;
  for (const coding of codingsOf(headers) ?? []) bytes = await coding.apply(bytes);
  return bytes;
}
