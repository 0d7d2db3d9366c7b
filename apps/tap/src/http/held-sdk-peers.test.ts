/** Held, refused and changed calls between real clients and servers of both eras, over HTTP; the core's time is moved by the test. */
import { defaultPolicy, type Policy } from '@countersign/policy/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../testing/tap-bench.js';
import { approvalsPage, startGatedTap, type GatedTap } from './testing/core-tap.js';
import { connectClient, type ClientKind, type ClientOptions, type DrivenClient } from './testing/sdk-clients.js';
import { startLegacyServer, startModernServer, type SdkServer } from './testing/sdk-servers.js';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

const policy: Policy = { ...defaultPolicy, sessions: { firstCallTier: 'low' } };
const turnsMax = 2_000_000;

interface Peers {
  readonly server: SdkServer;
  readonly tap: GatedTap;
  readonly client: DrivenClient;
  readonly url: string;
}

async function peers(kind: ClientKind, server: Promise<SdkServer>, { changed = policy, ...options }: ClientOptions & { readonly changed?: Policy } = {}): Promise<Peers> {
  const started = await server;
  open.push(started);
  const tap = await startGatedTap(started.url, changed);
  open.push(tap);
  const url = `http://127.0.0.1:${tap.port}/mcp`;
  const client = await connectClient(kind, url, options);
  open.push(client);
  await client.listTools();
  return { server: started, tap, client, url };
}

const held = (tap: GatedTap, tool: string) => tap.gate.calls().find(({ call }) => call?.tool === tool) as never;

/** The call is held for people, and the gate's word of it has arrived: that of a later call did, on the same connection. */
async function steppedUp({ tap, client, server }: Peers, tool: string): Promise<void> {
  tap.gate.judge = ({ call }) => ({ kind: call?.tool === tool && call.phase === 'request' ? 'step_up' : 'allow' });
  await until(() => held(tap, tool) !== undefined, turnsMax);
  await client.call('echo', { text: 'later' });
  expect(server.ran.splice(0)).toEqual(['echo later']);
}

describe('a legacy client of the SDK that can be asked', () => {
  it('[T47] is shown the approval page while its call is held, on the very stream of the call, and gets its result on the yes', async () => {
    const shown: Record<string, unknown>[] = [];
    const all = await peers('v1', startLegacyServer(), { elicitation: { form: {}, url: {} }, elicit: (params) => (shown.push(params), { action: 'accept' }) });
    const { server, tap, client } = all;
    const call = client.call('delete_note', { id: 7 });
    await steppedUp(all, 'delete_note');
    await tap.clock.advance(10_000);
    await until(() => shown.length === 1, turnsMax);
    expect(shown).toMatchObject([{ mode: 'url', url: approvalsPage }]);
    expect(server.ran).toEqual([]);
    tap.gate.decide(held(tap, 'delete_note'), 'approved');
    expect(await call).toMatchObject({ content: [{ text: 'gone' }] });
    expect(server.ran).toEqual(['delete 7']);
    // Its answer to the dialog never reached the server.
    expect(server.requests.filter((line) => line === 'POST 202').length).toBe(1);
  });

  it('[T23] whose person declines gets an error at once, and nothing runs, then or after a yes', async () => {
    const all = await peers('v1', startLegacyServer(), { elicit: () => ({ action: 'decline' }) });
    const { server, tap, client } = all;
    let answer: unknown;
    void client.call('delete_note', { id: 7 }).then((value) => (answer = value));
    await steppedUp(all, 'delete_note');
    await tap.clock.advance(10_000);
    await until(() => answer !== undefined, turnsMax);
    expect(answer).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/gave it up/) as string }] });
    tap.gate.decide(held(tap, 'delete_note'), 'approved');
    await client.call('peek', { id: 1 });
    expect(server.ran).toEqual(['peek 1']);
    expect(tap.gate.kinds('held-ended').map(({ note }) => note?.['end'])).toContain('cancelled-while-held');
  });
});

describe('a modern client of the SDK that can be asked', () => {
  it('[T47] [T27] comes back by itself until people decided; the server sees one call, without a trace of ours', async () => {
    const shown: Record<string, unknown>[] = [];
    const all = await peers('v2 modern', startModernServer(), { elicitation: { form: {}, url: {} }, elicit: (params) => (shown.push(params), { action: 'accept' }) });
    const { server, tap, client } = all;
    const call = client.call('delete_note', { id: 7 });
    await steppedUp(all, 'delete_note');
    const retries = () => tap.gate.observations.filter(({ note }) => note?.['retryOf'] !== undefined).length;
    for (const round of [1, 2]) {
      await tap.clock.advance(50_000);
      await until(() => retries() === round, turnsMax);
    }
    expect(shown).toMatchObject([{ mode: 'url', url: approvalsPage }]);
    tap.gate.decide(held(tap, 'delete_note'), 'approved');
    expect(await call).toMatchObject({ content: [{ text: 'gone' }] });
    expect(server.ran).toEqual(['delete 7']);
    expect(tap.gate.calls().filter(({ call: seen }) => seen?.tool === 'delete_note')).toHaveLength(1);
    expect(tap.gate.kinds('grant-consumed')).toHaveLength(1);
  });

  it('[T47] [P4] one that knows no page and no form gets the ticket, and the same call again is sent once after the yes', async () => {
    const all = await peers('v2 modern', startModernServer(), { elicitation: false });
    const { server, tap, client } = all;
    const call = client.call('delete_note', { id: 7 });
    await steppedUp(all, 'delete_note');
    await tap.clock.advance(50_000);
    expect(await call).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/ticket.*repeat exactly the same call/) as string }] });
    tap.gate.decide(held(tap, 'delete_note'), 'approved');
    await client.call('echo', { text: 'later' });
    expect(await client.call('delete_note', { id: 7 })).toMatchObject({ content: [{ text: 'gone' }] });
    expect(server.ran).toEqual(['echo later', 'delete 7']);
  });
});

