import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { Upstream } from './upstream.js';

const open: { close(): unknown }[] = [];
afterEach(() => {
  for (const peer of open.splice(0)) peer.close();
});

async function setUp(idleConnectionMsMax: number, keepAliveTimeout = 60_000): Promise<{ readonly upstream: Upstream; readonly ports: number[] }> {
  const ports: number[] = [];
  const server = http.createServer({ keepAliveTimeout }, (request, response) => {
    ports.push(request.socket.remotePort ?? 0);
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const upstream = new Upstream(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, { idleConnectionMsMax });
  open.push(upstream, { close: () => server.close() });
  return { upstream, ports };
}

const exchange = async (upstream: Upstream): Promise<void> => {
  await text(await upstream.send({ method: 'POST', path: '/mcp', headers: [], body: Buffer.from('{}'), trailers: [] }).response);
  // The agent takes the connection back one turn after the answer's end.
  await new Promise(setImmediate);
};

/** The process does something else, so that no timer runs. */
function keepBusy(busyMs: number): void {
  const endMs = performance.now() + busyMs;
  while (performance.now() < endMs);
}

describe('connections to the server', () => {
  it('one connection serves calls that follow each other', async () => {
    const { upstream, ports } = await setUp(60_000);
    for (let call = 0; call < 3; call += 1) await exchange(upstream);
    expect(new Set(ports).size).toBe(1);
    expect(ports).toHaveLength(3);
  });

  it.each([
    ['the tap allows', 30, 60_000],
    ['the server says it keeps one', 60_000, 2_030],
  ])('[T42] a connection unused for longer than %s is not used again, also when the timer that closes it is late', async (...[, idleConnectionMsMax, keepAliveTimeout]) => {
    const { upstream, ports } = await setUp(idleConnectionMsMax, keepAliveTimeout);
    await exchange(upstream);
    keepBusy(1_100);
    await exchange(upstream);
    expect(new Set(ports).size).toBe(2);
  });
});
