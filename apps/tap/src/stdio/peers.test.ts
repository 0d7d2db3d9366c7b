/** Official servers and official clients through a stdio tap with a gate, beside the same without one. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Client as ModernClient } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { defaultPolicy } from '@countersign/policy/runtime';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { bundleTap, scriptedServer, TestProcess } from '../testing/tap-process.js';
import { TestGate } from '../testing/test-gate.js';
import { until } from '../testing/tap-bench.js';

const require = createRequire(import.meta.url);
const serverFile = (name: string): string => join(dirname(require.resolve(`@modelcontextprotocol/${name}/package.json`)), 'dist', 'index.js');
let tap: ReturnType<typeof bundleTap>;
let gate: TestGate;
let dataDir: string;
let count = 0;
const open: TestProcess[] = [];

beforeAll(() => {
  tap = bundleTap();
});
beforeEach(async () => {
  count += 1;
  dataDir = join(tap.dir, `data-${count}`);
  mkdirSync(dataDir, { recursive: true });
  gate = new TestGate();
  await gate.listen(join(dataDir, 'gate.sock'));
});
afterEach(async () => {
  for (const { child } of open.splice(0)) child.kill('SIGKILL');
  await gate.close();
});
afterAll(() => tap.remove());

const tapped = (command: readonly string[]): string[] => [tap.file, 'tap', '--server', 'peer', '--data', dataDir, '--', ...command];

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): TestProcess {
  const started = new TestProcess(args, { env });
  open.push(started);
  return started;
}

/** One request after the other, so that both runs see the same order. */
async function session(started: TestProcess, requests: readonly string[]): Promise<string> {
  for (const [index, text] of requests.entries()) {
    started.send(`${text}\n`);
    if (text.includes('"id"')) await started.said(`"id":${index}`);
  }
  started.child.stdin.end();
  await started.exited;
  return started.out.toString();
}