describe('tasks', () => {
  it('[T47] a legacy client of the SDK that calls a tool as a task polls ours, then the server’s, and gets the result; the call ran once', { timeout: 30_000 }, async () => {
    const all = await peers('v1', startLegacyServer());
    const { server, tap, client } = all;
    const said: { readonly type: string }[] = [];
    const running = (async () => {
      for await (const message of client.callAsTask('purge_notes', { id: 9 })) said.push(message);
    })();
    await steppedUp(all, 'purge_notes');
    await tap.clock.advance(50_000);
    await until(() => said.length > 0, turnsMax);
    expect(said[0]).toMatchObject({ type: 'taskCreated', task: { status: 'working', taskId: expect.stringMatching(/^dev\.countersign-/) as string } });
    expect(server.ran).toEqual([]);
    tap.gate.decide(held(tap, 'purge_notes'), 'approved');
    await running;
    expect(said.at(-1)).toMatchObject({ type: 'result', result: { content: [{ text: 'purged' }] } });
    expect(server.ran).toEqual(['purge 9']);
  });

  it('[T47] [T39] a modern client with the extension polls a handle; the poll runs the call with headers that agree with it', async () => {
    const all = await peers('v2 modern', startModernServer());
    const { server, tap, url } = all;
    let id = 100;
    const rpc = async (method: string, params: Record<string, unknown>, name: string): Promise<Record<string, unknown>> => {
      const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } } };
      const response = await fetch(url, {
        method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: (id += 1), method, params: { ...params, _meta: meta } }),
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': name },
      });
      const text = await response.text();
      const data = text.startsWith('{') ? text : (text.split('\n').filter((line) => line.startsWith('data:')).at(-1) ?? '').slice(5);
      return (JSON.parse(data) as { result: Record<string, unknown> }).result;
    };
    let created: Record<string, unknown> | undefined;
    void rpc('tools/call', { name: 'delete_note', arguments: { id: 7 } }, 'delete_note').then((result) => (created = result));
    await steppedUp(all, 'delete_note');
    await tap.clock.advance(50_000);
    await until(() => created !== undefined, turnsMax);
    expect(created).toMatchObject({ resultType: 'task', status: 'working' });
    const taskId = (created as unknown as { taskId: string }).taskId;
    expect(await rpc('tasks/get', { taskId }, taskId)).toMatchObject({ status: 'working' });
    expect(server.ran).toEqual([]);
    tap.gate.decide(held(tap, 'delete_note'), 'approved');
    await until(() => tap.gate.observations.length > 0);
    let state = await rpc('tasks/get', { taskId }, taskId);
    for (let poll = 0; state['status'] === 'working' && poll < 50; poll += 1) state = await rpc('tasks/get', { taskId }, taskId);
    expect(state).toMatchObject({ resultType: 'complete', status: 'completed', result: { content: [{ text: 'gone' }] } });
    expect(server.ran).toEqual(['delete 7']);
    expect(tap.gate.kinds('grant-consumed')).toHaveLength(1);
  });
});

describe('other methods between real peers', () => {
  const denying: Policy = {
    ...policy,
    rules: [{ name: 'no dialogs', method: 'elicitation/create', when: 'true', deny: 'No dialogs.' }, { name: 'no notes', method: 'resources/read', when: 'args.uri == "note:one"', deny: 'Notes are private.' }, ...policy.rules],
  };

  it('[T22] [T45] a server whose dialog the policy denies is told so by an error, and the person never sees it', async () => {
    let wasAsked = false;
    const { tap, client } = await peers('v1', startLegacyServer(), { changed: denying, elicit: () => ((wasAsked = true), { action: 'accept' }) });
    tap.gate.judge = () => ({ kind: 'allow' });
    expect(await client.call('ask', {})).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/not passed to the client/) as string }] });
    expect(wasAsked).toBe(false);
  });

  it.each(['v1', 'v2 legacy', 'v2 modern'] as const)('[T45] [T50] the %s client is told that a resource was refused; the server never saw the request', async (kind) => {
    const { server, client } = await peers(kind, startModernServer(), { changed: denying });
    await expect(client.readResource('note:one')).rejects.toMatchObject({ code: -31999, message: expect.stringMatching(/Notes are private/) as string });
    expect(server.ran).toEqual([]);
  });

  it.each(['v1', 'v2 modern'] as const)('[T50] the %s client reads a resource whose answer waits for its verdict', async (kind) => {
    const { server, tap, client } = await peers(kind, startModernServer(), { changed: { ...policy, results: { ...policy.results, methods: ['resources/read'] } } });
    expect(await client.readResource('note:one')).toMatchObject({ contents: [{ text: 'note one' }] });
    expect(server.ran).toEqual(['read note:one']);
    expect(tap.gate.observations.filter(({ call }) => call?.method === 'resources/read')).toMatchObject([{ call: { phase: 'result', waits: true } }]);
  });
});

