/** The HTTP tap on the real core: without a gate low calls pass and higher ones fail closed; with one, a test judges, and moves the core's time. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { MemorySpool } from '@countersign/adapters/spool/memory';
import { observationSchema, type Observation } from '@countersign/contracts';
import type { Clock } from '@countersign/pipeline';
import type { Policy } from '@countersign/policy/runtime';
import { createTapCore } from '../../core.js';
import { systemClock } from '../../system-clock.js';
import { until } from '../../testing/tap-bench.js';
import { TestGate } from '../../testing/test-gate.js';
import { runHttpTap } from '../run.js';

export interface CoreTap {
  readonly port: number;
  readonly log: readonly string[];
  observations(): readonly Observation[];
  close(): Promise<void>;
}

export interface GatedTap extends CoreTap {
  readonly gate: TestGate;
  readonly clock: SeededClock;
}

export const approvalsPage = 'http://127.0.0.1:9/approvals';

export function startCoreTap(upstream: string): Promise<CoreTap> {
  return start(upstream, { dir: newDir(), clock: systemClock, random: () => 0.5 });
}

/** The gate has welcomed the tap, and its policy is in force. */
export async function startGatedTap(upstream: string, policy: Policy): Promise<GatedTap> {
  const dir = newDir();
  const clock = new SeededClock({ seed: 7 });
  const gate = new TestGate(policy);
  gate.wallMs = () => clock.wallMs();
  await gate.listen(join(dir, 'no-gate.sock'));
  const tap = await start(upstream, { dir, clock, random: () => 0.5 });
  await until(() => gate.observations.length > 0 && existsSync(join(dir, 'policy')));
  return {
    ...tap, gate, clock,
    observations: () => gate.observations,
    close: async () => {
      await tap.close();
      await gate.close();
    },
  };
}

interface Start {
  readonly dir: string;
  readonly clock: Clock;
  readonly random: () => number;
}

function newDir(): string {
  return mkdtempSync(join(tmpdir(), 'tap-http-'));
}

async function start(upstream: string, { dir, clock, random }: Start): Promise<CoreTap> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const spool = new MemorySpool();
  const log: string[] = [];
  let calls = 0;
  const core = createTapCore({
    tapId: 'test', epoch: 1, former: undefined, spool, policyFile: join(dir, 'policy'), socketPath: join(dir, 'no-gate.sock'), server: 'fixture', agent: { name: 'tester', role: 'tester' }, transport: 'http', env: {},
    publicKey: publicKey.export({ format: 'jwk' }).x ?? '',
    sign: (text) => sign(null, Buffer.from(text), privateKey).toString('base64url'),
    clock, random, drainPauseMs: 0, makeCallId: () => (calls += 1).toString(16).padStart(32, '0'), version: '0', process: { pid: 1, parentPid: 0 }, log: (line) => log.push(line),
    approvalsPage: () => approvalsPage,
  });
  const tap = await runHttpTap({ core, upstream, listen: { host: '127.0.0.1', port: 0 }, log: (line) => log.push(line) });
  return {
    port: tap.port, log,
    observations: () => spool.read(undefined, 10_000).map(({ record }) => observationSchema.parse(JSON.parse(record))),
    close: async () => {
      await tap.close();
      await core.close(0);
      rmSync(dir, { recursive: true });
    },
  };
}
