import { afterEach, describe, expect, it } from 'vitest';
import { runHttpTap, type HttpTap } from './run.js';
import { post, RawClient } from './testing/raw-peers.js';
import { RecordingCore } from './testing/recording-core.js';
import { clientKinds, connectClient, type ClientKind, type DrivenClient } from './testing/sdk-clients.js';
import { startLegacyServer, startModernServer, startOldestServer, type SdkServer } from './testing/sdk-servers.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

async function tapFor(server: SdkServer): Promise<{ readonly core: RecordingCore; readonly tap: HttpTap; readonly url: string; readonly log: string[] }> {
  const core = new RecordingCore();
  const log: string[] = [];
  const tap = await runHttpTap({ core, upstream: server.url, listen: { host: '127.0.0.1', port: 0 }, log: (line) => log.push(line) });
  open.push(tap);
  return { core, tap, url: `http://127.0.0.1:${tap.port}/mcp`, log };
}

async function client(kind: ClientKind, url: string): Promise<DrivenClient> {
  const connected = await connectClient(kind, url);
  open.push(connected);
  return connected;
}

async function started(server: Promise<SdkServer>): Promise<SdkServer> {
  open.push(await server);
  return server;
}

const outcome = (promise: Promise<unknown>) => promise.then((value) => ({ value }), (error: Error) => ({ error: error.message, code: (error as { code?: unknown }).code }));

/** Everything a client can tell of a server, in order. */
async function script(kind: ClientKind, url: string): Promise<unknown[]> {
  const connecting = await outcome(client(kind, url));
  if ('error' in connecting) return [connecting.error.replaceAll(/:\d+/g, ''), connecting.code];
  const peer = connecting.value as DrivenClient;
  const told: unknown[] = [peer.serverName(), await peer.listTools()];
  const progress: number[] = [];
  told.push(await outcome(peer.call('echo', { text: 'grüße 𝄞 \u2028' })));
  told.push(await outcome(peer.call('count', { to: 5 }, { onprogress: (step) => progress.push(step.progress) })), progress);
  told.push(await outcome(peer.call('fail', {})), await outcome(peer.call('none', {})), await outcome(peer.call('echo', { text: 1 })));
  const many = await Promise.all(Array.from({ length: 20 }, (_, index) => outcome(peer.call('echo', { text: `n${index}` }))));
  return [...told, many];
}

const servers = { modern: startModernServer, 'legacy with event streams': () => startLegacyServer(), 'legacy with JSON answers': () => startLegacyServer({ json: true }) };

describe.each(Object.entries(servers))('a server of the SDK, %s', (_name, start) => {
  it.each(clientKinds)('[T28] [T31] [T21] the %s client tells the same story with and without the tap', async (kind) => {
    const server = await started(start());
    const direct = await script(kind, server.url);
    const ranDirect = server.ran.splice(0).toSorted();
    const { url, core } = await tapFor(server);
    expect(await script(kind, url)).toEqual(direct);
    expect(server.ran.toSorted()).toEqual(ranDirect);
    // Each call and each answer of it was offered once, whatever carried it.
    const count = (part: string) => core.seen.filter((line) => line.includes(part)).length;
    if (ranDirect.length > 0) expect([count('"n7"'), count('"id":3,') % 2]).toEqual([2, 0]);
  });
});

