/**
 * Reads a whole body within a bound and within the tap's budget. What is refused was not judged by a part of it.
 * With `rest` a refused body is still read to its end, and only shown to it: a client that is sending hears an answer only after that.
 * Without it the source stays where it was, and what was read comes back, so that a reader may go on.
 */
import type { Readable } from 'node:stream';
import type { ByteLoan } from './byte-budget.js';

export type ReadBody =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  /** Over `bytesMax`, or the tap has no room now. */
  | { readonly kind: 'too-large' | 'no-room'; readonly soFar: readonly Uint8Array[] }
  /** The sender broke off. */
  | { readonly kind: 'truncated' };

interface ReadOptions {
  readonly bytesMax: number;
  readonly loan: ByteLoan;
  readonly rest?: { push(chunk: Uint8Array): void };
}

export async function readBody(source: Readable, { bytesMax, loan, rest }: ReadOptions): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let refused: 'too-large' | 'no-room' | undefined;
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (refused !== undefined) {
        rest?.push(chunk);
        continue;
      }
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes > bytesMax) refused = 'too-large';
      else if (!loan.take(chunk.length)) refused = 'no-room';
      if (refused === undefined) continue;
      if (rest === undefined) return { kind: refused, soFar: chunks };
      for (const kept of chunks.splice(0)) rest.push(kept);
      loan.close();
    }
  } catch {
    return { kind: 'truncated' };
  }
  if (refused !== undefined) return { kind: refused, soFar: [] };
  const [only] = chunks;
  return { kind: 'whole', bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks) };
}
