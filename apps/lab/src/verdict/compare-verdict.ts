/** The same calls over the embedded ledger and over Kafka, in one run on one machine: read the ratios. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KafkaEventLog } from '@countersign/adapters/event-log/kafka';
import { ensureTopics, removeTopics } from '@countersign/adapters/event-log/kafka/topics';
import { SqliteEventLog } from '@countersign/adapters/event-log/sqlite';
import { SqliteSnapshotStore } from '@countersign/adapters/snapshot-store/sqlite';
import { topics } from '@countersign/contracts';
import type { SnapshotStore } from '@countersign/pipeline';
import { measureVerdicts, type VerdictFigures, type VerdictLoad } from './measure-verdict.js';

export interface VerdictComparisonOptions {
  /** `host:port` of a running Kafka without TLS; absent: only the embedded ledger is measured, and the result says so. */
  readonly brokers?: readonly string[];
  readonly loads?: readonly VerdictLoad[];
}

export interface VerdictComparison {
  readonly rows: readonly VerdictFigures[];
  /** Sentences about what was not measured. */
  readonly notMeasured: readonly string[];
}

/** One by one, then 5, 50 and 500 calls a second. */
export const verdictLoadsDefault: readonly VerdictLoad[] = [{ calls: 400 }, { calls: 50, callsPerSecond: 5 }, { calls: 400, callsPerSecond: 50 }, { calls: 2_000, callsPerSecond: 500 }];
const partitions = 4;
const day = 86_400_000;

export async function compareVerdicts({ brokers, loads = verdictLoadsDefault }: VerdictComparisonOptions): Promise<VerdictComparison> {
  const embedded = await inScratch((dir, snapshotStore) => overSqlite(join(dir, 'ledger.db'), { snapshotStore, loads }));
  if (brokers === undefined) return { rows: embedded, notMeasured: ['Kafka was not measured: no brokers were named.'] };
  const distributed = await inScratch((_dir, snapshotStore) => overKafka(brokers, { snapshotStore, loads }));
  return { rows: [...embedded, ...distributed], notMeasured: [] };
}

interface Wanted {
  readonly snapshotStore: SnapshotStore;
  readonly loads: readonly VerdictLoad[];
}

async function inScratch<T>(work: (dir: string, snapshotStore: SnapshotStore) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-lab-'));
  const snapshotStore = SqliteSnapshotStore.open(join(dir, 'snapshots.db'));
  try {
    return await work(dir, snapshotStore);
  } finally {
    await snapshotStore.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function overSqlite(file: string, { snapshotStore, loads }: Wanted): Promise<readonly VerdictFigures[]> {
  const log = SqliteEventLog.open(file);
  try {
    return await measureVerdicts({ ledger: 'sqlite', ledgers: { writer: log, detect: log, judge: log, reader: log }, snapshotStore }, loads);
  } finally {
    await log.close();
  }
}

/** A client of its own for each part of the way, as the services have. */
async function overKafka(brokers: readonly string[], { snapshotStore, loads }: Wanted): Promise<readonly VerdictFigures[]> {
  const topicPrefix = `lab-${randomUUID()}-`;
  const connection = { brokers };
  await ensureTopics({ connection, topicPrefix, topics: topics.map((name) => ({ name, partitions, retentionMs: day, cleanup: 'delete', recordBytesMax: 1_048_576 })) });
  const names = ['writer', 'detect', 'judge', 'reader'] as const;
  const opened = await Promise.all(names.map((app) => KafkaEventLog.connect({ connection, topicPrefix, app })));
  const [writer, detect, judge, reader] = opened;
  try {
    if (writer === undefined || detect === undefined || judge === undefined || reader === undefined) throw new RangeError('four ledgers are opened');
    return await measureVerdicts({ ledger: 'kafka', ledgers: { writer, detect, judge, reader }, snapshotStore }, loads);
  } finally {
    await Promise.all(opened.map((log) => log.close()));
    await removeTopics({ connection, topicPrefix });
  }
}
