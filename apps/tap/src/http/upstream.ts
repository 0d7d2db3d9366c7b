/**
 * The way to the one server behind this tap.
 * US1. Everything goes to the configured origin, whatever the request says; redirects are the client's to follow.
 * US2. Nothing is ever sent twice: a call that may have run is not repeated here.
 * US3. No timeout of ours ends a response that is merely silent (T36).
 * US4. A connection nobody used for `idleConnectionMsMax` is not used again, also when a busy process lets its timer come late:
 *      the server may just be closing it, and US2 forbids a second try.
 */
import http from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { headerValue, upstreamRequestHeaders, type RawHeaders } from '@countersign/wire';
import { pairsOf } from './client-side.js';

export const headerBytesMax = 64 * 1024;

export interface UpstreamRequest {
  readonly method: string;
  /** The request target as the client wrote it. */
  readonly path: string;
  readonly headers: RawHeaders;
  readonly body: Uint8Array | undefined;
  /** Fields the client sent after a body in chunks. */
  readonly trailers: RawHeaders;
}

/** A request on its way. `response` rejects when the connection fails before the head of the answer. */
export interface Sent {
  readonly response: Promise<http.IncomingMessage>;
  /** Breaks off. With `afterBody` the server has got the whole request first (a disconnect that is no cancel). */
  abort(afterBody: boolean): void;
}

export class Upstream {
  readonly #url: URL;
  readonly #agent: http.Agent;
  readonly #idleMsMax: number;
  readonly #freeSinceMs = new WeakMap<Duplex, number>();

  /** @param url http or https; throws a sentence otherwise. */
  constructor(url: string, options: { readonly idleConnectionMsMax: number }) {
    if (!URL.canParse(url)) throw new Error(`The upstream "${url}" is not a URL. Give one such as https://example.com/mcp.`);
    this.#url = new URL(url);
    if (this.#url.protocol !== 'http:' && this.#url.protocol !== 'https:') throw new Error('The upstream must be an http or https URL.');
    // The agent's time-out destroys only connections nobody uses; on a used one it is an event without listeners.
    const pool = { keepAlive: true, timeout: options.idleConnectionMsMax, scheduling: 'lifo' as const };
    this.#agent = this.#url.protocol === 'https:' ? new https.Agent(pool) : new http.Agent(pool);
    this.#idleMsMax = options.idleConnectionMsMax;
    this.#agent.on('free', (socket: Duplex) => this.#freeSinceMs.set(socket, performance.now()));
  }

  get origin(): string {
    return this.#url.origin;
  }

  /**
   * Is this where the server speaks MCP? `/` stands for the upstream's own path, so that the bare address of the tap works too.
   * Spellings that a router may take for the same path count as it.
   */
  isMcpPath(path: string): boolean {
    return canonicalPath(this.#target(path)) === canonicalPath(this.#url.pathname);
  }

  send(request: UpstreamRequest): Sent {
    this.#dropStale();
    const headers = upstreamRequestHeaders(request.headers, this.#url.host);
    if (headerValue(request.headers, 'transfer-encoding') !== undefined && request.body !== undefined) headers.push('Transfer-Encoding', 'chunked');
    const make = this.#url.protocol === 'https:' ? https.request : http.request;
    const outgoing = make({
      protocol: this.#url.protocol,
      hostname: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port,
      method: request.method,
      path: this.#target(request.path),
      headers,
      agent: this.#agent,
      maxHeaderSize: headerBytesMax,
      setHost: false,
    });
    outgoing.setNoDelay(true);
    const response = new Promise<http.IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve);
      // Stays attached: a connection may fail again after it gave an answer, and that failure shows in the answer's stream.
      outgoing.on('error', reject);
    });
    if (request.trailers.length > 0) outgoing.addTrailers(pairsOf(request.trailers));
    outgoing.end(request.body);
    return {
      response,
      abort: (afterBody) => {
        if (!afterBody || outgoing.writableFinished) outgoing.destroy();
        else outgoing.once('finish', () => outgoing.destroy());
      },
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #dropStale(): void {
    const nowMs = performance.now();
    for (const sockets of Object.values(this.#agent.freeSockets)) {
      for (const socket of sockets ?? []) {
        // Shorter where the server said so: Node then sets that as the time-out of the idle socket.
        const idleMsMax = Math.min(socket.timeout ?? this.#idleMsMax, this.#idleMsMax);
        if (nowMs - (this.#freeSinceMs.get(socket) ?? nowMs) >= idleMsMax) socket.destroy();
      }
    }
  }

  #target(path: string): string {
    if (path === '*') return path;
    const local = path.startsWith('/') ? path : path.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') || '/';
    if (local === '/' && this.#url.pathname !== '/') return `${this.#url.pathname}${this.#url.search}`;
    return local.startsWith('?') ? `/${local}` : local;
  }
}

function canonicalPath(target: string): string {
  const path = target.split(/[?#;]/, 1)[0] ?? target;
  const parts = path.replace(/%([0-9a-f]{2})/gi, (_escape, hex: string) => String.fromCharCode(parseInt(hex, 16))).toLowerCase().split(/[/\\]+/);
  const kept: string[] = [];
  for (const part of parts) {
    if (part === '..') kept.pop();
    else if (part !== '.' && part !== '') kept.push(part);
  }
  return kept.join('/');
}