describe('a call the policy changes', () => {
  it.each(['v1', 'v2 modern'] as const)('[T39] the server gets the %s client’s call as changed, with headers that agree', async (kind) => {
    const changed: Policy = { ...policy, edits: [{ name: 'small ids', server: '*', tool: 'peek', argument: 'id', max: 5 }, { name: 'quiet', server: '*', tool: 'echo', argument: 'text', set: 'hushed' }] };
    const { server, client } = await peers(kind, startModernServer(), { changed });
    expect(await client.call('peek', { id: 99 })).toMatchObject({ content: [{ text: 'note 5' }] });
    expect(server.ran).toEqual(['peek 5']);
  });
});

describe('metadata under our prefix', () => {
  it.each([['v1', startLegacyServer], ['v1', startModernServer], ['v2 legacy', startLegacyServer], ['v2 modern', startModernServer]] as const)('[T1] is read and cut out of what the %s client sends, and cut out of what the server answers', async (kind, start) => {
    const { tap, client } = await peers(kind, start());
    tap.gate.judge = () => ({ kind: 'allow' });
    const ours = { 'dev.countersign/task': { text: 'look around', id: 't1' }, 'dev.countersign/attestation': 'a'.repeat(32), 'dev.countersign/delegation': ['ana'], 'dev.countersign/activation': { ref: 'r' }, 'example.com/mine': 7 };
    const result = (await client.callWith('list_metadata', ours)) as { content: { text: string }[]; _meta?: Record<string, unknown> };
    const told = JSON.parse(result.content[0]?.text ?? '') as Record<string, unknown>;
    expect(Object.keys(told).filter((key) => key.startsWith('dev.countersign/'))).toEqual([]);
    expect(told['example.com/mine']).toBe(7);
    expect(Object.keys(result._meta ?? {}).filter((key) => !key.startsWith('io.modelcontextprotocol/'))).toEqual(['example.com/kept']);
    await until(() => tap.gate.calls('result').length === 1, turnsMax);
    expect(tap.gate.calls()[0]).toMatchObject({ metadata: { task: { text: 'look around', id: 't1' }, attestation: 'a'.repeat(32), delegation: ['ana'], activation: { ref: 'r' } } });
    for (const seen of tap.gate.calls().concat(tap.gate.calls('result'))) expect(JSON.stringify(seen.message)).not.toContain('dev.countersign/');
    expect(tap.gate.calls('result')[0]?.message?.flags).toContain('metadata-stripped');
  });
});

describe('what a transport refuses or loses', () => {
  it('[T38] a header that disagrees with the body is refused, and recorded in the session it came in', async () => {
    const { server, tap, url } = await peers('v2 modern', startModernServer());
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'q', method: 'tools/call', params: { name: 'delete_note', arguments: { id: 1 }, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } });
    const response = await fetch(url, { method: 'POST', body, headers: { 'content-type': 'application/json', accept: 'application/json', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'peek' } });
    expect(response.status).toBe(400);
    await until(() => tap.gate.observations.some(({ note }) => note?.['refused'] === 'header-mismatch'), turnsMax);
    const seen = tap.gate.observations.find(({ note }) => note?.['refused'] === 'header-mismatch');
    expect(seen).toMatchObject({ era: 'modern', direction: 'client-to-server', message: { method: 'tools/call', rpcId: '"q"', payload: { name: 'delete_note' } }, note: { detail: 'Mcp-Name disagrees with the body' } });
    expect(seen).not.toHaveProperty('call');
    expect(server.ran).toEqual([]);
    await until(() => tap.gate.observations.some(({ message }) => message?.rpcId === '"q"' && message.flags.includes('answered-by-tap')), turnsMax);
  });

  it('[T42] in a session the server named, a call whose server went away is recorded as lost, and no other is', async () => {
    const { server, tap, client } = await peers('v1', startLegacyServer({ json: true }));
    void client.call('hang', {}).catch(() => undefined);
    await until(() => server.ran.length === 1, turnsMax);
    await server.close();
    await until(() => tap.gate.kinds('call-lost').length === 1, turnsMax);
    expect(tap.gate.kinds('call-lost')[0]).toMatchObject({ sessionRule: 'mcp-session-id', note: { method: 'tools/call', cause: expect.stringMatching(/unreachable|truncated/) as string } });
    await expect(client.call('peek', { id: 1 })).rejects.toThrow();
    await until(() => tap.gate.kinds('call-lost').length === 2, turnsMax);
  });
});
