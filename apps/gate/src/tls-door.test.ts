/** Taps of other machines, over TLS: the same gate behind another door. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectPlain } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { silentTelemetry } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { loadOrCreateKeys } from '@countersign/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEnrolments } from './enrolments.js';
import { startGate, type Gate } from './gate.js';
import { makeTapKey, TestingTap } from './testing-tap.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const why = hasOpenssl ? '' : ' — SKIPPED: openssl is missing, so no certificate can be made; install it';

describe.skipIf(!hasOpenssl)(`the gate's TLS door${why}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-tls-'));
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const log = new MemoryEventLog();
  let gate: Gate;
  beforeAll(async () => {
    spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=gate', '-addext', 'subjectAltName=DNS:gate', '-keyout', keyFile, '-out', certFile]);
    const { seal, grant } = loadOrCreateKeys(dir);
    gate = await startGate({
      eventLog: log, clock: new SystemClock(), telemetry: silentTelemetry, socketPath: join(dir, 'gate.sock'), enrolments: openEnrolments(join(dir, 'enrolled.json')), domain: 'office',
      policy: { current: () => compilePolicy(defaultPolicy), onChange: () => () => undefined }, sealKeyPem: seal.privateKeyPem, sealPublicKey: seal.publicKey, grantPublicKey: grant.publicKey,
      tls: { host: '127.0.0.1', port: 0, cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') },
    });
  });
  afterAll(async () => {
    await gate.stop();
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });

  const dial = (more: { readonly maxVersion?: 'TLSv1.2' } = {}): Promise<TLSSocket> =>
    new Promise((resolve, reject) => {
      const socket = connect({ host: '127.0.0.1', port: gate.tlsPort ?? 0, servername: 'gate', ca: readFileSync(certFile), ...more });
      socket.once('secureConnect', () => resolve(socket)).once('error', reject);
    });

  it('serves a tap as the local socket does: challenge, signed hello, policy', async () => {
    const tap = new TestingTap(await dial(), { tapId: 'far', key: makeTapKey() });
    await tap.hello();
    expect(await tap.next('welcome')).toMatchObject({ domain: 'office' });
    expect((await tap.next('policy')).grantKey).toHaveLength(43);
    expect(gate.connections().map(({ tapId }) => tapId)).toContain('far');
    tap.socket.destroy();
    await tap.isClosed;
  });

  it('speaks to nobody in the clear, and to nobody in an older TLS', async () => {
    await expect(dial({ maxVersion: 'TLSv1.2' })).rejects.toThrow();
    const heard = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connectPlain(gate.tlsPort ?? 0, '127.0.0.1', () => socket.write('{"type":"hello"}\n'));
      socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1'))).on('error', () => undefined).on('close', () => resolve(text));
    });
    expect(heard).not.toContain('challenge');
    const tap = new TestingTap(await dial(), { tapId: 'after' });
    await tap.hello();
    await tap.next('welcome');
    tap.socket.destroy();
    await tap.isClosed;
  });
});
