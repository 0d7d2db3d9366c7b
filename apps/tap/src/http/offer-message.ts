/**
 * Offers what one frame or body carries, batches element by element (T44): each is recorded and judged on its own.
 * OM1. An undecided element delays only the frame it came in.
 * OM2. A frame nothing changed is handed back as the very bytes that came.
 * OM3. What is too long to inspect is offered by its envelope, never by a part of it (T43).
 */
import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { joinBatch, LongMessageReader, readHttpBody, type LongMessage } from '@countersign/wire';
import type { Arrival, LongPassage, Passage, TapStream } from '../passage.js';

const openBracket = 91;
const sliceBytes = 256 * 1024;

/** Synchronous where nothing waits, so that frames stay in order. */
export function offerData(stream: TapStream, arrival: Arrival, { inspectBytesMax, envelope }: { readonly inspectBytesMax: number; readonly envelope?: LongMessage | undefined }): Passage | Promise<Passage> {
  if (arrival.bytes.length > inspectBytesMax) return whole(offerLong(stream, arrival, envelope ?? envelopeOf(arrival.bytes)), arrival.bytes);
  const elements = batchElements(arrival.bytes);
  if (elements === undefined) return stream.offer(arrival);
  return whenAll(elements.map((bytes) => stream.offer({ ...arrival, bytes })), (passages) => joined(passages, elements, arrival.bytes));
}

export function offerLong(stream: TapStream, { direction, framing, bytes }: Pick<Arrival, 'direction' | 'framing' | 'bytes'>, envelope: LongMessage): LongPassage {
  return stream.offerLong({ direction, framing, envelope, digest: createHash('sha256').update(bytes).digest('hex') });
}

/** The envelope of a long message, read a slice at a time: other exchanges go on meanwhile. */
export async function readEnvelope(bytes: Uint8Array): Promise<LongMessage> {
  const reader = new LongMessageReader();
  for (let at = 0; at < bytes.length; at += sliceBytes) {
    reader.push(bytes.subarray(at, at + sliceBytes));
    await setImmediate();
  }
  return reader.end();
}

function envelopeOf(bytes: Uint8Array): LongMessage {
  const reader = new LongMessageReader();
  reader.push(bytes);
  return reader.end();
}

/** The elements of a JSON-RPC batch; `undefined` for anything else. */
function batchElements(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (bytes.find((byte) => byte > 32 && byte < 128) !== openBracket) return undefined;
  const body = readHttpBody(bytes);
  return body.kind === 'batch' ? body.messages.map((message) => message.bytes) : undefined;
}

export function isUnchanged(passage: Passage, bytes: Uint8Array): boolean {
  return passage.kind === 'forward' && (passage.bytes === bytes || Buffer.compare(passage.bytes, bytes) === 0);
}

/** `then` at once if every passage is there, else when the last one is. */
export function whenAll<T>(passages: readonly (Passage | Promise<Passage>)[], then: (passages: readonly Passage[]) => T): T | Promise<T> {
  const decided = passages.flatMap((passage) => (passage instanceof Promise ? [] : [passage]));
  return decided.length === passages.length ? then(decided) : Promise.all(passages).then(then);
}

function whole(passage: LongPassage, bytes: Uint8Array): Passage {
  return passage.kind === 'forward' ? { kind: 'forward', bytes } : passage;
}

function joined(passages: readonly Passage[], elements: readonly Uint8Array[], frame: Uint8Array): Passage {
  if (passages.every((passage, index) => isUnchanged(passage, elements[index] ?? frame))) return { kind: 'forward', bytes: frame };
  const left = passages.flatMap((passage) => (passage.kind === 'drop' ? [] : [passage.bytes]));
  return left.length === 0 ? { kind: 'drop' } : { kind: 'forward', bytes: joinBatch(left) };
}
