/**
 * The Streamable HTTP tap: a reverse proxy for one MCP server that relays original bytes and has a copy judged.
 * RT1. Nothing is rewritten but hop-by-hop headers and `Host`; nothing goes anywhere but to the one upstream.
 * RT2. It listens where it was told, loopback by default of its caller, and refuses names and origins that are not its own (T41).
 * RT3. Long silence is no fault: no timeout of ours ends a body or a stream (T36); heads have 60 s to arrive.
 * RT4. No body, credential or query string is ever logged (T40).
 */
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TapCore } from '../passage.js';
import { ByteBudget } from './byte-budget.js';
import { relayExchange } from './exchange.js';
import type { House } from './house.js';
import { defaultHttpLimits, type HttpLimits } from './limits.js';
import { oauthAsItIs, oauthRewritten } from './oauth-rewrite.js';
import { ClientIdentities } from './request-facts.js';
import { SessionTable } from './sessions.js';
import { headerBytesMax, Upstream } from './upstream.js';

export interface HttpTapOptions {
  readonly core: TapCore;
  /** URL of the server's MCP endpoint; only its origin is used, except that `/` at the tap stands for its path. */
  readonly upstream: string;
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
  /** One line per event worth an operator's eye. */
  readonly log: (line: string) => void;
  readonly limits?: Partial<HttpLimits>;
  /** Shows clients the tap's address as the protected resource; tokens are then issued for the tap. Default: no. */
  readonly oauthRewrite?: boolean;
  /** Milliseconds; for the idle gap of sessions. */
  readonly nowMs?: () => number;
}

export interface HttpTap {
  readonly port: number;
  /** Ends every exchange and session, then resolves. The core stays open: its owner closes it. */
  close(): Promise<void>;
}

/** Rejects when the upstream is not a URL or the address cannot be bound; after that no input ends the tap. */
export async function runHttpTap(options: HttpTapOptions): Promise<HttpTap> {
  const limits = { ...defaultHttpLimits, ...options.limits };
  const upstream = new Upstream(options.upstream, limits);
  const isOauthRewritten = options.oauthRewrite === true;
  let isSignInSaid = false;
  if (isOauthRewritten) options.log(oauthRewritten);
  const house: House = {
    core: options.core,
    upstream,
    sessions: new SessionTable(options.core, limits),
    limits,
    budget: new ByteBudget(limits.bufferedBytesMax),
    listenHost: options.listen.host,
    identities: new ClientIdentities(randomBytes(32)),
    isOauthRewritten,
    signInAsked: () => {
      if (!isOauthRewritten && !isSignInSaid) options.log(oauthAsItIs);
      isSignInSaid = true;
    },
    nowMs: options.nowMs ?? Date.now,
    log: options.log,
  };
  const server = makeListener((request, response) => void relayExchange(house, request, response), limits);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.listen.port, options.listen.host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  server.on('error', (error) => options.log(`The listener of the tap reported: ${error.message}.`));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      house.sessions.endAll('tap-closed');
      upstream.close();
    },
  };
}

/** A server none of whose time-outs ends a body or an answer; exported so that a test can hold it to that. */
export function makeListener(handle: http.RequestListener, limits: HttpLimits): http.Server {
  const server = http.createServer({ requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 75_000, maxHeaderSize: headerBytesMax, noDelay: true }, handle);
  server.maxConnections = limits.connectionsMax;
  server.timeout = 0;
  return server;
}
