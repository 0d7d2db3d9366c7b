/** A tap on another machine, as docs/deploy-a-tap.md has it: tap, tunnel, the gate's TLS door, ledger. All of them real, on this one machine. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { createKeys } from '@countersign/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEnrolments } from '../../../apps/gate/src/enrolments.js';
import { startGate, type Gate } from '../../../apps/gate/src/gate.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const server = 'node_modules/@modelcontextprotocol/server-memory/dist/index.js';

describe('a tap whose Countersign is elsewhere', () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-remote-'));
  const file = (name: string): string => join(dir, name);
  const ledger = new MemoryEventLog();
  const children: ChildProcess[] = [];
  let gate: Gate;

  beforeAll(async () => {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=gate', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', file('gate.key'), '-out', file('gate.crt')], { stdio: 'ignore' });
    const { seal, grant } = createKeys(file('keys'));
    const policy = compilePolicy(defaultPolicy);
    gate = await startGate({
      eventLog: ledger, clock: new SystemClock(), telemetry: () => undefined, domain: 'far', socketPath: file('home/gate.sock'), enrolments: openEnrolments(file('enrolled.json')),
      policy: { current: () => policy, onChange: () => () => undefined }, sealKeyPem: seal.privateKeyPem, sealPublicKey: seal.publicKey, grantPublicKey: grant.publicKey,
      tls: { host: '127.0.0.1', port: 0, cert: readFileSync(file('gate.crt'), 'utf8'), key: readFileSync(file('gate.key'), 'utf8') },
    });
  });
  afterAll(async () => {
    for (const child of children) if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    await gate?.stop();
    await ledger.close();
    rmSync(dir, { recursive: true, force: true });
  });

  function start(...words: readonly string[]): ChildProcess {
    const child = spawn(process.execPath, [...words], { cwd: root, stdio: ['pipe', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], MEMORY_FILE_PATH: file('memory.jsonl') } });
    children.push(child);
    return child;
  }

  it('is enrolled, and what it observes is on the ledger there, in that domain', async () => {
    const data = file('tap');
    mkdirSync(data, { mode: 0o700 });
    const tunnel = start('infra/docker/gate-tunnel.mjs', '--socket', join(data, 'gate.sock'), '--gate', `127.0.0.1:${gate.tlsPort}`, '--ca', file('gate.crt'));
    await once(tunnel.stderr as NodeJS.ReadableStream, 'data');
    const observed = new Promise<string>((resolve) => void ledger.follow('observations', { group: 'witness' }, async (batch) => {
      for (const { key, value } of batch) if (value.includes('"initialize"')) resolve(`${key} ${(JSON.parse(value) as { domain: string; server: string }).server}`);
    }));
    const tap = start('apps/cli/bin/countersign.js', 'tap', '--data', data, '--server', 'memory', '--agent', 'my-agent', '--', 'node', server);
    tap.stdin?.write('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"check","version":"1"}}}\n');
    expect(await observed).toBe('far memory');
    expect(gate.connections().map(({ server: name, agent }) => [name, agent.name])).toEqual([['memory', 'my-agent']]);
    tap.stdin?.end();
    expect(await once(tap, 'exit')).toEqual([0, null]);
  });
});
