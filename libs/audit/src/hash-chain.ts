/**
 * Each record carries the hash of everything before it.
 * HC1. Changing, dropping, adding or moving a record changes every link from there on.
 * HC2. A chain alone shows neither a cut tail nor a rewrite from the start: its last link must be known elsewhere
 *      (a witnessed checkpoint).
 */
import { createHash } from 'node:crypto';

/** The link before the first record. */
export const chainStart: Buffer = Buffer.alloc(32);

/** SHA-256(previous link ‖ SHA-256(record)). */
export function nextLink(previous: Uint8Array, record: Uint8Array): Buffer {
  return createHash('sha256').update(previous).update(createHash('sha256').update(record).digest()).digest();
}

export interface Chained {
  readonly record: Uint8Array;
  readonly link: Uint8Array;
}

/** @returns the index of the first record whose link is wrong, or undefined when every link holds. */
export function firstBrokenLink(chain: readonly Chained[], start: Uint8Array = chainStart): number | undefined {
  let previous = start;
  for (const [index, { record, link }] of chain.entries()) {
    if (!nextLink(previous, record).equals(link)) return index;
    previous = link;
  }
  return undefined;
}
