/**
 * A Streamable HTTP server as if it were a process with pipes: what a stdio client says is POSTed, what the server says is a line.
 * RS1. Notifications and answers are taken by the server before what follows them is sent; requests run side by side.
 * RS2. Legacy: the session named by the server goes with everything after; its GET stream is followed while there is one; it is deleted at the end.
 * RS3. A legacy stream that breaks before its answer came is taken up again where it was, while the server keeps events (`Last-Event-ID`).
 * RS4. Modern: taking a request back closes its stream. A server that only knows the transport of 2024-11-05 is spoken to in that.
 * RS5. Every request is answered: by the server, or by an error that says what happened. A session the server ended ends this server.
 * RS6. Everything goes to the one origin, redirects are not followed, and nothing is sent twice.
 */
import type { IncomingMessage } from 'node:http';
import { isRecord, messagesOf, mediaTypeOf, readHttpBody, headerValue, type HttpMessage } from '@countersign/wire';
import { ByteBudget } from '../http/byte-budget.js';
import { defaultHttpLimits, type HttpLimits } from '../http/limits.js';
import { readBody } from '../http/read-body.js';
import { Upstream, type Sent } from '../http/upstream.js';
import type { Ending, ServerProcess } from '../stdio/child.js';
import { followEvents, type StreamPlace } from './event-stream.js';
import { IncomingLines } from './incoming-lines.js';
import { OldestTransport } from './oldest-transport.js';
import { outgoingLines } from './outgoing-lines.js';
import { errorIn, refusedByServer, unreachable } from './remote-errors.js';
import { headersOf, isModern, MirroredArguments, type RemoteSession } from './request-headers.js';

export interface RemoteOptions {
  readonly url: string;
  /** Names and values, two by two; sent with every request. */
  readonly headers: readonly string[];
  readonly log: (line: string) => void;
  readonly limits?: Partial<HttpLimits>;
}

/** How long requests under way, and the end of the session, are waited for when the client is done. */
const lastAnswersMs = 1_500;
const deleteMs = 500;
/** A notification the server does not take holds up nothing longer than this. */
const turnMs = 10_000;
const retryMs = 1_000;
const resumesMax = 5;
const errorBytesMax = 256 * 1024;

/** Throws a sentence when the URL is none. */
export function startRemoteServer(options: RemoteOptions): ServerProcess {
  const remote = new RemoteServer(options);
  return {
    input: outgoingLines((line) => remote.send(line), () => remote.finish()),
    output: remote.lines.readable,
    exited: remote.exited,
    signal: (name) => remote.stop({ code: null, signal: name }),
    reap: () => remote.stop({ code: 0, signal: null }),
    watch: () => undefined,
  };
}

interface Posted {
  readonly message: HttpMessage | undefined;
  readonly rpcIds: readonly string[];
  readonly sent: Sent;
}

class RemoteServer {
  readonly lines = new IncomingLines();
  readonly exited: Promise<Ending>;
  readonly #limits: HttpLimits;
  readonly #upstream: Upstream;
  readonly #headers: readonly string[];
  readonly #log: (line: string) => void;
  readonly #session: RemoteSession = { id: undefined, protocolVersion: undefined };
  readonly #mirrors = new MirroredArguments();
  readonly #budget: ByteBudget;
  readonly #underWay = new Set<Posted>();
  readonly #running = new Set<Promise<void>>();
  #turn: Promise<void> = Promise.resolve();
  #oldest: OldestTransport | undefined;
  #stream: Sent | undefined;
  #end: (ending: Ending) => void = () => undefined;
  #isOver = false;

