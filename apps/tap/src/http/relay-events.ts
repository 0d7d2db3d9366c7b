/**
 * Relays an event stream: each event at once, unless its message is held (T30, W4).
 * RE1. An event nothing changed leaves as the bytes it came in; a changed one keeps its `id:`, `event:` and `retry:` lines.
 * RE2. A held event delays no other; the stream ends only when the last held one is decided.
 * RE3. Held and unfinished events together stay within bounds: beyond them the server is not read on, or the stream is refused.
 * RE4. A compressed stream is opened, judged and compressed again event by event under the same coding.
 */
import type { IncomingMessage } from 'node:http';
import { pipeline, type Readable, type Transform } from 'node:stream';
import { endToEndHeaders, endToEndTrailers, readHttpBody, rpcError, sseFrameWithData, SseFramer, sseMessage, transportErrorCodes, type SseFrame } from '@countersign/wire';
import type { Passage } from '../passage.js';
import type { ClientSide } from './client-side.js';
import { codingsOf } from './content-coding.js';
import type { Exchange } from './house.js';
import { isUnchanged, offerData } from './offer-message.js';
import { fromServer } from './reply-to-server.js';
import { refuseAnswer, sendHead } from './response-head.js';

/** Length and body digests would be of other bytes than those sent, once one event is changed. */
const notOfStreams = new Set(['content-length', 'content-md5', 'digest', 'content-digest', 'repr-digest']);

export async function relayEvents(exchange: Exchange, response: IncomingMessage, answers: readonly Uint8Array[]): Promise<void> {
  const { client, house, lease } = exchange;
  const codings = codingsOf(response.rawHeaders);
  if (codings === undefined) return refuseAnswer(exchange, response, 'is a stream compressed in a way that cannot be read');
  const sink = client.isHeldStream ? plainSink(client) : sinkOf(client, codings.map((coding) => coding.applying()));
  sendHead(client, response, endToEndHeaders(response.rawHeaders, notOfStreams));
  client.flushHead();
  for (const answer of answers) await sink.write(sseMessage(answer));
  const events = new EventRelay(exchange, sink);
  const outcome = await events.run(opened(response, codings.map((coding) => coding.undoing())));
  if (outcome === 'refused') response.destroy();
  await sink.end();
  if (outcome === 'broken-off') {
    lease.lose('truncated', { mayResume: events.hasIds });
    if (!client.isGone) house.log('The server broke off in the middle of an event stream; the client was told by a broken connection.');
    return client.reset();
  }
  // One event may have other bytes than the server sent, so nothing is said of all of them.
  client.end(undefined, client.isHeldStream ? [] : endToEndTrailers(response.rawTrailers, true));
}

class EventRelay {
  readonly #exchange: Exchange;
  readonly #sink: Sink;
  readonly #framer: SseFramer;
  readonly #held = new Set<Promise<void>>();
  #heldBytes = 0;
  #chargedBytes = 0;
  #hasFailed = false;
  /** Its events can be asked for again, on another stream. */
  hasIds = false;

  constructor(exchange: Exchange, sink: Sink) {
    this.#exchange = exchange;
    this.#sink = sink;
    this.#framer = new SseFramer({ eventBytesMax: exchange.house.limits.messageBytesMax });
  }

