/** A stdio client in front of servers reached by URL: official peers of both eras, and raw ones that misbehave. */
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { FileSpool } from '@countersign/adapters/spool/file';
import { observationSchema, type Observation } from '@countersign/contracts';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { defaultPolicy } from '@countersign/policy/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startLegacyServer, startModernServer, startOldestServer, type SdkServer } from '../http/testing/sdk-servers.js';
import { until } from '../testing/tap-bench.js';
import { bundleTap, TestProcess } from '../testing/tap-process.js';
import { TestGate } from '../testing/test-gate.js';

let tap: ReturnType<typeof bundleTap>;
let gate: TestGate;
let dataDir: string;
let count = 0;
/** Other processes have to act in the meantime. */
const turns = 2_000_000;
const toClose: (() => Promise<unknown>)[] = [];

beforeAll(() => {
  tap = bundleTap();
});
beforeEach(async () => {
  count += 1;
  dataDir = join(tap.dir, `data-${count}`);
  mkdirSync(dataDir, { recursive: true });
  gate = new TestGate({ ...defaultPolicy, sessions: { firstCallTier: 'low' } });
  await gate.listen(join(dataDir, 'gate.sock'));
});
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close().catch(() => undefined);
  await gate.close();
});
afterAll(() => tap.remove());

const argsFor = (url: string, more: readonly string[] = []): string[] => [tap.file, 'tap', '--server', 'remote', '--data', dataDir, '--upstream', url, ...more];

async function open<T extends { close(): Promise<unknown> }>(opening: Promise<T>): Promise<T> {
  const opened = await opening;
  toClose.push(() => opened.close());
  return opened;
}

function started(url: string, more: readonly string[] = [], env: Readonly<Record<string, string>> = {}): TestProcess {
  const one = new TestProcess(argsFor(url, more), { env });
  toClose.push(() => {
    one.child.kill('SIGKILL');
    return one.exited;
  });
  return one;
}

