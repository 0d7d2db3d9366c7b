/** The HTTP tap on the real core with the default policy and no gate: low calls pass, higher ones fail closed. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemorySpool } from '@countersign/adapters/spool/memory';
import { observationSchema, type Observation } from '@countersign/contracts';
import { createTapCore } from '../../core.js';
import { systemClock } from '../../system-clock.js';
import { runHttpTap } from '../run.js';

export interface CoreTap {
  readonly port: number;
  observations(): readonly Observation[];
  close(): Promise<void>;
}

export async function startCoreTap(upstream: string): Promise<CoreTap> {
  const dir = mkdtempSync(join(tmpdir(), 'tap-http-'));
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spool = new MemorySpool();
  let calls = 0;
  const core = createTapCore({
    tapId: 'test', epoch: 1, former: undefined, spool, policyFile: join(dir, 'policy'), socketPath: join(dir, 'no-gate.sock'), server: 'fixture', agent: { name: 'tester', role: 'tester' }, transport: 'http', env: {},
    publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
    clock: systemClock, random: () => 0.5, makeCallId: () => (calls += 1).toString(16).padStart(32, '0'), version: '0', process: { pid: 1, parentPid: 0 }, log: () => undefined,
  });
  const tap = await runHttpTap({ core, upstream, listen: { host: '127.0.0.1', port: 0 }, log: () => undefined });
  return {
    port: tap.port,
    observations: () => spool.read(undefined, 10_000).map(({ record }) => observationSchema.parse(JSON.parse(record))),
    close: async () => {
      await tap.close();
      await core.close(0);
      rmSync(dir, { recursive: true });
    },
  };
}
