/** Replaces byte spans; everything between them is untouched. */
import type { Span } from './json-spans.js';

export interface Edit extends Span {
  readonly replacement: Uint8Array;
}

/** @param edits not overlapping, in any order. @returns the same bytes (not a copy) when there are none. */
export function splice(bytes: Uint8Array, edits: readonly Edit[]): Uint8Array {
  if (edits.length === 0) return bytes;
  const ordered = [...edits].sort((a, b) => a.start - b.start);
  const parts: Uint8Array[] = [];
  let at = 0;
  for (const { start, end, replacement } of ordered) {
    if (start < at) throw new RangeError('edits overlap');
    parts.push(bytes.subarray(at, start), replacement);
    at = end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}
