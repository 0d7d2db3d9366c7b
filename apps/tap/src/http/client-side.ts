/**
 * The client's end of one exchange: one head, then bytes, then an end, whatever became of the message.
 * CS1. The head is sent once; the server's own head is sent as it came unless a hold had to open a stream before it (T47).
 * CS2. A client that stops reading makes `write` wait; a client that went away makes it return at once.
 * CS3. No timer and no listener outlives the exchange.
 */
import { STATUS_CODES, type ServerResponse } from 'node:http';
import { sseKeepAlive, sseMessage } from '@countersign/wire';

const streamHead = ['Content-Type', 'text/event-stream', 'Cache-Control', 'no-cache, no-transform', 'X-Accel-Buffering', 'no'];

export class ClientSide {
  readonly #response: ServerResponse;
  readonly #keepAliveMs: number;
  readonly #mayStream: boolean;
  #timer: NodeJS.Timeout | undefined;
  #isHeldStream = false;
  #isGone = false;

  constructor(response: ServerResponse, options: { readonly keepAliveMs: number; readonly mayStream: boolean }) {
    this.#response = response;
    this.#keepAliveMs = options.keepAliveMs;
    this.#mayStream = options.mayStream;
    // Only what the server sent may reach the client: no date of ours.
    response.sendDate = false;
    response.once('close', () => {
      this.#isGone = true;
      this.#stopKeepAlive();
    });
    response.on('error', () => undefined); // A write to a client that went away; `close` follows and says so.
  }

  /** The client closed the connection, or everything was sent. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** A hold lasted so long that the answer is a stream of ours now, and the server's head has no place any more. */
  get isHeldStream(): boolean {
    return this.#isHeldStream;
  }

  /** Nothing was sent yet, so an answer of its own is possible. */
  get canAnswer(): boolean {
    return !this.#isGone && (!this.#response.headersSent || this.#isHeldStream);
  }

  /** Runs when the client leaves before it has the whole answer. */
  onDisconnect(act: () => void): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) act();
    });
  }

  /** Waits for a decision; opens a stream and keeps it alive when that takes long and the client reads streams. */
  async whileHeld<T>(decision: Promise<T>): Promise<T> {
    if (this.#mayStream && !this.#isGone && !this.#response.headersSent) this.#timer ??= setInterval(() => this.#keepAlive(), this.#keepAliveMs);
    try {
      return await decision;
    } finally {
      if (!this.#isHeldStream) this.#stopKeepAlive();
    }
  }

  /** Says something of the tap's own while its answer is still to come; opens the stream that needs. False when there is no way to. */
  say(message: Uint8Array): boolean {
    if (this.#isGone || !this.#mayStream || (this.#response.headersSent && !this.#isHeldStream)) return false;
    this.#openHeldStream();
    this.#response.write(sseMessage(message));
    return true;
  }

  head(status: number, reason: string, headers: readonly string[]): void {
    if (this.#isGone || this.#response.headersSent) return;
    this.#response.writeHead(status, reason, [...headers]);
  }

  /** Sends the head at once, before there is a body. */
  flushHead(): void {
    if (!this.#isGone) this.#response.flushHeaders();
  }

  /** Resolves when the client can take more. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#stopKeepAlive();
    if (this.#isGone || bytes.length === 0 || this.#response.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const go = (): void => {
        this.#response.off('drain', go);
        this.#response.off('close', go);
        resolve();
      };
      this.#response.on('drain', go);
      this.#response.on('close', go);
    });
  }

  /** @param trailers  sent only where the body has no stated length. */
  end(bytes?: Uint8Array, trailers: readonly string[] = []): void {
    this.#stopKeepAlive();
    if (this.#isGone) return;
    if (trailers.length > 0) this.#response.addTrailers(pairsOf(trailers));
    this.#response.end(bytes);
  }

  /** JSON-RPC in the server's place: on the stream a hold opened, else as a body of its own. */
  answer(status: number, messages: readonly Uint8Array[], body: Uint8Array): void {
    if (this.#isHeldStream) {
      this.end(Buffer.concat(messages.map((message) => sseMessage(message))));
      return;
    }
    this.head(status, reasonOf(status), ['Content-Type', 'application/json', 'Content-Length', String(body.length)]);
    this.end(body);
  }

  /** Nothing to say: what was sent is ended, or an empty 202. */
  endEmpty(): void {
    this.head(202, reasonOf(202), ['Content-Length', '0']);
    this.end();
  }

  /** Breaks off as the server did: what was sent before arrives, the end does not. */
  reset(): void {
    this.#stopKeepAlive();
    const socket = this.#response.socket;
    if (this.#isGone || socket === null) return;
    if (this.#response.headersSent) this.#response.flushHeaders();
    if (socket.writableLength === 0) this.#response.destroy();
    else socket.once('drain', () => this.#response.destroy());
  }

  #keepAlive(): void {
    if (this.#isGone) return;
    this.#openHeldStream();
    // A comment the client does not take is not repeated: its connection is full, not silent.
    if (!this.#response.writableNeedDrain) this.#response.write(sseKeepAlive);
  }

  #openHeldStream(): void {
    if (this.#response.headersSent) return;
    this.#isHeldStream = true;
    this.head(200, reasonOf(200), streamHead);
  }

  #stopKeepAlive(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** A flat list of names and values, two by two. */
export function pairsOf(fields: readonly string[]): [string, string][] {
  return fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1] ?? ''] as [string, string]] : []));
}

export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}
