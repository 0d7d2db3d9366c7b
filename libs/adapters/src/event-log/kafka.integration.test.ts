/** The Kafka ledger on a real broker: the port's own suite, then what only a broker can do to it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProcessor, silentTelemetry, type Processor, type StoredRecord } from '@countersign/pipeline';
import { Kafka, logLevel, type KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startKafka, type RunningKafka } from '../../../../infra/stack/kafka.mjs';
import { SystemClock } from '../clock/system.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { collect, describeEventLog, records } from './conformance.js';
import { KafkaEventLog, type KafkaEventLogOptions } from './kafka.js';
import { collectDistinct } from './kafka/distinct-records.js';
import { ensureTopics, removeTopics, type TopicDefinition } from './kafka/topics.js';

// A broker, two hundred topics and other work on the same machine: slow is not wrong here.
vi.setConfig({ testTimeout: 60_000 });
const dir = mkdtempSync(join(tmpdir(), 'countersign-kafka-'));
const { topics: definitions } = JSON.parse(readFileSync(new URL('../../../../infra/kafka/topics.json', import.meta.url), 'utf8')) as { readonly topics: readonly TopicDefinition[] };
let kafka: RunningKafka;
let ledgers = 0;

// The first run on a machine fetches the broker's jars.
beforeAll(async () => {
  kafka = await startKafka({ dir });
}, 400_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

async function emptyLedger({ partitions = 1, recordBytesMax = 1_048_576, ...more }: { readonly partitions?: number; readonly recordBytesMax?: number } & Partial<KafkaEventLogOptions> = {}) {
  ledgers += 1;
  const topicPrefix = `l${ledgers}-`;
  const connection = { brokers: kafka.brokers };
  expect(await ensureTopics({ connection, topicPrefix, topics: definitions.map((topic) => ({ ...topic, partitions, recordBytesMax })) })).toEqual([]);
  const connect = (own: Partial<KafkaEventLogOptions> = {}) => KafkaEventLog.connect({ connection, topicPrefix, sessionMs: 3_000, ...more, ...own });
  return { log: await connect(), connect, topicPrefix };
}

describeEventLog(
  'kafka',
  async () => {
    const ledger = await emptyLedger();
    let { log } = ledger;
    return {
      log,
      async reopen() {
        await log.close();
        return (log = await ledger.connect());
      },
      async dispose() {
        await log.close();
        // Two hundred forgotten topics would all be recovered after the kill below.
        await removeTopics({ connection: { brokers: kafka.brokers }, topicPrefix: ledger.topicPrefix });
      },
    };
  },
  { isDurable: true },
);

describe('KafkaEventLog on a real broker', () => {
  it('[L1] keeps each domain on one partition and in order, and hands over all of them', async () => {
    const { log } = await emptyLedger({ partitions: 4 });
    const domains = Array.from({ length: 12 }, (_, n) => `domain ${n}`);
    await Promise.all(domains.flatMap((domain) => [log.append('observations', records(domain, 0, 40)), log.append('observations', records(domain, 40, 40))]));
    const seen = await collect(log, 12 * 80, { batchRecordsMax: 7 });
    for (const domain of domains) {
      const own = seen.filter(({ key }) => key === domain);
      expect(own.map(({ id }) => id)).toEqual(records(domain, 0, 80).map(({ id }) => id));
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1);
    }
    expect(new Set(seen.map(({ partition }) => partition)).size).toBeGreaterThan(1);
    await log.close();
  });

  it('[L2] [P11] two members share the partitions of a group, and a third that joins and leaves costs no record and no order', async () => {
    const { log, connect } = await emptyLedger({ partitions: 4 });
    const domains = Array.from({ length: 12 }, (_, n) => `d${n}`);
    const seen: StoredRecord[] = [];
    let enough = (): void => undefined;
    const complete = new Promise<void>((resolve) => (enough = resolve));
    const handle = async (batch: readonly StoredRecord[]) => {
      seen.push(...batch);
      if (new Set(seen.map(({ id }) => id)).size === 12 * 100) enough();
    };
    const others = [await connect(), await connect()];
    const subscriptions = [await log.follow('findings', { group: 'g' }, handle), await others[0]?.follow('findings', { group: 'g' }, handle)];
    for (let first = 0; first < 100; first += 20) {
      await Promise.all(domains.map((domain) => log.append('findings', records(domain, first, 20))));
      if (first === 20) subscriptions.push(await others[1]?.follow('findings', { group: 'g' }, handle));
      if (first === 60) await subscriptions[2]?.stop();
    }
    await complete;
    await Promise.all(subscriptions.slice(0, 2).map((subscription) => subscription?.stop()));
    for (const domain of domains) expect(firstSights(seen.filter(({ key }) => key === domain))).toEqual(records(domain, 0, 100).map(({ id }) => id));
    await Promise.all([log, ...others].map((each) => each.close()));
  });

  it('[P11] [P14] a processor whose memory moved to another process makes the records it would have made without the move', async () => {
    const { log, connect } = await emptyLedger({ partitions: 4 });
    const snapshots = SqliteSnapshotStore.open(join(dir, `tally-${ledgers}.db`));
    const domains = Array.from({ length: 8 }, (_, n) => `d${n}`);
    const other = await connect();
    for (const [part, host] of [log, other, log].entries()) {
      await Promise.all(domains.map((domain) => host.append('observations', records(domain, part * 30, 30))));
      const run = await runProcessor({ createProcessor: tally, eventLog: host, snapshotStore: snapshots, clock: new SystemClock(), telemetry: silentTelemetry });
      await collectDistinct(host, domains.length * 30 * (part + 1), 'findings');
      await run.stop();
    }
    expectTallied(await collectDistinct(log, domains.length * 90, 'findings'), { domains, count: 90 });
    await Promise.all([log.close(), other.close(), snapshots.close()]);
  });

  it('[P11] a processor that lost partitions to another instance and got them back makes no record twice with another content', async () => {
    const { log, connect } = await emptyLedger({ partitions: 4 });
    const domains = Array.from({ length: 8 }, (_, n) => `d${n}`);
    const other = await connect();
    const openStore = (name: string) => SqliteSnapshotStore.open(join(dir, `${name}-${ledgers}.db`));
    const [ownStore, otherStore] = [openStore('own'), openStore('other')];
    const run = (eventLog: KafkaEventLog, snapshotStore: SqliteSnapshotStore) => runProcessor({ createProcessor: tally, eventLog, snapshotStore, clock: new SystemClock(), telemetry: silentTelemetry });
    const appendPart = async (part: number) => {
      await Promise.all(domains.map((domain) => log.append('observations', records(domain, part * 30, 30))));
      await collectDistinct(log, domains.length * 30 * (part + 1), 'findings');
    };
    const stays = await run(log, ownStore);
    await appendPart(0);
    const comes = await run(other, otherStore);
    await appendPart(1);
    await comes.stop();
    await appendPart(2);
    await stays.stop();
    expectTallied(await collectDistinct(log, domains.length * 90, 'findings'), { domains, count: 90 });
    await Promise.all([log.close(), other.close(), ownStore.close(), otherStore.close()]);
  });

  it('[L4] [P2] kill -9 of the broker during appends: what was acknowledged is read afterwards, in order; who will not wait is told to repeat', async () => {
    const { log, connect } = await emptyLedger();
    const impatient = await connect({ appendMsMax: 300 });
    const writer = new Writer(log);
    await writer.acknowledgedMore(500);
    await kafka.kill();
    try {
      await expect(impatient.append('verdicts', records('a', 0, 1))).rejects.toMatchObject({ name: 'RetriableError' });
    } finally {
      await kafka.restart();
    }
    await writer.acknowledgedMore(500);
    const acknowledged = await writer.stop();
    await appended(impatient, 3);
    const seen = await collectDistinct(log, acknowledged.length);
    const kept = new Set(seen.map(({ id }) => id));
    expect(acknowledged.filter((id) => !kept.has(id))).toEqual([]);
    expect(firstSights(seen).slice(0, acknowledged.length)).toEqual(acknowledged);
    expect(firstSights(await collectDistinct(impatient, 3, 'verdicts'))).toEqual(['a-0', 'a-1', 'a-2']);
    await Promise.all([log.close(), impatient.close()]);
  }, 90_000);

  it('[P8] refuses a record over the broker’s limit for good, and its neighbours of the same send are stored', async () => {
    const { log } = await emptyLedger({ compress: false, recordBytesMax: 100_000 });
    const outcomes = await Promise.allSettled([
      log.append('observations', records('a', 0, 1)),
      log.append('observations', [{ id: 'big', key: 'a', value: JSON.stringify(randomBytes(150_000).toString('base64')) }]),
      log.append('observations', records('a', 1, 1)),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: { name: 'TerminalError', errorClass: 'over-limit' } });
    expect((await collect(log, 2)).map(({ id }) => id)).toEqual(['a-0', 'a-1']);
    await log.close();
  });

  it('writes CloudEvents that another client reads without parsing the value, which is the JSON as written', async () => {
    const { log, topicPrefix } = await emptyLedger({ app: 'gate' });
    const value = '{ "v":1, "at":"2026-11-01T00:00:00.000Z", "call":{"callId":"c-9"} }';
    await log.append('observations', [{ id: 'tap-1/2/33', key: 'a domain', value }]);
    await log.append('findings', [{ id: 'tap-1/2/33/probe/0', key: 'a domain', value: '{"v":1,"severity":"high","callId":"c-9"}' }]);
    const [observation, finding] = [await rawRecord(`${topicPrefix}observations`), await rawRecord(`${topicPrefix}findings`)];
    expect(String(observation.value)).toBe(value);
    expect(String(observation.key)).toBe('a domain');
    const { ce_recordedtime: recorded, ...headers } = textsOf(observation);
    expect(headers).toEqual({
      'content-type': 'application/json', ce_specversion: '1.0', ce_id: 'tap-1/2/33', ce_source: '/domains/a%20domain/taps/tap-1', ce_type: 'dev.countersign.observation.v1', ce_dataschema: 'urn:countersign:schema:observation:v1',
      ce_subject: 'c-9', ce_time: '2026-11-01T00:00:00.000Z', ce_partitionkey: 'a domain', ce_sequence: '33',
    });
    expect(recorded).toMatch(/^\d{4}-.*Z$/);
    expect(textsOf(finding)).toMatchObject({ ce_type: 'dev.countersign.finding.v1', ce_severity: 'high', ce_source: '/domains/a%20domain/gate' });
    await log.close();
  });

  it('hands over a foreign record without envelope under the id of its place, and the records after it', async () => {
    const { log, topicPrefix } = await emptyLedger();
    const producer = plainClient().producer();
    await producer.connect();
    await producer.send({ topic: `${topicPrefix}observations`, messages: [{ key: 'k', value: 'not JSON' }, { key: 'k', value: null }] });
    await producer.disconnect();
    await log.append('observations', records('k', 0, 1));
    expect((await collect(log, 3)).map(({ id, value }) => [id, value])).toEqual([['observations/0/0', 'not JSON'], ['observations/0/1', ''], ['k-0', '{"n":0}']]);
    await log.close();
  });

  it('does not open where a topic is missing, and names it', async () => {
    await expect(KafkaEventLog.connect({ connection: { brokers: kafka.brokers }, topicPrefix: 'nowhere-' })).rejects.toMatchObject({ name: 'RetriableError', message: expect.stringContaining('nowhere-observations') as string });
  });
});

/** Numbers each domain's records: any record lost, repeated in memory or out of order shows in every number after it. */
function tally(): Processor {
  let counts: Record<string, number> = {};
  return {
    name: 'tally', version: '1', reads: ['observations'],
    handle({ id, key }) {
      counts[key] = (counts[key] ?? 0) + 1;
      return [{ topic: 'findings', id: `${id}/tally`, key, value: String(counts[key]) }];
    },
    snapshot: () => JSON.stringify(counts),
    restore(state) {
      counts = JSON.parse(state) as Record<string, number>;
    },
  };
}

