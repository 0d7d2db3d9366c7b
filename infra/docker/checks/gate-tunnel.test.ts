/** The tunnel between a tap's socket and the gate's real TLS door. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openTlsDoor, type OpenTlsDoor } from '../../../apps/gate/src/tls-door.js';

const program = fileURLToPath(new URL('../gate-tunnel.mjs', import.meta.url));

describe('gate-tunnel', () => {
  let dir: string;
  let door: OpenTlsDoor;
  const children: ChildProcess[] = [];
  const file = (name: string): string => join(dir, name);
  const makeCertificate = (name: string): void =>
    void execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj', '/CN=gate', '-addext', 'subjectAltName=DNS:gate.test,IP:127.0.0.1', '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)], { stdio: 'ignore' });
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-tunnel-'));
    makeCertificate('gate');
    makeCertificate('other');
    door = await openTlsDoor({ host: '127.0.0.1', port: 0, cert: readFileSync(file('gate.crt'), 'utf8'), key: readFileSync(file('gate.key'), 'utf8') }, (socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill();
      await once(child, 'exit');
    }
  });
  afterAll(async () => {
    await door.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  interface Tunnel {
    readonly child: ChildProcess;
    readonly said: () => string;
    until(words: RegExp): Promise<void>;
  }
  function startTunnel(socket: string, ...more: readonly string[]): Tunnel {
    const child = spawn(process.execPath, [program, '--socket', file(socket), '--gate', `127.0.0.1:${door.port}`, ...more], { stdio: ['ignore', 'ignore', 'pipe'] });
    children.push(child);
    let said = '';
    const waiting = new Set<() => void>();
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      for (const look of waiting) look();
    });
    const until = (words: RegExp): Promise<void> =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!words.test(said)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        child.once('exit', () => (words.test(said) ? resolve() : reject(new Error(`it ended and said: ${said}`))));
        look();
      });
    return { child, said: () => said, until };
  }
  async function tap(socket: string): Promise<Socket> {
    const client = connect(file(socket));
    await once(client, 'connect');
    return client;
  }

  it('carries bytes both ways as they are, a megabyte too, for its user alone', async () => {
    const tunnel = startTunnel('a.sock', '--ca', file('gate.crt'), '--name', 'gate.test');
    await tunnel.until(/listens/);
    expect(statSync(file('a.sock')).mode & 0o777).toBe(0o600);
    const client = await tap('a.sock');
    const sent = Buffer.alloc(1024 * 1024, 'päckchen ');
    client.write(sent);
    const got: Buffer[] = [];
    for await (const chunk of client) {
      got.push(chunk as Buffer);
      if (got.reduce((sum, { length }) => sum + length, 0) >= sent.length) break;
    }
    expect(Buffer.concat(got).equals(sent)).toBe(true);
  });

  it.each([
    ['a certificate of somebody else', () => ['--ca', file('other.crt')]],
    ['a certificate for another name', () => ['--ca', file('gate.crt'), '--name', 'console.test']],
    ['a certificate nobody vouches for', () => []],
  ])('ends the tap’s connection at %s and says why', async (_what, more) => {
    const tunnel = startTunnel('b.sock', ...more());
    await tunnel.until(/listens/);
    const client = await tap('b.sock');
    client.write('hello');
    const got: Buffer[] = [];
    client.on('data', (chunk: Buffer) => got.push(chunk));
    await once(client, 'close');
    await tunnel.until(/cannot be reached or broke off: .*certificate|altnames/i);
    expect(got).toEqual([]);
  });

  it('replaces a socket that a killed one left, and leaves one that answers and other files alone', async () => {
    const killed = startTunnel('c.sock', '--ca', file('gate.crt'));
    await killed.until(/listens/);
    killed.child.kill('SIGKILL');
    await once(killed.child, 'exit');
    const second = startTunnel('c.sock', '--ca', file('gate.crt'));
    await second.until(/listens/);
    const third = startTunnel('c.sock', '--ca', file('gate.crt'));
    await once(third.child, 'exit');
    expect(third.child.exitCode).toBe(1);
    expect(third.said()).toMatch(/somebody answers/);
    (await tap('c.sock')).destroy();
    writeFileSync(file('d.sock'), 'precious');
    const fourth = startTunnel('d.sock', '--ca', file('gate.crt'));
    await once(fourth.child, 'exit');
    expect([fourth.child.exitCode, readFileSync(file('d.sock'), 'utf8')]).toEqual([1, 'precious']);
  });
});
