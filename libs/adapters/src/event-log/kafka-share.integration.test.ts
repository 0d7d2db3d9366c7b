/** Members that share a ledger on a real broker: together, coming and going, busy, slow, and killed. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Topic } from '@countersign/contracts';
import type { StoredRecord, Subscription } from '@countersign/pipeline';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { records } from './conformance.js';
import type { KafkaEventLog } from './kafka.js';
import { startTestBroker, type TestBroker } from './kafka/test-broker.js';

const here = dirname(fileURLToPath(import.meta.url));
const shared: readonly Topic[] = ['observations', 'decisions'];
const domains = Array.from({ length: 24 }, (_, n) => `d${n}`);
let broker: TestBroker;

beforeAll(async () => {
  broker = await startTestBroker();
}, 400_000);
afterAll(() => broker?.stop(), 60_000);

const six = async () => broker.empty((topic) => (topic.name === 'dead-letters' ? topic : { ...topic, partitions: 6 }));

async function appendAll(log: KafkaEventLog, first: number, count: number): Promise<void> {
  await Promise.all(shared.flatMap((topic) => domains.map((domain) => log.append(topic, records(domain, first, count)))));
}

describe('share on a real broker', () => {
  it('[L6] two members have partition p of both topics together, no partition is in two hands, and nothing is skipped or handled twice', async () => {
    const ledger = await six();
    const [one, two, three] = [await ledger.connect(), await ledger.connect(), await ledger.connect()];
    const told = new Told();
    const first = await told.member('one', one);
    const second = await told.member('two', two);
    await appendAll(one, 0, 20);
    await told.until(2 * 24 * 20);
    const third = await told.member('three', three);
    await appendAll(one, 20, 20);
    await told.until(2 * 24 * 40);
    await third.stop();
    await appendAll(one, 40, 20);
    await told.until(2 * 24 * 60);
    await Promise.all([first.stop(), second.stop()]);
    expect(told.overlaps()).toEqual([]);
    expect(new Set(told.turns.filter(({ turn }) => turn === 'opened').map(({ member }) => member))).toEqual(new Set(['one', 'two', 'three']));
    for (const topic of shared) for (const domain of domains) expect(told.ids(topic, domain)).toEqual(records(domain, 0, 60).map(({ id }) => id));
    await Promise.all([one, two, three].map((log) => log.close()));
  }, 60_000);

  it('[L6] [P2] kill -9 of a member: its partitions move within the session, and every record is handled by somebody', async () => {
    const ledger = await six();
    const log = await ledger.connect();
    const child = await startChild(broker.brokers[0] ?? '', ledger.topicPrefix);
    await child.has('joined');
    await appendAll(log, 0, 10);
    await child.has('handled');
    const told = new Told();
    const member = await told.member('parent', log);
    // Both have a share now; the child dies with its own under its hands.
    await Promise.all([appendAll(log, 10, 40), child.kill()]);
    const all = shared.flatMap((topic) => domains.flatMap((domain) => records(domain, 0, 50).map(({ id }) => `${topic} ${id}`)));
    const handled = () => new Set([...child.handled(), ...told.records.map(({ topic, id }) => `${topic} ${id}`)]);
    while (handled().size < all.length) await told.more();
    expect(all.filter((id) => !handled().has(id))).toEqual([]);
    expect(new Set(told.turns.filter(({ turn }) => turn === 'opened').map(({ partition }) => partition)).size).toBe(6);
    await member.stop();
    await log.close();
  }, 60_000);

  it('[L6] a batch in hand is freed and finished, and its lane closed, before anybody opens the partition again', async () => {
    const ledger = await broker.empty((topic) => ({ ...topic, partitions: 1 }));
    const [one, two] = [await ledger.connect(), await ledger.connect()];
    const told = new Told();
    const inHand = new Gate();
    const closing = new Gate();
    let isFree = (): void => undefined;
    const first = await told.member('one', one, {
      handle: async () => {
        inHand.open();
        // Waits for the world, as for a ledger that is away; closing the lane is what frees it.
        await new Promise<void>((resolve) => (isFree = resolve));
      },
      close: () => {
        closing.open();
        isFree();
        return Promise.resolve();
      },
    });
    await one.append('observations', records('a', 0, 3));
    await inHand.opened;
    const second = await told.member('two', two);
    await closing.opened;
    await told.until(3);
    await Promise.all([first.stop(), second.stop()]);
    expect(told.overlaps()).toEqual([]);
    const order = told.turns.map(({ member, turn }) => `${member} ${turn}`);
    expect(order.indexOf('one handled')).toBeGreaterThan(-1);
    // On a slow machine it may have lost and got its partition before the batch came.
    expect(order.indexOf('one handled')).toBeLessThan(order.lastIndexOf('one closed'));
    expect(told.ids('observations', 'a')).toEqual(['a-0', 'a-1', 'a-2']);
    await Promise.all([one.close(), two.close()]);
  }, 60_000);

  it('[L6] a lane that takes longer to close than the session lasts keeps its member in the group, and its partition closed to others', async () => {
    const ledger = await broker.empty((topic) => ({ ...topic, partitions: 1 }));
    const [one, two] = [await ledger.connect(), await ledger.connect()];
    const told = new Told();
    const sessionMs = 3_000;
    const first = await told.member('one', one, { close: () => new Promise((resolve) => setTimeout(resolve, sessionMs * 1.5)) });
    await one.append('observations', records('a', 0, 3));
    await told.until(3);
    const second = await told.member('two', two);
    await first.stop();
    await one.append('observations', records('a', 3, 3));
    await told.until(6);
    await second.stop();
    expect(told.overlaps()).toEqual([]);
    expect(told.ids('observations', 'a')).toEqual(records('a', 0, 6).map(({ id }) => id));
    await Promise.all([one.close(), two.close()]);
  }, 60_000);

  it('[L3] [P2] a broker killed while a batch is in hand, long enough for heartbeats to fail, costs no record: reading goes on when it is back', async () => {
    const ledger = await broker.empty((topic) => ({ ...topic, partitions: 2 }));
    const log = await ledger.connect({ sessionMs: 12_000 });
    const told = new Told();
    const inHand = new Gate();
    const back = new Gate();
    const member = await told.member('one', log, { handle: () => (inHand.open(), back.opened) });
    await log.append('observations', records('a', 0, 3));
    await inHand.opened;
    await broker.kill();
    await broker.restart();
    back.open();
    await log.append('observations', [...records('a', 3, 3), ...records('b', 0, 3), ...records('c', 0, 3)]);
    while (new Set(told.records.map(({ id }) => id)).size < 12) await told.more();
    expect([...new Set(told.ids('observations', 'a'))]).toEqual(records('a', 0, 6).map(({ id }) => id));
    await member.stop();
    expect(told.overlaps()).toEqual([]);
    await log.close();
  }, 90_000);

  it('[L6] refuses topics with different numbers of partitions, and says them', async () => {
    const ledger = await six();
    const log = await ledger.connect();
    await expect(log.share(['observations', 'dead-letters'], { group: 'g' }, () => Promise.reject(new Error('never opened')))).rejects.toMatchObject({ name: 'TerminalError', errorClass: 'partitions', message: expect.stringContaining('observations 6, dead-letters 3') as string });
    await log.close();
  });
});

interface Turn {
  readonly member: string;
  readonly turn: 'opened' | 'handled' | 'closed';
  readonly partition: number;
}

interface Own {
  readonly handle?: () => Promise<void>;
  readonly close?: () => Promise<void>;
}

/** What the lanes of all members did, in order; and the positions they keep, as a snapshot store would. */
class Told {
  readonly turns: Turn[] = [];
  readonly records: StoredRecord[] = [];
  readonly #positions = new Map<number, Map<Topic, number>>();
  #grown: () => void = () => undefined;

