/**
 * Reads a whole body within a bound and within the tap's budget. What is refused was not judged by a part of it.
 * With `rest` a refused body is still read to its end, and only shown to it: a client that is sending hears an answer only after that.
 */
import type { Readable } from 'node:stream';
import type { ByteLoan } from './byte-budget.js';

export type ReadBody =
  | { readonly kind: 'whole'; readonly bytes: Uint8Array }
  /** Over `bytesMax`, or the tap has no room now; nothing of it is kept. */
  | { readonly kind: 'too-large' | 'no-room' }
  /** The sender broke off. */
  | { readonly kind: 'truncated' };

export async function readBody(source: Readable, options: { readonly bytesMax: number; readonly loan: ByteLoan; readonly rest?: { push(chunk: Uint8Array): void } }): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let refused: 'too-large' | 'no-room' | undefined;
  try {
    for await (const chunk of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (refused !== undefined) {
        options.rest?.push(chunk);
        continue;
      }
      if (bytes > options.bytesMax) refused = 'too-large';
      else if (!options.loan.take(chunk.length)) refused = 'no-room';
      else chunks.push(chunk);
      if (refused === undefined) continue;
      if (options.rest === undefined) return { kind: refused };
      for (const kept of [...chunks, chunk]) options.rest.push(kept);
      chunks.length = 0;
      options.loan.close();
    }
  } catch {
    return { kind: 'truncated' };
  }
  if (refused !== undefined) return { kind: refused };
  const [only] = chunks;
  return { kind: 'whole', bytes: chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks) };
}