const rpc = (method: string, params: unknown = {}) => ({ jsonrpc: '2.0', method, params });
const numbered = (messages: readonly { method: string }[]): string[] => messages.map((message, id) => JSON.stringify(message.method.startsWith('notifications/') ? message : { ...message, id }));
const opening = [
  rpc('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'peers', version: '1' } }),
  rpc('notifications/initialized'),
  rpc('tools/list'),
];
const call = (name: string, args: unknown) => rpc('tools/call', { name, arguments: args });

describe('official servers', () => {
  it('[T1, T55] server-filesystem says through the tap, byte for byte, what it says without', { timeout: 60_000 }, async () => {
    const folder = join(tap.dir, 'files');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.txt'), 'é € 𝄞\n');
    const requests = numbered([...opening, call('list_directory', { path: folder }), call('read_text_file', { path: join(folder, 'a.txt') }), call('write_file', { path: join(folder, 'b.txt'), content: 'x' }), call('no_such_tool', {}), rpc('no/such/method'), call('read_text_file', { path: '/etc/passwd' })]);
    const command = [serverFile('server-filesystem'), folder];
    const direct = await session(start(command), requests);
    rmSync(join(folder, 'b.txt'));
    const through = await session(start(tapped([process.execPath, ...command])), requests);
    expect(through).toBe(direct);
    expect(direct.split('\n')).toHaveLength(requests.length);
    await until(() => gate.kinds('epoch-closed').length === 1);
    expect(gate.calls().map(({ call: seen }) => seen?.tool)).toEqual(['list_directory', 'read_text_file', 'write_file', 'no_such_tool', 'read_text_file']);
    expect(gate.calls('result').map(({ call: seen }) => seen?.isError)).toEqual([false, false, false, true, true]);
  });

  it('[T1, T55] server-memory too', { timeout: 60_000 }, async () => {
    const requests = numbered([...opening, call('create_entities', { entities: [{ name: 'Ada', entityType: 'person', observations: ['é'] }] }), call('read_graph', {}), call('delete_entities', { entityNames: ['Ada'] }), call('read_graph', {})]);
    const command = [serverFile('server-memory')];
    const memory = (name: string) => ({ MEMORY_FILE_PATH: join(tap.dir, `${name}-${count}.json`) });
    const direct = await session(start(command, memory('direct')), requests);
    const through = await session(start(tapped([process.execPath, ...command]), memory('through')), requests);
    expect(through).toBe(direct);
    expect(direct).toContain('Ada');
  });
});

describe('official clients', () => {
  const clients = {
    'sdk 1.32.2': async (command: string, args: string[]) => {
      const client = new LegacyClient({ name: 'legacy', version: '1' });
      await client.connect(new LegacyTransport({ command, args, stderr: 'pipe' }));
      return { tools: async () => (await client.listTools()).tools, call: (name: string, args: Record<string, unknown>): Promise<unknown> => client.callTool({ name, arguments: args }), close: () => client.close() };
    },
    'client 2.4.0, legacy': async (command: string, args: string[]) => modern({ command, args }, 'legacy'),
    'client 2.4.0, auto': async (command: string, args: string[]) => modern({ command, args }, 'auto'),
  };
  async function modern(server: { command: string; args: string[] }, mode: 'legacy' | 'auto') {
    const client = new ModernClient({ name: 'modern', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new ModernTransport({ ...server, stderr: 'pipe' }));
    return { tools: async () => (await client.listTools()).tools, call: (name: string, args: Record<string, unknown>): Promise<unknown> => client.callTool({ name, arguments: args }), close: () => client.close() };
  }

  it.each(Object.entries(clients))('[T28, T45] %s sees the same tools and results, and a refusal as a tool error', async (_, connect) => {
    const folder = join(tap.dir, `client-${count}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.txt'), 'hello');
    const command = [serverFile('server-filesystem'), folder];
    const direct = await connect(process.execPath, command);
    const through = await connect(process.execPath, tapped([process.execPath, ...command]));
    expect(await through.tools()).toEqual(await direct.tools());
    expect(await through.call('read_text_file', { path: join(folder, 'a.txt') })).toEqual(await direct.call('read_text_file', { path: join(folder, 'a.txt') }));
    gate.judge = ({ call: seen }) => ({ kind: seen?.tool === 'write_file' ? 'deny' : 'allow' });
    expect(await through.call('write_file', { path: join(folder, 'b.txt'), content: 'x' })).toMatchObject({ isError: true, content: [{ type: 'text', text: expect.stringMatching(/^Countersign refused/) as string }] });
    expect(existsSync(join(folder, 'b.txt'))).toBe(false);
    await Promise.all([direct.close(), through.close()]);
  });
});

describe('a held call of a real process', () => {
  const write = { jsonrpc: '2.0', id: 'w', method: 'tools/call', params: { name: 'write_note', arguments: { text: 'x' } } };

  async function held(): Promise<{ readonly started: TestProcess; readonly executed: string }> {
    gate.judge = ({ call: seen }) => (seen?.tool === 'write_note' ? undefined : { kind: 'allow' });
    const executed = join(dataDir, 'executed');
    const started = start(tapped([process.execPath, scriptedServer, executed]));
    started.send(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })}\n`);
    await started.said('"id":1');
    started.send(`${JSON.stringify(write)}\n`);
    await observed();
    return { started, executed };
  }
  const observed = (): Promise<void> => until(() => gate.calls().length === 1, 2_000_000);
  const firstCall = () => gate.calls()[0] as never;

  it('[T46] reaches the server only on its approval', async () => {
    const { started, executed } = await held();
    gate.verdict(firstCall(), { kind: 'step_up' });
    started.send(`${JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/list' })}\n`);
    await started.said('"id":2');
    expect(existsSync(executed)).toBe(false);
    gate.decide(firstCall(), 'approved');
    await started.said('"id":"w"');
    expect(readFileSync(executed, 'utf8')).toBe('{"name":"write_note","arguments":{"text":"x"}}\n');
    await until(() => gate.kinds('grant-consumed').length === 1, 2_000_000);
  });

  it.each([
    ['the tap is killed', async (started: TestProcess) => {
      started.child.kill('SIGKILL');
      await started.exited;
    }],
    ['the client closes its end while people decide', async (started: TestProcess) => {
      started.child.stdin.end();
      await until(() => gate.kinds('held-ended').length === 1, 2_000_000);
    }],
  ] as const)('[P1, P5] is not sent when %s', async (_, act) => {
    const { started, executed } = await held();
    gate.verdict(firstCall(), { kind: 'step_up' });
    await act(started);
    gate.decide(firstCall(), 'approved');
    await started.exited;
    expect(existsSync(executed)).toBe(false);
  });

  it('[P5, T49] is refused when the gate dies under it, and the process lives on', async () => {
    const { started, executed } = await held();
    gate.hangUp();
    await gate.close();
    await started.said('"id":"w"');
    expect(started.out.toString()).toMatch(/"id":"w","result":.*"isError":true.*gate-unavailable/);
    started.send(`${JSON.stringify({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'list_notes' } })}\n`);
    await started.said('"id":3');
    expect(readFileSync(executed, 'utf8')).toBe('{"name":"list_notes"}\n');
    gate = new TestGate();
    await gate.listen(join(dataDir, 'gate.sock'));
  });

  it('[T45] in observe mode nothing waits', async () => {
    await gate.close();
    gate = new TestGate({ ...defaultPolicy, mode: 'observe' });
    await gate.listen(join(dataDir, 'gate.sock'));
    gate.judge = () => undefined;
    const executed = join(dataDir, 'executed');
    const started = start(tapped([process.execPath, scriptedServer, executed]));
    started.send(`${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' })}\n`);
    await until(() => gate.observations.length > 0, 2_000_000);
    started.send(`${JSON.stringify(write)}\n`);
    await started.said('"id":"w"');
    expect(readFileSync(executed, 'utf8')).toContain('write_note');
  });
});