  member(member: string, log: KafkaEventLog, { handle = () => Promise.resolve(), close = () => Promise.resolve() }: Own = {}): Promise<Subscription> {
    return log.share(shared, { group: 'shared', batchRecordsMax: 7 }, (partition) => {
      const own = new Map(this.#positions.get(partition));
      this.turns.push({ member, turn: 'opened', partition });
      return Promise.resolve({
        from: new Map(own),
        handle: async (topic: Topic, batch: readonly StoredRecord[]) => {
          await handle();
          this.turns.push({ member, turn: 'handled', partition });
          this.records.push(...batch);
          own.set(topic, (batch.at(-1)?.offset ?? -1) + 1);
          this.#grown();
        },
        close: async () => {
          await close();
          this.#positions.set(partition, own);
          // A lane is closed when its batch in hand is over too; that comes after this turn of the event loop.
          await new Promise((resolve) => setImmediate(resolve));
          this.turns.push({ member, turn: 'closed', partition });
        },
      });
    });
  }

  async until(count: number): Promise<void> {
    while (this.records.length < count) await this.more();
  }

  more(): Promise<void> {
    return new Promise((resolve) => (this.#grown = resolve));
  }

  ids(topic: Topic, domain: string): readonly string[] {
    return this.records.filter((record) => record.topic === topic && record.key === domain).map(({ id }) => id);
  }

  /** Turns of a lane while another lane of the same partition was open. */
  overlaps(): readonly string[] {
    const holders = new Map<number, string>();
    return this.turns.flatMap(({ member, turn, partition }) => {
      const holder = holders.get(partition);
      if (turn === 'opened') holders.set(partition, member);
      if (turn === 'closed' && holder === member) holders.delete(partition);
      const isWrong = turn === 'opened' ? holder !== undefined : holder !== member;
      return isWrong ? [`${member} ${turn} ${partition}, held by ${holder ?? 'nobody'}`] : [];
    });
  }
}

class Gate {
  open: () => void = () => undefined;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}

interface Child {
  has(turn: string): Promise<void>;
  handled(): readonly string[];
  kill(): Promise<void>;
}

async function startChild(address: string, topicPrefix: string): Promise<Child> {
  const { outputFiles } = await build({ entryPoints: [join(here, 'kafka-sharing.child.ts')], bundle: true, write: false, platform: 'node', format: 'esm', target: 'node24', conditions: ['@countersign/source'], external: ['kafkajs'], logLevel: 'error' });
  const child: ChildProcess = spawn(process.execPath, ['--input-type=module', '-', address, topicPrefix], { cwd: here, stdio: ['pipe', 'pipe', 'ignore'] });
  child.stdin?.end(outputFiles[0]?.text);
  const turns: { readonly turn: string; readonly topic?: string; readonly ids?: readonly string[] }[] = [];
  let heard = (): void => undefined;
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      turns.push(JSON.parse(line) as (typeof turns)[number]);
      heard();
    });
  }
  const gone = new Promise<void>((resolve) => child.on('close', () => resolve()));
  return {
    async has(turn) {
      while (!turns.some((one) => one.turn === turn)) await new Promise<void>((resolve) => (heard = resolve));
    },
    handled: () => turns.flatMap(({ topic, ids = [] }) => ids.map((id) => `${topic ?? ''} ${id}`)),
    kill() {
      child.kill('SIGKILL');
      return gone;
    },
  };
}