async function legacy(url: string): Promise<LegacyClient> {
  const client = new LegacyClient({ name: 'driver', version: '1' }, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
  await client.connect(new LegacyTransport({ command: process.execPath, args: argsFor(url), stderr: 'ignore' }));
  toClose.push(() => client.close());
  return client;
}

async function modern(url: string, mode: 'legacy' | 'auto' | { pin: '2026-07-28' }): Promise<ModernClient> {
  const client = new ModernClient({ name: 'driver', version: '1' }, { capabilities: {}, versionNegotiation: { mode } });
  await client.connect(new ModernTransport({ command: process.execPath, args: argsFor(url), stderr: 'ignore' }));
  toClose.push(() => client.close());
  return client;
}

/** An HTTP server made of one function. */
async function raw(handle: (request: IncomingMessage & { readonly body: string }, response: ServerResponse) => void): Promise<string> {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => handle(Object.assign(request, { body }), response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  toClose.push(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

const json = (response: ServerResponse, body: string, status = 200): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(body);
const line = (id: number | string, method: string, params: unknown = {}): string => `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;

describe('official clients over stdio, official servers over HTTP', () => {
  const servers: readonly (readonly [string, () => Promise<SdkServer>])[] = [['with event streams', () => startLegacyServer()], ['with JSON answers', () => startLegacyServer({ json: true })], ['without sessions', () => startModernServer()]];

  it.each(servers)('v1: a legacy server %s lists, answers, and its session is deleted at the end', async (name, start) => {
    const server = await open(start());
    const client = await legacy(server.url);
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('echo');
    expect(await client.callTool({ name: 'echo', arguments: { text: 'é𝄞\n"' } })).toMatchObject({ content: [{ text: 'é𝄞\n"' }] });
    await client.close();
    if (name !== 'without sessions') await until(() => server.requests.includes('DELETE 200'), turns);
    expect(server.ran).toEqual(['echo é𝄞\n"']);
  });

  it('[T21] v1: progress arrives before the result, and what the server says unasked on its GET stream arrives', async () => {
    const server = await open(startLegacyServer());
    const client = await legacy(server.url);
    const changed = new Promise<void>((resolve) => client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve()));
    const progress: number[] = [];
    expect(await client.callTool({ name: 'count', arguments: { to: 3 } }, undefined, { onprogress: (at) => progress.push(at.progress) })).toMatchObject({ structuredContent: { counted: 3 } });
    expect(progress).toEqual([1, 2, 3]);
    // The stream of the session is opened beside the first calls: the server cannot announce on one that is not there yet.
    await until(() => gate.observations.some(({ message }) => message?.method === 'notifications/initialized'), turns);
    await client.callTool({ name: 'announce', arguments: {} });
    await changed;
  });

  it('[T22] v1: a request of the server’s reaches the client, and its answer the server', async () => {
    const server = await open(startLegacyServer());
    const client = await legacy(server.url);
    expect(await client.callTool({ name: 'ask', arguments: {} })).toMatchObject({ content: [{ text: expect.stringContaining('Ada') as string }] });
    expect(server.ran).toEqual(['ask accept']);
  });

  it('[T33, T34] v1: a stream the server closes before its answer is taken up again where it was', async () => {
    const server = await open(startLegacyServer());
    const client = await legacy(server.url);
    expect(await client.callTool({ name: 'poll', arguments: {} })).toMatchObject({ content: [{ text: 'after the break' }] });
    expect(server.ran).toEqual(['poll']);
  });

  it('v1: a server of 2024-11-05 is spoken to in its own transport', async () => {
    const server = await open(startOldestServer());
    const client = await legacy(server.url);
    expect(await client.callTool({ name: 'echo', arguments: { text: 'old' } })).toMatchObject({ content: [{ text: 'old' }] });
    expect(gate.calls('result')).toHaveLength(1);
  });

  it.each([['auto'], ['legacy'], [{ pin: '2026-07-28' } as const]] as const)('[T28] v2 in mode %j: a modern server answers, with progress', async (mode) => {
    const server = await open(startModernServer());
    const client = await modern(server.url, mode);
    const progress: number[] = [];
    expect(await client.callTool({ name: 'count', arguments: { to: 2 } }, { onprogress: (at) => progress.push(at.progress) })).toMatchObject({ structuredContent: { counted: 2 } });
    expect(progress).toEqual([1, 2]);
    expect(gate.observations.at(-1)).toMatchObject({ transport: 'stdio', era: mode === 'legacy' ? 'legacy' : 'modern' });
  });

  it('[T35] v2: taking a modern request back closes its stream, and the server stops', async () => {
    const server = await open(startModernServer());
    const client = await modern(server.url, { pin: '2026-07-28' });
    const takeBack = new AbortController();
    const call = client.callTool({ name: 'hang', arguments: {} }, { signal: takeBack.signal });
    call.catch(() => undefined);
    await until(() => server.ran.includes('hang'), turns);
    takeBack.abort();
    await expect(call).rejects.toThrow();
    await until(() => server.cancelled.includes('hang'), turns);
  });

  it('[T45, T49, T53] a call above tier low is judged as any other, and denied without a gate', async () => {
    const server = await open(startLegacyServer());
    const client = await legacy(server.url);
    await client.listTools();
    gate.judge = ({ call }) => ({ kind: call?.tool === 'delete_note' ? 'deny' : 'allow' });
    expect(await client.callTool({ name: 'delete_note', arguments: { id: 1 } })).toMatchObject({ isError: true });
    expect(await client.callTool({ name: 'peek', arguments: { id: 2 } })).toMatchObject({ content: [{ text: 'note 2' }] });
    expect(server.ran).toEqual(['peek 2']);
    expect(gate.calls().map(({ call, transport, sessionRule }) => [call?.tool, transport, sessionRule])).toEqual([['delete_note', 'stdio', 'process'], ['peek', 'stdio', 'process']]);
  });
});

describe('a server that misbehaves', () => {
  const answerOf = (body: string): unknown => (JSON.parse(body) as { id: unknown }).id;

  it('[T42] one that is not there is told as such, with the request’s own id; the client’s end ends the tap', async () => {
    const one = started('http://127.0.0.1:1/mcp');
    one.send(line('𝄞', 'tools/list'));
    await one.said('"id":"𝄞"');
    expect(JSON.parse(one.out.toString())).toMatchObject({ id: '𝄞', error: { code: -31995, message: expect.stringContaining('ECONNREFUSED') as string } });
    one.child.stdin.end();
    expect(await one.exited).toEqual({ code: 0, signal: null });
  });

  it('a body of several lines is one line for the client', async () => {
    const one = started(await raw((request, response) => json(response, JSON.stringify({ jsonrpc: '2.0', id: answerOf(request.body), result: { text: 'a\nb' } }, undefined, '\r\n'))));
    one.send(line(1, 'x/y'));
    await one.said('"result"');
    expect(one.out.toString().split('\n')).toHaveLength(2);
    expect(JSON.parse(one.out.toString())).toEqual({ jsonrpc: '2.0', id: 1, result: { text: 'a\nb' } });
  });

  it.each([
    ['[T28] an error without an id', 400, '{"jsonrpc":"2.0","id":null,"error":{"code":-32022,"message":"no","data":{"supported":["2025-11-25"]}}}', { code: -32022, message: 'no', data: { supported: ['2025-11-25'] } }],
    ['[T40] no credentials', 401, 'who are you', { code: -31995, message: expect.stringMatching(/wants credentials.*--header-env/) as string }],
    ['another address', 308, '', { code: -31995, message: expect.stringMatching(/another address/) as string }],
    ['a page', 500, '<html>', { code: -31995, message: expect.stringMatching(/HTTP 500/) as string }],
  ])('%s becomes the answer to the request', async (...[, status, body, error]) => {
    const one = started(await raw((_request, response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(body)));
    one.send(line(7, 'x/y'));
    await one.said('"id":7');
    expect(JSON.parse(one.out.toString())).toEqual({ jsonrpc: '2.0', id: 7, error });
  });

  it('[T42] an answer that breaks off is an error, not silence', async () => {
    const one = started(await raw((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': begun\n\n');
      response.socket?.destroySoon();
    }));
    one.send(line(7, 'x/y'));
    await one.said('"id":7');
    expect(one.out.toString()).toContain('before it was complete');
  });

  it('[T32] a session the server ended is an error to who asks, and the end of the tap, so that its client begins anew', async () => {
    let isOver = false;
    const one = started(await raw((request, response) => {
      if (isOver) return void response.writeHead(404).end();
      response.setHeader('mcp-session-id', 's1');
      return json(response, JSON.stringify({ jsonrpc: '2.0', id: answerOf(request.body), result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'x', version: '1' } } }));
    }));
    one.send(line(0, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }));
    await one.said('"id":0');
    isOver = true;
    one.send(line(1, 'tools/list'));
    expect(await one.exited).toEqual({ code: 1, signal: null });
    expect(one.out.toString()).toContain('"id":1');
    expect(one.err).toContain('ended this session');
  });

  it('notifications reach the server in the order they were sent, also beside a slow request', async () => {
    const seen: string[] = [];
    const slow: ServerResponse[] = [];
    const one = started(await raw((request, response) => {
      const { method, id } = JSON.parse(request.body) as { method: string; id?: number };
      seen.push(method);
      if (id === undefined) response.writeHead(202).end();
      else slow.push(response);
    }));
    one.send(line(1, 'slow'));
    for (let n = 0; n < 20; n += 1) one.send(`{"jsonrpc":"2.0","method":"notifications/${n}"}\n`);
    await until(() => seen.length === 21, turns);
    expect(seen.filter((method) => method !== 'slow')).toEqual(Array.from({ length: 20 }, (_, n) => `notifications/${n}`));
    for (const response of slow) json(response, '{"jsonrpc":"2.0","id":1,"result":{}}');
    await one.said('"id":1');
  });
});

describe('credentials', () => {
  it('a header’s value comes from the environment, goes with every request, and is nowhere else', async () => {
    const secret = 'Bearer s3cr3t-of-the-test';
    const seen: (string | undefined)[] = [];
    const url = await raw((request, response) => {
      seen.push(request.headers.authorization);
      json(response, JSON.stringify({ jsonrpc: '2.0', id: (JSON.parse(request.body || '{}') as { id?: number }).id ?? null, result: {} }));
    });
    const one = started(url, ['--header-env', 'Authorization=REMOTE_TOKEN', '--header-env', 'X-Team=TEAM'], { REMOTE_TOKEN: secret, TEAM: 'blue' });
    one.send(line(1, 'x/y'));
    await one.said('"id":1');
    expect(seen).toEqual([secret]);
    expect(readFileSync(`/proc/${one.child.pid}/cmdline`, 'utf8')).not.toContain('s3cr3t');
    one.child.stdin.end();
    await one.exited;
    expect(one.err).toBe('');
    const recorded = readdirSync(join(dataDir, 'taps')).flatMap((id) => spooled(join(dataDir, 'taps', id, 'spool')));
    expect(JSON.stringify([...recorded, ...gate.observations])).not.toContain('s3cr3t');
  });

  it('a variable that is not set is said by name, and nothing is sent', async () => {
    const one = started('http://127.0.0.1:1/mcp', ['--header-env', 'Authorization=NO_SUCH_VARIABLE']);
    expect(await one.exited).toEqual({ code: 2, signal: null });
    expect(one.err).toContain('NO_SUCH_VARIABLE');
  });
});

function spooled(dir: string): Observation[] {
  const spool = FileSpool.open(dir);
  const entries = spool.read(undefined, 10_000).map(({ record }) => observationSchema.parse(JSON.parse(record)));
  spool.close();
  return entries;
}