  async run(source: Readable): Promise<'ended' | 'broken-off' | 'refused'> {
    const outcome = await this.#follow(source);
    await Promise.all(this.#held);
    return this.#hasFailed ? 'broken-off' : outcome;
  }

  async #follow(source: Readable): Promise<'ended' | 'broken-off' | 'refused'> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        for (const frame of this.#framer.push(chunk)) await this.#relay(frame);
        if (this.#hasFailed) return 'broken-off';
        if (this.#framer.overflowed || !this.#charge()) return await this.#refuseRest();
        while (this.#heldBytes > this.#exchange.house.limits.heldBytesMax) await Promise.race(this.#held);
      }
    } catch (error) {
      if (!(error instanceof Error) || !('code' in error)) throw error;
      return 'broken-off';
    }
    const tail = this.#framer.end();
    if (tail !== undefined) await this.#relay(tail);
    return 'ended';
  }

  async #relay(frame: SseFrame): Promise<void> {
    const { data } = frame;
    const { lease } = this.#exchange;
    if (frame.type === 'endpoint' && data !== undefined) lease.bindAddress(Buffer.from(data).toString('utf8'));
    if (data === undefined || !carriesMessage(frame, data)) return this.#sink.write(frame.raw);
    this.hasIds ||= frame.id !== undefined;
    const eventId = frame.id === undefined ? {} : { eventId: frame.id };
    const passage = lease.events.passage(frame.id, data, () => offerData(lease.stream, { direction: 'server-to-client', bytes: data, framing: 'sse', ...eventId, ...fromServer(this.#exchange) }, this.#exchange.house.limits));
    if (!(passage instanceof Promise)) return this.#sink.write(bytesOf(frame, data, passage));
    this.#hold(frame, passage.then((decided) => this.#sink.write(bytesOf(frame, data, decided))));
    return undefined;
  }

  #hold(frame: SseFrame, delivered: Promise<void>): void {
    this.#heldBytes += frame.raw.length;
    const done = delivered
      .catch(() => {
        // Undecided for good: delivering it would be a decision, so the stream is broken off instead.
        this.#hasFailed = true;
        this.#exchange.house.log('An event could not be judged; its stream was broken off and the event was not delivered.');
      })
      .finally(() => {
        this.#heldBytes -= frame.raw.length;
        this.#held.delete(done);
      });
    this.#held.add(done);
  }

  /** Keeps the loan equal to what is held here. */
  #charge(): boolean {
    const bytes = this.#framer.pendingBytes + this.#heldBytes;
    const { loan } = this.#exchange;
    if (bytes > this.#chargedBytes && !loan.take(bytes - this.#chargedBytes)) return false;
    if (bytes < this.#chargedBytes) loan.give(this.#chargedBytes - bytes);
    this.#chargedBytes = bytes;
    return true;
  }

  async #refuseRest(): Promise<'broken-off' | 'refused'> {
    const { rpcIds } = this.#exchange.facts;
    this.#exchange.house.log('An event of the server is larger than what can be judged whole; its stream was ended.');
    if (rpcIds.length === 0) return 'broken-off';
    const problem = { code: transportErrorCodes.uninspectable, message: 'An event of the server is larger than what can be judged whole, so it was not delivered. The call itself has run. Ask for less in one answer.' };
    for (const id of rpcIds) await this.#sink.write(sseMessage(rpcError(id, problem)));
    return 'refused';
  }
}

function bytesOf(frame: SseFrame, data: Uint8Array, passage: Passage): Uint8Array {
  if (passage.kind === 'drop') return new Uint8Array(0);
  return isUnchanged(passage, data) ? frame.raw : sseFrameWithData(frame, passage.bytes);
}

/** An event of another type is no message to most clients; to be sure of the others it is judged if it reads like one. */
function carriesMessage(frame: SseFrame, data: Uint8Array): boolean {
  if (data.length === 0) return false;
  if (frame.type === undefined || frame.type === 'message') return true;
  const { kind } = readHttpBody(data);
  return kind === 'message' || kind === 'batch';
}

interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

function plainSink(client: ClientSide): Sink {
  return { write: (bytes) => client.write(bytes), end: () => Promise.resolve() };
}

function sinkOf(client: ClientSide, stages: readonly Transform[]): Sink {
  const [first, ...rest] = stages;
  if (first === undefined) return plainSink(client);
  const last = rest.reduce<Transform>((source, stage) => source.pipe(stage), first);
  const pumped = (async () => {
    for await (const chunk of last as AsyncIterable<Buffer>) await client.write(chunk);
  })();
  return {
    write: (bytes) => new Promise((resolve) => first.write(bytes, () => resolve())),
    end: async () => {
      first.end();
      await pumped;
    },
  };
}

function opened(response: IncomingMessage, stages: readonly Transform[]): Readable {
  // An error anywhere ends the last stage with that error, which its reader meets.
  return stages.reduceRight<Readable>((source, stage) => pipeline(source, stage, () => undefined), response);
}
