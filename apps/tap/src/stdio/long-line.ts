/**
 * A line too long to inspect, on its way through.
 * LL1. Up to `keptBytesMax` its bytes are kept until its envelope is known; then it is recorded and sent, or refused.
 * LL2. A longer one from the server is relayed as it arrives, unless a result that must not pass unjudged may be in it; a longer one
 *      from the client is never sent.
 * LL3. Its bytes are kept as they came, in the chunks they came in; they are joined only to cut out our own metadata.
 */
import { createHash, type Hash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { LongMessageReader, stripMetadata, type Framed } from '@countersign/wire';
import type { Arrival, LongPassage, TapStream } from '../passage.js';

export const keptBytesMax = 64 * 1024 * 1024;

export interface LongLineOptions {
  readonly direction: Arrival['direction'];
  readonly onward: Writable;
  readonly client: Writable;
  readonly stream: TapStream;
}

type Mode = 'keep' | 'relay' | 'swallow';

export class LongLine {
  readonly #options: LongLineOptions;
  #reader = new LongMessageReader();
  #hash: Hash = createHash('sha256');
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #mode: Mode = 'keep';
  #lastByte = 0;

  constructor(options: LongLineOptions) {
    this.#options = options;
  }

  take(framed: Exclude<Framed, { readonly kind: 'line' }>): void {
    if (framed.kind === 'head') for (const chunk of framed.chunks) this.#piece(chunk);
    else if (framed.kind === 'piece') this.#piece(framed.bytes);
    else this.#tail(framed.bytes);
  }

  #piece(bytes: Uint8Array): void {
    this.#reader.push(bytes);
    this.#hash.update(bytes);
    this.#lastByte = bytes.at(-1) ?? this.#lastByte;
    if (this.#mode === 'relay') this.#options.onward.write(bytes);
    if (this.#mode !== 'keep') return;
    this.#kept.push(bytes);
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > keptBytesMax) this.#outgrow();
  }

  #outgrow(): void {
    const mayRelay = this.#options.direction === 'server-to-client' && this.#options.stream.mayPassUnread();
    this.#mode = mayRelay ? 'relay' : 'swallow';
    if (mayRelay) for (const chunk of this.#kept) this.#options.onward.write(chunk);
    this.#kept = [];
  }

  #tail(bytes: Uint8Array): void {
    const ending = bytes.length === 0 ? '' : (bytes.at(-2) ?? this.#lastByte) === 13 ? '\r\n' : '\n';
    const inTail = Math.min(ending.length, bytes.length);
    this.#piece(bytes.subarray(0, bytes.length - inTail));
    const arrival = { direction: this.#options.direction, framing: ending, envelope: this.#reader.end(), digest: this.#hash.digest('hex') };
    const passage = this.#mode === 'swallow' ? this.#swallowed(arrival) : this.#options.stream.offerLong(arrival);
    this.#finish(passage, bytes.subarray(bytes.length - inTail));
    this.#reader = new LongMessageReader();
    this.#hash = createHash('sha256');
    this.#kept = [];
    this.#keptBytes = 0;
    this.#mode = 'keep';
  }

  /** Recorded like any other; what it says of forwarding no longer matters, for the bytes are gone. */
  #swallowed(arrival: Parameters<TapStream['offerLong']>[0]): LongPassage {
    const passage = this.#options.stream.offerLong({ ...arrival, envelope: { ...arrival.envelope, isSure: false } });
    return passage.kind === 'forward' ? { kind: 'drop' } : passage;
  }

  #finish(passage: LongPassage, ending: Uint8Array): void {
    const { onward, client, direction } = this.#options;
    if (this.#mode === 'relay') onward.write(ending);
    else if (passage.kind === 'answer') client.write(Buffer.concat([passage.bytes, Buffer.from('\n')]));
    else if (passage.kind === 'forward') {
      onward.cork();
      for (const chunk of direction === 'client-to-server' ? withoutOurs(this.#kept) : this.#kept) onward.write(chunk);
      onward.write(ending);
      onward.uncork();
    }
  }
}

function withoutOurs(chunks: readonly Uint8Array[]): readonly Uint8Array[] {
  return [stripMetadata(Buffer.concat(chunks)).bytes];
}