/** Every record of the tally, also one made twice, has the number its place in its domain gives it, and none is missing. */
function expectTallied(made: readonly StoredRecord[], { domains, count }: { readonly domains: readonly string[]; readonly count: number }): void {
  const expected = new Map<string, string>(domains.flatMap((domain) => records(domain, 0, count).map(({ id }, index) => [`${id}/tally`, String(index + 1)] as const)));
  expect(made.filter(({ id, value }) => expected.get(id) !== value)).toEqual([]);
  expect(new Set(made.map(({ id }) => id)).size).toBe(expected.size);
}

function plainClient(): Kafka {
  return new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING });
}

async function rawRecord(topic: string): Promise<KafkaMessage> {
  const consumer = plainClient().consumer({ groupId: `raw-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const first = new Promise<KafkaMessage>((resolve, reject) => {
    consumer.run({ eachMessage: ({ message }) => Promise.resolve(resolve(message)) }).catch(reject);
  });
  const message = await first;
  await consumer.disconnect();
  return message;
}

function textsOf({ headers }: KafkaMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name, String(value)]));
}

/** Ids in the order they were first seen: a repeated delivery starts again further back (L2). */
function firstSights(seen: readonly StoredRecord[]): readonly string[] {
  return [...new Set(seen.map(({ id }) => id))];
}

/** Appends without a pause, and keeps what was acknowledged. */
class Writer {
  readonly #acknowledged: string[] = [];
  readonly #running: Promise<void>;
  #isOver = false;
  #grown: () => void = () => undefined;

  constructor(log: KafkaEventLog) {
    this.#running = this.#write(log);
  }

  /** A broker that never comes back ends the test by the runner's limit. */
  async acknowledgedMore(count: number): Promise<void> {
    const enough = this.#acknowledged.length + count;
    while (this.#acknowledged.length < enough) await new Promise<void>((resolve) => (this.#grown = resolve));
  }

  async stop(): Promise<readonly string[]> {
    this.#isOver = true;
    await this.#running;
    return this.#acknowledged;
  }

  async #write(log: KafkaEventLog): Promise<void> {
    for (let first = 0; !this.#isOver; first += 50) {
      const batch = records('a', first, 50);
      await log.append('observations', batch);
      this.#acknowledged.push(...batch.map(({ id }) => id));
      this.#grown();
    }
  }
}

/** The broker has just come back: repeat as the port asks, within the runner's limit. */
async function appended(log: KafkaEventLog, count: number): Promise<void> {
  for (;;) {
    try {
      return await log.append('verdicts', records('a', 0, count));
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'RetriableError') throw error;
    }
  }
}
