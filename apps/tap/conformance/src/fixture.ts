/** The server under test: every name the conformance suite asks for, in both eras, on one loopback address. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, isLegacyRequest, type McpHttpHandler } from '@modelcontextprotocol/server';
import { LegacySessions } from './legacy-sessions.js';
import { makeServer } from './make-server.js';

export interface Fixture {
  /** Its host is `localhost`: the suite tests what happens under other names. */
  readonly url: string;
  close(): Promise<void>;
}

export async function startFixture(): Promise<Fixture> {
  const notify = () => modern.notify;
  const modern: McpHttpHandler = createMcpHandler(() => makeServer({ era: 'modern', notify }), { legacy: 'reject' });
  const legacy = new LegacySessions(() => makeServer({ era: 'legacy', notify }));
  const handle = toNodeHandler({ fetch: async (request, options) => ((await isLegacyRequest(request)) ? legacy.fetch(request) : modern.fetch(request, options)) });
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const listener = createServer((request, response) => {
    if (!isLocalHost(request, response) || !isLocalOrigin(request, response)) return;
    void handle(request as Parameters<typeof handle>[0], response as Parameters<typeof handle>[1]);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(listener.address() as AddressInfo).port}/mcp`,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        listener.closeAllConnections();
      }),
  };
}
