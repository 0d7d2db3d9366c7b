/**
 * Offers what one frame or body carries, batches element by element (T44): each is recorded and judged on its own.
 * OM1. An undecided element delays only the frame it came in.
 * OM2. A frame nothing changed is handed back as the very bytes that came.
 */
import { joinBatch, readHttpBody } from '@countersign/wire';
import type { Arrival, Passage, TapStream } from '../passage.js';

const openBracket = 91;

/** Synchronous where nothing waits, so that frames stay in order. */
export function offerData(stream: TapStream, arrival: Arrival): Passage | Promise<Passage> {
  const elements = batchElements(arrival.bytes);
  if (elements === undefined) return stream.offer(arrival);
  return whenAll(elements.map((bytes) => stream.offer({ ...arrival, bytes })), (passages) => joined(passages, elements, arrival.bytes));
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

function joined(passages: readonly Passage[], elements: readonly Uint8Array[], whole: Uint8Array): Passage {
  if (passages.every((passage, index) => isUnchanged(passage, elements[index] ?? whole))) return { kind: 'forward', bytes: whole };
  const left = passages.flatMap((passage) => (passage.kind === 'drop' ? [] : [passage.bytes]));
  return left.length === 0 ? { kind: 'drop' } : { kind: 'forward', bytes: joinBatch(left) };
}
