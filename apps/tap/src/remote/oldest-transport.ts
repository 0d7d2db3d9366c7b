/**
 * The transport of 2024-11-05: one GET stream that everything comes on; its first event names where messages are POSTed.
 * OT1. That address must be of the stream's own origin: a server cannot have a client's messages sent elsewhere.
 * OT2. When the stream ends there is no conversation any more.
 */
import { mediaTypeOf } from '@countersign/wire';
import { ByteBudget } from '../http/byte-budget.js';
import { readBody } from '../http/read-body.js';
import type { Sent } from '../http/upstream.js';
import { followEvents } from './event-stream.js';

const endpointMs = 10_000;
const errorBytesMax = 256 * 1024;

export type SendRequest = (method: string, headers: readonly string[], options?: { readonly body: Uint8Array; readonly path: string }) => Sent;

export interface OldestOptions {
  readonly eventBytesMax: number;
  readonly onMessage: (data: Uint8Array) => Promise<void>;
  readonly onEnd: () => void;
}

export class OldestTransport {
  readonly #send: SendRequest;
  readonly #options: OldestOptions;
  #stream: Sent | undefined;
  #path: string | undefined;

  constructor(send: SendRequest, options: OldestOptions) {
    this.#send = send;
    this.#options = options;
  }

  /** @returns whether the server speaks it: its stream opened and named an address. */
  async open(): Promise<boolean> {
    this.#stream = this.#send('GET', []);
    const response = await this.#stream.response.catch(() => undefined);
    if (response?.statusCode !== 200 || mediaTypeOf(response.rawHeaders) !== 'text/event-stream') {
      this.close();
      return false;
    }
    const { eventBytesMax, onMessage, onEnd } = this.#options;
    const named = new Promise<boolean>((resolve) => {
      const late = setTimeout(() => resolve(false), endpointMs);
      const settle = (isOpen: boolean): void => {
        clearTimeout(late);
        resolve(isOpen);
      };
      const onEndpoint = (address: string): void => {
        this.#path ??= pathOf(address);
        settle(this.#path !== undefined);
      };
      void followEvents(response, { eventBytesMax, place: { lastEventId: undefined, retryMs: undefined }, onMessage, onEndpoint }).then(() => {
        settle(false);
        if (this.#path !== undefined) onEnd();
      });
    });
    if (await named) return true;
    this.close();
    return false;
  }

  /** @returns what the server said when it did not take the message. */
  async post(body: Uint8Array): Promise<{ readonly status: number; readonly body: Uint8Array } | undefined> {
    try {
      const response = await this.#send('POST', [], { body, path: this.#path ?? '/' }).response;
      const status = response.statusCode ?? 0;
      const read = await readBody(response, { bytesMax: errorBytesMax, loan: new ByteBudget(errorBytesMax * 2).open() });
      if (read.kind !== 'whole') response.destroy();
      return status >= 200 && status < 300 ? undefined : { status, body: read.kind === 'whole' ? read.bytes : new Uint8Array(0) };
    } catch {
      return { status: 502, body: new Uint8Array(0) };
    }
  }

  close(): void {
    this.#stream?.abort(false);
  }
}

const anywhere = 'http://stream.invalid';

/** @param address relative, or with an origin, which then is not looked at: messages go to the stream's own. */
function pathOf(address: string): string | undefined {
  if (!URL.canParse(address.trim(), anywhere)) return undefined;
  const { pathname, search } = new URL(address.trim(), anywhere);
  return `${pathname}${search}`;
}