describe('a legacy session', () => {
  it('[T31] [T37] two clients with equal ids keep their sessions and answers apart', async () => {
    const server = await started(startLegacyServer());
    const { url, core } = await tapFor(server);
    const [a, b] = [await client('v1', url), await client('v1', url)];
    const answers = await Promise.all(Array.from({ length: 10 }, (_, index) => Promise.all([a.call('echo', { text: `a${index}` }), b.call('echo', { text: `b${index}` })])));
    answers.forEach(([ofA, ofB], index) => {
      expect(ofA).toMatchObject({ content: [{ text: `a${index}` }] });
      expect(ofB).toMatchObject({ content: [{ text: `b${index}` }] });
    });
    expect(core.streams.map((stream) => stream.info.sessionRule)).toEqual(['mcp-session-id', 'mcp-session-id']);
    for (const [index, mine] of ['a', 'b'].entries()) {
      const texts = core.streams[index]!.arrivals.map((arrival) => Buffer.from(arrival.bytes).toString());
      expect(texts.filter((text) => text.includes('"initialize"'))).toHaveLength(1);
      expect(texts.filter((text) => text.includes('echo') && !text.includes(`"${mine}`) && !text.includes('tools/list'))).toEqual([]);
    }
  });

  it('[T22] the server asks the client in the middle of a call, and gets its answer', async () => {
    const server = await started(startLegacyServer());
    const { url, core } = await tapFor(server);
    const peer = await client('v1', url);
    expect(await peer.call('ask', {})).toMatchObject({ content: [{ text: '{"action":"accept","content":{"name":"Ada"}}' }] });
    expect(core.seen.filter((line) => line.startsWith('<') && line.includes('elicitation/create'))).toHaveLength(1);
    expect(core.seen.filter((line) => line.startsWith('>') && line.includes('"Ada"'))).toHaveLength(1);
  });

  it('[T32] [T21] what the server says on the GET stream arrives', async () => {
    const server = await started(startLegacyServer());
    const { url } = await tapFor(server);
    const peer = await client('v1', url);
    const changed = new Promise<void>((resolve) => peer.onToolsChanged(resolve));
    await peer.call('announce', {});
    await changed;
  });

  it('[T33] [T34] a stream closed early by the server is resumed by the client, and its answer recorded once', async () => {
    const server = await started(startLegacyServer());
    const { url, core, log } = await tapFor(server);
    const peer = await client('v1', url);
    expect(await peer.call('poll', {})).toMatchObject({ content: [{ text: 'after the break' }] });
    expect(core.seen.filter((line) => line.includes('after the break'))).toHaveLength(1);
    expect(log.filter((line) => line.includes('broke off'))).toEqual([]);
  });

  it('[T32] DELETE ends it, and the next request gets the server\'s own 404', async () => {
    const server = await started(startLegacyServer());
    const { tap, url, core } = await tapFor(server);
    const peer = await client('v1', url);
    await peer.terminate();
    await peer.close();
    while (core.streams[0]?.ended === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(core.streams[0]?.ended).toBe('deleted');
    const raw = new RawClient(tap.port);
    open.push({ close: () => raw.socket.destroy() });
    raw.send(post('{"jsonrpc":"2.0","id":1,"method":"ping"}', { headers: ['Mcp-Session-Id: dead'] }));
    const answer = await raw.answer();
    expect([answer.head[0], answer.body.toString()]).toEqual(['HTTP/1.1 404 Not Found', '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}']);
  });

  it('[T35] a client that disconnects closes its answer and cancels nothing', async () => {
    const server = await started(startLegacyServer());
    const { url, core } = await tapFor(server);
    const peer = await client('v1', url);
    void peer.call('hang', {}).catch(() => undefined);
    while (server.ran.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    const before = server.requests.length;
    await peer.close();
    while (server.requests.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
    expect([server.cancelled, core.streams.flatMap((stream) => stream.withdrawn)]).toEqual([[], []]);
  });
});

describe('the transport of 2024-11-05', () => {
  it('[T28] [T22] [T31] works through the tap, each session one stream although its answers come on another connection', async () => {
    const server = await started(startOldestServer());
    const direct = await script('v1 oldest', server.url);
    const { url, core } = await tapFor(server);
    expect(await script('v1 oldest', url)).toEqual(direct);
    const second = await client('v1 oldest', url);
    expect(await second.call('ask', {})).toMatchObject({ content: [{ text: '{"action":"accept","content":{"name":"Ada"}}' }] });
    for (const stream of core.streams) {
      const texts = stream.arrivals.map((arrival) => Buffer.from(arrival.bytes).toString());
      expect(texts.filter((text) => text.includes('"initialize"'))).toHaveLength(1);
      expect(texts.filter((text) => text.includes('"serverInfo"'))).toHaveLength(1);
    }
    expect(core.streams).toHaveLength(2);
  });
});

describe('the modern era', () => {
  it('[T35] a client that disconnects takes its request back, at the server and at the gate', async () => {
    const server = await started(startModernServer());
    const { url, core } = await tapFor(server);
    const peer = await client('v2 modern', url);
    const abort = new AbortController();
    const call = outcome(peer.call('hang', {}, { signal: abort.signal }));
    while (server.ran.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    await call;
    while (server.cancelled.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(core.streams.flatMap((stream) => stream.withdrawn)).toHaveLength(1);
  });

  it('[T35] [T23] a held request whose client left is never sent', async () => {
    const server = await started(startModernServer());
    const { url, core } = await tapFor(server);
    const peer = await client('v2 modern', url);
    core.decide = (arrival, text) => {
      if (arrival.direction !== 'client-to-server' || !text.includes('"echo"')) return undefined;
      return new Promise((resolve) => (core.onWithdraw = () => resolve({ kind: 'drop' })));
    };
    const abort = new AbortController();
    const call = outcome(peer.call('echo', { text: 'held' }, { signal: abort.signal }));
    while (!core.seen.some((line) => line.includes('held'))) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort();
    await call;
    core.decide = () => undefined;
    await peer.call('echo', { text: 'next' });
    expect(server.ran).toEqual(['echo next']);
  });

  it.each(['v1', 'v2 legacy', 'v2 modern'] as const)('[T45] a refusal of the core is an answer the %s client understands', async (kind) => {
    const server = await started(startModernServer());
    const { url, core } = await tapFor(server);
    core.decide = (arrival, text) => {
      if (arrival.direction !== 'client-to-server' || !text.includes('"tools/call"')) return undefined;
      const { id } = JSON.parse(text) as { id: number };
      return { kind: 'answer', bytes: Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', isError: true, content: [{ type: 'text', text: 'refused' }] } })) };
    };
    const peer = await client(kind, url);
    expect(await peer.call('echo', { text: 'x' })).toMatchObject({ isError: true, content: [{ text: 'refused' }] });
    expect(server.ran).toEqual([]);
  });

  it.each(['v1', 'v2 modern'] as const)('[T47] an answer on the stream a long hold opened is understood by the %s client', async (kind) => {
    const server = await started(startModernServer());
    const core = new RecordingCore();
    const tap = await runHttpTap({ core, upstream: server.url, listen: { host: '127.0.0.1', port: 0 }, log: () => undefined, limits: { keepAliveMs: 5 } });
    open.push(tap);
    core.decide = (arrival, text) => (arrival.direction === 'client-to-server' && text.includes('"echo"') ? new Promise((resolve) => setTimeout(() => resolve({ kind: 'forward', bytes: arrival.bytes }), 60)) : undefined);
    const peer = await client(kind, `http://127.0.0.1:${tap.port}/`);
    expect(await peer.call('echo', { text: 'late' })).toMatchObject({ content: [{ text: 'late' }] });
  });
});
