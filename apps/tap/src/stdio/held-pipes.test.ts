/** A held call over pipes: a real client of the SDK, a real server process, and a core whose time the test moves. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { ReadBuffer, serializeMessage } from '@modelcontextprotocol/sdk/shared/stdio.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, type JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { MemorySpool } from '@countersign/adapters/spool/memory';
import { defaultPolicy, type Policy } from '@countersign/policy/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTapCore } from '../core.js';
import { until } from '../testing/tap-bench.js';
import { scriptedServer } from '../testing/tap-process.js';
import { TestGate } from '../testing/test-gate.js';
import { startServer } from './child.js';
import { runStdioTap } from './run.js';

const turnsMax = 2_000_000;
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

/** The SDK's own framing over two streams of this process. */
function transportOver(toTap: PassThrough, fromTap: PassThrough): Transport {
  const buffer = new ReadBuffer();
  const transport: Transport = {
    start: () => {
      fromTap.on('data', (chunk: Buffer) => {
        buffer.append(chunk);
        for (let message = buffer.readMessage(); message !== null; message = buffer.readMessage()) transport.onmessage?.(message);
      });
      return Promise.resolve();
    },
    send: (message: JSONRPCMessage) => {
      toTap.write(serializeMessage(message));
      return Promise.resolve();
    },
    close: () => {
      toTap.end();
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  return transport;
}

async function piped(policy: Policy, client: Client) {
  const dir = mkdtempSync(join(tmpdir(), 'tap-pipes-'));
  mkdirSync(dir, { recursive: true });
  undo.push(() => rmSync(dir, { recursive: true, force: true }));
  const clock = new SeededClock({ seed: 3 });
  const gate = new TestGate(policy);
  gate.wallMs = () => clock.wallMs();
  await gate.listen(join(dir, 'gate.sock'));
  undo.push(() => gate.close());
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const executed = join(dir, 'executed');
  let calls = 0;
  const core = createTapCore({
    tapId: 'tap-0', epoch: 1, former: undefined, spool: new MemorySpool(), version: 'test', publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'), policyFile: join(dir, 'policy'), socketPath: join(dir, 'gate.sock'), server: 'notes',
    agent: { name: 'ana', role: 'writer' }, transport: 'stdio', env: {}, clock, random: () => 0.5, drainPauseMs: 0, process: { pid: 1, parentPid: 0 }, log: () => undefined,
    makeCallId: () => (calls += 1).toString(16).padStart(32, '0'),
  });
  await until(() => gate.observations.length > 0 && existsSync(join(dir, 'policy')), turnsMax);
  const [input, output] = [new PassThrough(), new PassThrough()];
  const server = startServer({ command: process.execPath, args: [scriptedServer, executed], env: process.env, platform: process.platform });
  const ended = runStdioTap({ core, server, session: 'tap-0/1', client: { input, output } });
  undo.push(async () => {
    input.end();
    await ended;
    server.reap();
  });
  await client.connect(transportOver(input, output));
  await client.listTools();
  return { gate, clock, executed };
}

const policy: Policy = { ...defaultPolicy, sessions: { firstCallTier: 'low' }, tools: [{ server: '*', tool: '*_note*', openWorld: false }] };
const held = (gate: TestGate) => gate.calls().find(({ call }) => call?.tool === 'write_note') as never;

describe('a held call over pipes', () => {
  it.each([
    ['waits on, and runs on the yes', { action: 'accept', content: {} }, /done/, true],
    ['gives up, and it never runs', { action: 'decline' }, /gave it up/, false],
  ] as const)('[T47] [T23] its person is told between the server’s own lines, and %s', async (...[, answer, outcome, runs]) => {
    const client = new Client({ name: 'pipes', version: '1' }, { capabilities: { elicitation: {} } });
    const shown: string[] = [];
    client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
      shown.push(params.message);
      return answer;
    });
    const { gate, clock, executed } = await piped(policy, client);
    gate.judge = () => ({ kind: 'step_up' });
    const call = client.callTool({ name: 'write_note', arguments: { text: 'x' } });
    await until(() => held(gate) !== undefined, turnsMax);
    gate.judge = () => ({ kind: 'allow' });
    await client.callTool({ name: 'write_note', arguments: { text: 'later' } });
    await clock.advance(10_000);
    await until(() => shown.length === 1, turnsMax);
    expect(shown[0]).toMatch(/notes\/write_note of agent "ana"/);
    await client.listTools();
    gate.decide(held(gate), 'approved');
    expect(JSON.stringify(await call)).toMatch(outcome);
    expect(readFileSync(executed, 'utf8').includes('"x"')).toBe(runs);
  });

  it('[T22] [T45] a server whose request the policy denies is answered on its input, and the client never sees it', async () => {
    const client = new Client({ name: 'pipes', version: '1' }, { capabilities: { sampling: {} } });
    let wasAsked = false;
    client.setRequestHandler(CreateMessageRequestSchema, () => {
      wasAsked = true;
      return { model: 'm', role: 'assistant', content: { type: 'text', text: 'x' } };
    });
    const denying: Policy = { ...policy, rules: [{ name: 'no sampling', method: 'sampling/*', when: 'true', deny: 'No.' }, ...policy.rules] };
    const { gate } = await piped(denying, client);
    const told = await client.request({ method: 'test/ask', params: { method: 'sampling/createMessage' } } as never, z.looseObject({ told: z.looseObject({}) }));
    expect(told.told).toMatchObject({ id: 'ask', error: { code: -31999 } });
    expect(wasAsked).toBe(false);
    await until(() => gate.observations.some(({ call }) => call?.method === 'sampling/createMessage'), turnsMax);
  });
});