  constructor({ url, headers, log, limits }: RemoteOptions) {
    this.#limits = { ...defaultHttpLimits, ...limits };
    this.#upstream = new Upstream(url, this.#limits);
    this.#headers = headers;
    this.#log = log;
    this.#budget = new ByteBudget(this.#limits.bufferedBytesMax);
    this.exited = new Promise((resolve) => (this.#end = resolve));
  }

  /** Resolves when the server has taken the message, or it was answered in its place. */
  send(line: Uint8Array): Promise<void> {
    const body = withoutEnding(line);
    if (body.length === 0) return Promise.resolve();
    const read = readHttpBody(body);
    const message = read.kind === 'message' ? read.message : undefined;
    const rpcIds = messagesOf(read).flatMap(({ isRequest, rpcId }) => (isRequest && rpcId !== undefined ? [rpcId] : []));
    if (message !== undefined && this.#takesBack(message)) return Promise.resolve();
    const posted = this.#turn.then(() => this.#post(body, message, rpcIds));
    const mayOverlap = rpcIds.length > 0 && message?.method !== 'initialize';
    this.#turn = mayOverlap ? this.#turn : within(turnMs, posted);
    this.#running.add(posted);
    return posted.finally(() => this.#running.delete(posted));
  }

  /** The client said all it had to say. */
  async finish(): Promise<void> {
    if (!this.#isOver) await within(lastAnswersMs, Promise.all(this.#running).then(() => undefined));
    await this.#deleteSession();
    this.stop({ code: 0, signal: null });
  }

  stop(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { sent } of this.#underWay) sent.abort(false);
    this.#stream?.abort(false);
    this.#oldest?.close();
    this.lines.end();
    this.#upstream.close();
    this.#end(ending);
  }

  /** RS4. @returns whether that is all there is to do. */
  #takesBack({ method, params }: HttpMessage): boolean {
    if (method !== 'notifications/cancelled') return false;
    const id = params['requestId'];
    const text = typeof id === 'string' || typeof id === 'number' ? JSON.stringify(id) : undefined;
    const posted = [...this.#underWay].find(({ message, rpcIds }) => message !== undefined && isModern(message) && text !== undefined && rpcIds.includes(text));
    if (posted === undefined) return false;
    this.#underWay.delete(posted);
    posted.sent.abort(true);
    return true;
  }

  async #post(body: Uint8Array, message: HttpMessage | undefined, rpcIds: readonly string[]): Promise<void> {
    if (this.#isOver) return;
    if (this.#oldest !== undefined) return this.#postOldest(this.#oldest, body, rpcIds);
    const sent = this.#send('POST', headersOf(message, this.#session, this.#mirrors), { body });
    const posted: Posted = { message, rpcIds, sent };
    this.#underWay.add(posted);
    try {
      await this.#answered(posted, await sent.response, body);
    } catch (error) {
      if (this.#underWay.has(posted)) await this.#hand(unreachable(rpcIds, `cannot be reached: ${error instanceof Error && 'code' in error ? String(error.code) : 'the connection failed'}. Whether the call has run is not known.`));
    } finally {
      this.#underWay.delete(posted);
    }
  }

  async #answered(posted: Posted, response: IncomingMessage, body: Uint8Array): Promise<void> {
    const { message, rpcIds } = posted;
    const status = response.statusCode ?? 0;
    if (status < 200 || status >= 300) return this.#refused(posted, response, body);
    if (message?.method === 'initialize') this.#session.id = headerValue(response.rawHeaders, 'mcp-session-id') ?? this.#session.id;
    const media = mediaTypeOf(response.rawHeaders);
    if (media === 'text/event-stream') await this.#streamed(posted, response);
    else if (media === 'application/json') await this.#whole(posted, response);
    else {
      response.resume();
      if (rpcIds.length > 0 && status !== 202) await this.#hand(unreachable(rpcIds, `answered ${media ?? 'nothing'} instead of a message. Whether the call has run is not known.`));
    }
    if (message?.method === 'notifications/initialized') void this.#listen();
  }

  async #whole({ message, rpcIds }: Posted, response: IncomingMessage): Promise<void> {
    const loan = this.#budget.open();
    try {
      const read = await readBody(response, { bytesMax: this.#limits.messageBytesMax, loan });
      if (read.kind === 'whole') return await this.#take(read.bytes, message);
      response.destroy();
      const why = read.kind === 'truncated' ? 'broke off in the middle of its answer. The call itself may have run.' : 'gave an answer larger than what can be kept. The call itself has run; ask for less at once.';
      return await this.#hand(unreachable(rpcIds, why));
    } finally {
      loan.close();
    }
  }

  /** RS3. */
  async #streamed({ message, rpcIds, sent }: Posted, response: IncomingMessage): Promise<void> {
    const open = new Set(rpcIds);
    const place: StreamPlace = { lastEventId: undefined, retryMs: undefined };
    let from: IncomingMessage | undefined = response;
    for (let attempts = 0; ; attempts += 1) {
      const before: string | undefined = place.lastEventId;
      const ended = from === undefined ? 'broken' : await followEvents(from, { eventBytesMax: this.#limits.messageBytesMax, place, onMessage: (data) => this.#event(data, message, open) });
      if (open.size === 0 || this.#isOver || ![...this.#underWay].some((posted) => posted.sent === sent)) return;
      if (place.lastEventId !== before) attempts = 0;
      const mayResume = ended !== 'too-large' && place.lastEventId !== undefined && attempts < resumesMax && (message === undefined || !isModern(message));
      if (!mayResume) return this.#hand(unreachable([...open], ended === 'too-large' ? 'gave an answer larger than what can be kept. The call itself has run; ask for less at once.' : 'ended its answer before it was complete. The call itself may have run.'));
      await pause(place.retryMs ?? retryMs);
      from = await this.#resumed(place);
    }
  }

  async #event(data: Uint8Array, message: HttpMessage | undefined, open: Set<string>): Promise<void> {
    for (const { method, rpcId } of messagesOf(readHttpBody(data))) if (method === undefined && rpcId !== undefined) open.delete(rpcId);
    await this.#take(data, message);
  }

  async #resumed({ lastEventId }: StreamPlace): Promise<IncomingMessage | undefined> {
    if (this.#isOver) return undefined;
    try {
      const response = await this.#send('GET', [...headersOf(undefined, this.#session, this.#mirrors), ...(lastEventId === undefined ? [] : ['Last-Event-ID', lastEventId])]).response;
      if (response.statusCode === 200 && mediaTypeOf(response.rawHeaders) === 'text/event-stream') return response;
      response.resume();
    } catch {
      // Tried again by the caller, who counts.
    }
    return undefined;
  }

  /** RS2: what the server says unasked, for as long as it keeps such a stream. */
  async #listen(): Promise<void> {
    const place: StreamPlace = { lastEventId: undefined, retryMs: undefined };
    for (let failures = 0; !this.#isOver && failures < resumesMax; failures += 1) {
      this.#stream = this.#send('GET', [...headersOf(undefined, this.#session, this.#mirrors), ...(place.lastEventId === undefined ? [] : ['Last-Event-ID', place.lastEventId])]);
      try {
        const response = await this.#stream.response;
        if (response.statusCode !== 200 || mediaTypeOf(response.rawHeaders) !== 'text/event-stream') return void response.resume();
        failures = 0;
        await followEvents(response, { eventBytesMax: this.#limits.messageBytesMax, place, onMessage: (data) => this.#take(data, undefined) });
      } catch {
        // The server may be back in a moment; who asks it something meanwhile hears of it.
      }
      await pause(place.retryMs ?? retryMs);
    }
  }

  async #refused({ message, rpcIds }: Posted, response: IncomingMessage, body: Uint8Array): Promise<void> {
    const status = response.statusCode ?? 0;
    const read = await readBody(response, { bytesMax: errorBytesMax, loan: this.#budget.open() });
    const text = read.kind === 'whole' ? read.bytes : new Uint8Array(0);
    if (read.kind !== 'whole') response.destroy();
    if (message?.method === 'initialize' && [400, 404, 405].includes(status) && errorIn(text) === undefined && (await this.#openOldest())) return this.#post(body, message, rpcIds);
    await this.#hand(refusedByServer(rpcIds, status, text));
    if (status !== 404 || this.#session.id === undefined) return;
    this.#log('the server ended this session; a stdio client cannot begin another one, so this tap ends and the client may start it again.');
    this.stop({ code: 1, signal: null });
  }

  async #openOldest(): Promise<boolean> {
    const oldest = new OldestTransport((method, headers, options) => this.#send(method, headers, options), {
      eventBytesMax: this.#limits.messageBytesMax, onMessage: (data) => this.#take(data, undefined), onEnd: () => this.stop({ code: 1, signal: null }),
    });
    if (!(await oldest.open())) return false;
    this.#oldest = oldest;
    return true;
  }

  async #postOldest(oldest: OldestTransport, body: Uint8Array, rpcIds: readonly string[]): Promise<void> {
    const refusal = await oldest.post(body);
    if (refusal !== undefined) await this.#hand(refusedByServer(rpcIds, refusal.status, refusal.body));
  }

  /** What the protocol itself must know of an answer is learned as it passes. */
  async #take(bytes: Uint8Array, asked: HttpMessage | undefined): Promise<void> {
    if (asked?.method === 'initialize' || asked?.method === 'tools/list') this.#learn(bytes, asked.method);
    await this.lines.push(bytes);
  }

  #learn(bytes: Uint8Array, method: string): void {
    let value: unknown;
    try {
      value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
    } catch {
      return;
    }
    const result = isRecord(value) ? value['result'] : undefined;
    if (method === 'tools/list') this.#mirrors.learn(result);
    else if (isRecord(result) && typeof result['protocolVersion'] === 'string') this.#session.protocolVersion = result['protocolVersion'];
  }

  async #hand(messages: readonly Uint8Array[]): Promise<void> {
    for (const message of messages) await this.lines.push(message);
  }

  async #deleteSession(): Promise<void> {
    if (this.#session.id === undefined || this.#isOver) return;
    const sent = this.#send('DELETE', headersOf(undefined, this.#session, this.#mirrors));
    await within(deleteMs, sent.response.then((response) => void response.resume(), () => undefined));
    sent.abort(true);
  }

  #send(method: string, headers: readonly string[], { body, path = '/' }: { readonly body?: Uint8Array; readonly path?: string } = {}): Sent {
    const own = body === undefined ? ['Accept', 'text/event-stream'] : ['Content-Type', 'application/json', 'Accept', 'application/json, text/event-stream', 'Content-Length', String(body.length)];
    return this.#upstream.send({ method, path, headers: [...own, ...headers, ...this.#headers], body, trailers: [] });
  }
}

function withoutEnding(line: Uint8Array): Uint8Array {
  let end = line.length;
  while (end > 0 && (line[end - 1] as number) <= 32) end -= 1;
  return line.subarray(0, end);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
