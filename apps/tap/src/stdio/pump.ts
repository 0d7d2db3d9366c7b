/**
 * Moves one direction of a stdio stream: lines in, what became of them out.
 * PU1. A line that nothing changed leaves as the bytes it came as, its ending included.
 * PU2. Lines are offered in order; one that waits lets those behind it pass (PA1).
 * PU3. While somebody downstream does not take bytes, none are taken from the source: memory stays bounded and nothing is lost.
 */
import type { Readable, Writable } from 'node:stream';
import { elementsOf, LineFramer, type Framed } from '@countersign/wire';
import type { Arrival, Passage, TapStream } from '../passage.js';
import { LongLine } from './long-line.js';

/** Longer lines are not inspected, only their envelope is read, as it passes: no verdict could rest on more than a record holds (256 KiB). */
export const inspectBytesMax = 1_000_000;

export interface PumpOptions {
  readonly direction: Arrival['direction'];
  readonly source: Readable;
  /** Where what is forwarded goes. */
  readonly onward: Writable;
  /** Where the tap's answers go. */
  readonly client: Writable;
  /** Where what is said to the sender goes: the client, or the server's input. */
  readonly back: Writable;
  readonly stream: TapStream;
}

type Line = Extract<Framed, { readonly kind: 'line' }>;

export class Pump {
  readonly #options: PumpOptions;
  readonly #framer = new LineFramer({ lineBytesMax: inspectBytesMax });
  readonly #waiting = new Set<Promise<void>>();
  readonly #toSender = (bytes: Uint8Array): boolean => {
    const { back } = this.#options;
    if (back.destroyed || !back.writable) return false;
    back.write(Buffer.concat([bytes, Buffer.from('\n')]));
    return true;
  };
  readonly #long: LongLine;
  /** Resolves when the source ended and its last line was offered. */
  readonly ended: Promise<void>;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#long = new LongLine(options);
    this.ended = new Promise((resolve) => {
      options.source.on('data', (chunk: Buffer) => this.#take(chunk));
      const finish = (): void => {
        const last = this.#framer.end();
        if (last !== undefined) this.#framed(last);
        resolve();
      };
      let isFinished = false;
      // A stream that breaks emits `error` and `close`, one that ends `end` and `close`.
      for (const event of ['end', 'close', 'error']) {
        options.source.on(event, () => {
          if (!isFinished) finish();
          isFinished = true;
        });
      }
    });
  }

  /** Resolves when nothing offered here waits any more. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0) await Promise.all(this.#waiting);
  }

  #take(chunk: Buffer): void {
    const { onward } = this.#options;
    const framed = this.#framer.push(chunk);
    // Corking a single write costs more than it saves.
    if (framed.length > 1) onward.cork();
    for (const each of framed) this.#framed(each);
    if (framed.length > 1) onward.uncork();
    this.#pauseWhileFull();
  }

  #framed(framed: Framed): void {
    if (framed.kind === 'line') this.#line(framed);
    else this.#long.take(framed);
  }

  #line(line: Line): void {
    const arrival = { direction: this.#options.direction, bytes: line.bytes, framing: line.ending, toSender: this.#toSender };
    const elements = batchElements(line.bytes);
    const passage = elements === undefined ? this.#options.stream.offer(arrival) : this.#offerBatch(arrival, elements);
    if (!(passage instanceof Promise)) return this.#settle(line, passage);
    const settling = passage.then((settled) => {
      this.#waiting.delete(settling);
      this.#settle(line, settled);
    });
    this.#waiting.add(settling);
  }

  /** Every element is recorded and judged; what stays is sent as one batch, what is refused is answered on its own line. */
  #offerBatch(arrival: Arrival, elements: readonly Uint8Array[]): Passage | Promise<Passage> {
    const offered = elements.map((bytes) => this.#options.stream.offer({ ...arrival, bytes }));
    const decide = (passages: readonly Passage[]): Passage => {
      if (passages.every((passage, index) => passage.kind === 'forward' && passage.bytes === elements[index])) return { kind: 'forward', bytes: arrival.bytes };
      const isOwn = this.#options.direction === 'server-to-client';
      for (const passage of passages) if (passage.kind === 'answer' && !isOwn) this.#answer(passage.bytes);
      const kept = passages.flatMap((passage) => (passage.kind === 'forward' || (passage.kind === 'answer' && isOwn) ? [passage.bytes] : []));
      return kept.length === 0 ? { kind: 'drop' } : { kind: 'forward', bytes: joined(kept) };
    };
    return offered.some((passage) => passage instanceof Promise) ? Promise.all(offered).then(decide) : decide(offered as readonly Passage[]);
  }

  #settle(line: Line, passage: Passage): void {
    if (passage.kind === 'answer') this.#answer(passage.bytes);
    if (passage.kind !== 'forward') return;
    const { onward } = this.#options;
    if (passage.bytes === line.bytes) onward.write(line.raw);
    else onward.write(Buffer.concat([passage.bytes, Buffer.from(line.ending)]));
    this.#pauseWhileFull();
  }

  #answer(bytes: Uint8Array): void {
    this.#options.client.write(Buffer.concat([bytes, Buffer.from('\n')]));
  }

  #pauseWhileFull(): void {
    const { source, onward, client } = this.#options;
    if (!onward.writableNeedDrain && !client.writableNeedDrain) return;
    const full = [onward, client].find((stream) => stream.writableNeedDrain && !stream.destroyed);
    if (full === undefined || source.isPaused()) return;
    source.pause();
    const resume = (): void => {
      full.off('drain', resume);
      full.off('close', resume);
      source.resume();
      this.#pauseWhileFull();
    };
    full.on('drain', resume);
    full.on('close', resume);
  }
}

/** The elements of a batch; undefined for what is not one. */
function batchElements(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  let first = 0;
  while (first < bytes.length && (bytes[first] as number) <= 32) first += 1;
  if (bytes[first] !== 91) return undefined;
  try {
    JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  const elements = elementsOf(bytes).map(({ start, end }) => bytes.subarray(start, end));
  return elements.length === 0 ? undefined : elements;
}

function joined(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([Buffer.from('['), ...messages.flatMap((message, index) => (index === 0 ? [message] : [Buffer.from(','), message])), Buffer.from(']')]);
}
