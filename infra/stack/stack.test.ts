/** The distributed profile as a whole, on real engines: every service a process, two of each stage, the demonstration through it. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { runCompleteness } from '@countersign/record';
import kafkajs, { type Admin } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStack, type RunningStack } from './stack.mjs';

const minuteMs = 60_000;
const program = fileURLToPath(new URL('../../apps/cli/bin/countersign.js', import.meta.url));
const run = promisify(execFile);
const isThere = (command: string, ...args: readonly string[]): boolean => spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const missing = [isThere('java', '-version') ? '' : 'Java 17', isThere('redis-server', '--version') ? '' : 'redis-server'].filter((name) => name !== '');
const why = missing.length === 0 ? '' : ` — SKIPPED: ${missing.join(' and ')} cannot be had here, so NOTHING of the distributed profile was tested; install it`;
const stages = ['detect', 'judge'] as const;
const poison = [
  { id: 'poison/1', value: 'this is not JSON' },
  { id: 'poison/2', value: '{"v":99,"id":"poison/2"}' },
  { id: 'poison/3', value: '{"v":1,"kind":"message","__proto__":{}}' },
];

interface Row {
  readonly scenario: string;
  readonly ok: boolean;
}

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function countersign(...args: readonly string[]): Promise<Run> {
  try {
    return { code: 0, ...(await run(process.execPath, [program, ...args], { maxBuffer: 1 << 26 })) };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, stdout, stderr };
  }
}

// Many minutes on a small machine: `npm run test:stack` runs it.
const isAsked = process.env['COUNTERSIGN_TEST_STACK'] !== undefined;

describe.skipIf(missing.length > 0 || !isAsked)(`the distributed profile${isAsked ? why : ' (left to npm run test:stack)'}`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-stack-'));
  let stack: RunningStack;
  let admin: Admin;
  let kafka: kafkajs.Kafka;

  beforeAll(async () => {
    stack = await startStack({ dir: join(dir, 'stack'), copies: { detect: 2, judge: 2, record: 2 } });
    kafka = new kafkajs.Kafka({ brokers: [...stack.facts.brokers], logLevel: kafkajs.logLevel.NOTHING });
    admin = kafka.admin();
    await admin.connect();
  }, 6 * minuteMs);
  afterAll(async () => {
    await admin?.disconnect();
    await stack?.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 2 * minuteMs);

  it('every service is alive, ready, and says what it is in metrics', async () => {
    expect(stack.services.map(({ name }) => name).sort()).toEqual(['approve', 'console', 'detect-1', 'detect-2', 'gate', 'judge-1', 'judge-2', 'record-1', 'record-2']);
    for (const { name, kind, url } of stack.services) {
      expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok', name: kind });
      expect({ name, ...((await (await fetch(`${url}/readyz`)).json()) as object) }).toMatchObject({ name, ready: true });
      const metrics = await (await fetch(`${url}/metrics`)).text();
      expect(metrics).toMatch(/countersign_build_info\{version="[^"]+",commit=""\} 1/);
      expect(metrics).toContain('countersign_policy_version_info');
    }
  });

  it.each(stages)('[L6] two of %s share the partitions: each has some, none has another’s', async (stage) => {
    const shares = await sharesOf(stage);
    expect(shares).toHaveLength(2);
    expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, partition) => partition));
    for (const share of shares) expect(share.length).toBeGreaterThan(0);
  });

  it('[P8] the demonstration passes on it as it does embedded, with poison among its records', { timeout: 10 * minuteMs }, async () => {
    const producer = kafka.producer();
    await producer.connect();
    await producer.send({ topic: 'observations', messages: poison.map(({ id, value }) => ({ key: stack.facts.domain, value, headers: { ce_id: id } })) });
    await producer.disconnect();
    const policyBefore = readFileSync(stack.facts.policyFile, 'utf8');
    const { code, stdout, stderr } = await countersign('demo', '--profile', 'distributed', '--stack', stack.facts.dir, '--json');
    const rows = JSON.parse(stdout || '[]') as readonly Row[];
    expect({ wrong: rows.filter(({ ok }) => !ok), said: code === 0 ? '' : stderr }).toEqual({ wrong: [], said: '' });
    expect(rows).toHaveLength(20);
    expect(readFileSync(stack.facts.policyFile, 'utf8')).toBe(policyBefore);
  });

  it('[P8] the poison lies in dead-letters with its bytes, and blocked nobody', { timeout: minuteMs }, async () => {
    const letters = await deadLetters();
    for (const { id, value } of poison) expect(letters).toContainEqual(expect.objectContaining({ recordId: id, raw: value, topic: 'observations' }));
    expect(letters.filter(({ recordId }) => !poison.some(({ id }) => id === recordId))).toEqual([]);
  });

  it('[P2] history is whole: of what taps numbered nothing is missing', { timeout: 2 * minuteMs }, async () => {
    const history = await ClickHouseHistoryStore.connect(stack.facts.clickHouse);
    try {
      const whole = await eventually(() => runCompleteness(history), ({ missing: gap, observations, openEpochs }) => gap === 0 && observations > 500 && openEpochs === 0);
      expect(whole).toMatchObject({ missing: 0, incomplete: [], openEpochs: 0 });
      const [twice] = await history.query('SELECT count() - uniqExact(id) AS twice FROM observations FINAL');
      expect(Number(twice?.['twice'])).toBe(0);
    } finally {
      await history.close();
    }
  });

  it('a service that is half wired does not start, and says what is missing', { timeout: 3 * minuteMs }, async () => {
    const settings = JSON.parse(readFileSync(stack.facts.config, 'utf8')) as { kafka: object; redis: object };
    const refused = async (service: string, changes: object): Promise<string> => {
      const config = join(dir, 'wrong.yaml');
      writeFileSync(config, JSON.stringify({ ...settings, startSeconds: 2, ...changes }));
      const { code, stderr } = await countersign(service, '--config', config, '--data', join(dir, 'other-data'));
      expect(code).toBe(1);
      return stderr;
    };
    expect(await refused('judge', { kafka: { ...settings.kafka, partitions: 7 } })).toMatch(/has 12 partitions, its definition says 7[^]*Nothing was started/);
    expect(await refused('detect', { kafka: { ...settings.kafka, topicPrefix: 'other.' } })).toMatch(/has no topic other\.observations/);
    expect(await refused('record', { kafka: { brokers: ['127.0.0.1:1'] } })).toMatch(/the ledger on Kafka could not be had in time, so nothing was started/);
    expect(await refused('approve', { redis: { url: 'redis://127.0.0.1:1' } })).toMatch(/Redis[^]* could not be had in time/);
    expect(await refused('console', { clickHouse: undefined })).toMatch(/clickHouse: this service needs it/);
    expect(await refused('gate', { policyFile: undefined, keys: { dir: join(dir, 'no-keys') } })).toMatch(/there is no key [^]*countersign keys --dir/);
    expect(await refused('judge', { kafka: { brokers: 'secret-word' } })).not.toContain('secret-word');
  });

  it('stops whole: every process is gone, and its word with it', { timeout: 2 * minuteMs }, async () => {
    const pids = stack.services.map((service) => service.pid());
    await stack.stop();
    expect(existsSync(join(stack.facts.dir, 'stack.json'))).toBe(false);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    for (const { log } of stack.services) expect(readFileSync(log, 'utf8')).toContain('"event":"ServiceStopped"');
  });

  /** Partitions of each member, as the brokers see it. */
  async function sharesOf(group: string): Promise<readonly (readonly number[])[]> {
    const look = async (): Promise<readonly (readonly number[])[]> => {
      const { groups } = await admin.describeGroups([group]);
      return (groups[0]?.members ?? []).map(({ memberAssignment }) => {
        const assignment = kafkajs.AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};
        const [first = [], ...others] = Object.values(assignment).map((partitions) => [...partitions].sort((a, b) => a - b));
        for (const other of others) expect(other).toEqual(first);
        return first;
      });
    };
    return eventually(look, (shares) => shares.length === 2 && shares.flat().length === 12);
  }

  async function deadLetters(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const letters: Record<string, unknown>[] = [];
    const consumer = kafka.consumer({ groupId: 'dead-letters-test' });
    await consumer.connect();
    await consumer.subscribe({ topic: 'dead-letters', fromBeginning: true });
    // Each of detect, judge and approve, and history, sets each poisoned record aside.
    const all = new Promise<void>((resolve) => {
      void consumer.run({
        eachMessage: async ({ message }) => {
          letters.push(JSON.parse(message.value?.toString() ?? 'null') as Record<string, unknown>);
          if (letters.length >= 4 * poison.length) resolve();
        },
      });
    });
    await all;
    await consumer.disconnect();
    return letters;
  }
});

/** Looks until it is as wanted; returns what it saw last when the test's own patience would run out. */
async function eventually<T>(look: () => Promise<T>, isWanted: (seen: T) => boolean): Promise<T> {
  for (let looks = 0; ; looks += 1) {
    const seen = await look();
    if (isWanted(seen) || looks >= 100) return seen;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
