/** Ledger → history on a history engine of its own, over the embedded ledger and over Kafka, in one run on one machine. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaEventLog } from '@countersign/adapters/event-log/kafka';
import { ensureTopics, removeTopics } from '@countersign/adapters/event-log/kafka/topics';
import { SqliteEventLog } from '@countersign/adapters/event-log/sqlite';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine } from '@countersign/adapters/history-store/engine';
import { topics } from '@countersign/contracts';
import { migrations } from '@countersign/history';
import { silentTelemetry, type EventLog } from '@countersign/pipeline';
import { engineCpuSeconds } from './engine-cpu.js';
import { madeRecords, type MadeRecord } from './made-records.js';
import { measureBacklog, measureFreshness, type BacklogFigures, type FreshnessFigures, type Offer } from './measure-ingest.js';

export interface IngestOptions {
  /** `host:port` of a running Kafka without TLS; absent: only the embedded ledger is measured, and the result says so. */
  readonly brokers?: readonly string[];
  /** In the ledger when the recorder starts; 60 000. */
  readonly records?: number;
  readonly offers?: readonly Offer[];
  /** Over which records are spread; 8. */
  readonly domains?: number;
}

export interface IngestRow {
  readonly ledger: string;
  readonly partitions: number;
  readonly backlog: BacklogFigures;
  /** The last one is ten times what the backlog showed to be possible: nothing is in time then, and memory must stay bounded. */
  readonly freshness: readonly FreshnessFigures[];
}

export interface IngestComparison {
  readonly rows: readonly IngestRow[];
  readonly notMeasured: readonly string[];
}

/** 1×, 10× and 100× of what a hundred agents make. */
export const offersDefault: readonly Offer[] = [{ perSecond: 100, seconds: 6 }, { perSecond: 1_000, seconds: 6 }, { perSecond: 10_000, seconds: 6 }];
const overloadSeconds = 1;
const partitionsOnKafka = 12;
const day = 86_400_000;

export async function compareIngest({ brokers, records = 60_000, offers = offersDefault, domains = 8 }: IngestOptions): Promise<IngestComparison> {
  const made = spread(await madeRecords({ seed: 1, count: records }), domains);
  const rows = [await withSqlite((eventLog) => row({ ledger: 'sqlite', partitions: 1, eventLog, made, offers }))];
  if (brokers === undefined) return { rows, notMeasured: ['Kafka was not measured: no brokers were named.'] };
  rows.push(await withKafka(brokers, (eventLog) => row({ ledger: 'kafka', partitions: partitionsOnKafka, eventLog, made, offers })));
  return { rows, notMeasured: [] };
}

interface RowWanted {
  readonly ledger: string;
  readonly partitions: number;
  readonly eventLog: EventLog;
  readonly made: readonly MadeRecord[];
  readonly offers: readonly Offer[];
}

async function row({ ledger, partitions, eventLog, made, offers }: RowWanted): Promise<IngestRow> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-lab-history-'));
  const engine = await startEngine({ dir, log: () => undefined });
  const store = await ClickHouseHistoryStore.connect(engine);
  try {
    await store.migrate(migrations);
    const place = { eventLog, store, engineCpuSeconds: () => engineCpuSeconds(dir), telemetry: silentTelemetry };
    const backlog = await measureBacklog(place, made);
    const source = renewed(made);
    const overload = { perSecond: Math.round((10 * backlog.records) / backlog.wallSeconds), seconds: overloadSeconds };
    const freshness: FreshnessFigures[] = [];
    for (const offer of [...offers, overload]) freshness.push(await measureFreshness(place, source, offer));
    return { ledger, partitions, backlog, freshness };
  } finally {
    await store.close();
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** A domain is one partition's: a run stays in one. */
function spread(made: readonly MadeRecord[], domains: number): readonly MadeRecord[] {
  return made.map((record) => ({ ...record, key: `lab-${Number(record.id.split('/')[1]) % domains}` }));
}

/** The same records again and again, under ids that were never there. */
function renewed(made: readonly MadeRecord[]): (count: number) => readonly MadeRecord[] {
  let next = 0;
  return (count) =>
    Array.from({ length: count }, () => {
      const record = made[next % made.length];
      if (record === undefined) throw new RangeError('there are no records to offer');
      const tap = `made-${Math.floor(next / made.length)}`;
      next += 1;
      return { ...record, id: record.id.replace('made', tap), value: record.value.replaceAll('"made/', `"${tap}/`) };
    });
}

async function withSqlite<T>(work: (eventLog: EventLog) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-lab-ledger-'));
  const eventLog = SqliteEventLog.open(join(dir, 'ledger.db'));
  try {
    return await work(eventLog);
  } finally {
    await eventLog.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function withKafka<T>(brokers: readonly string[], work: (eventLog: EventLog) => Promise<T>): Promise<T> {
  const topicPrefix = `lab-${randomUUID()}-`;
  const connection = { brokers };
  await ensureTopics({ connection, topicPrefix, topics: topics.map((name) => ({ name, partitions: partitionsOnKafka, retentionMs: day, cleanup: 'delete', recordBytesMax: 1_048_576 })) });
  const eventLog = await KafkaEventLog.connect({ connection, topicPrefix, app: 'lab' });
  try {
    return await work(eventLog);
  } finally {
    await eventLog.close();
    await removeTopics({ connection, topicPrefix });
  }
}
