/** The embedded and the distributed ledger under the same load, in one run on one machine: read the ratios. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@countersign/contracts';
import { KafkaEventLog } from '@countersign/adapters/event-log/kafka';
import { ensureTopics, removeTopics } from '@countersign/adapters/event-log/kafka/topics';
import { SqliteEventLog } from '@countersign/adapters/event-log/sqlite';
import { ledgerLoadDefault, measureLedger, type LedgerFigures, type LedgerLoad } from './measure.js';

export interface LedgerComparisonOptions {
  /** `host:port` of a running Kafka without TLS; absent: SQLite alone is measured, and the result says so. */
  readonly brokers?: readonly string[];
  readonly load?: LedgerLoad;
}

export interface LedgerComparison {
  readonly rows: readonly LedgerFigures[];
  /** Sentences about what was not measured. */
  readonly notMeasured: readonly string[];
}

const day = 86_400_000;

/** SQLite in a folder of its own, removed afterwards; Kafka on topics of its own with one partition, removed too. */
export async function compareLedgers({ brokers, load = ledgerLoadDefault }: LedgerComparisonOptions): Promise<LedgerComparison> {
  const sqlite = await measureSqlite(load);
  if (brokers === undefined) return { rows: [sqlite], notMeasured: ['Kafka was not measured: no brokers were named.'] };
  return { rows: [sqlite, await measureKafka(brokers, load)], notMeasured: [] };
}

async function measureSqlite(load: LedgerLoad): Promise<LedgerFigures> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-lab-'));
  const eventLog = SqliteEventLog.open(join(dir, 'ledger.db'));
  try {
    return await measureLedger(eventLog, { ledger: 'sqlite', load });
  } finally {
    await eventLog.close();
    await rm(dir, { recursive: true, force: true });
  }
}

async function measureKafka(brokers: readonly string[], load: LedgerLoad): Promise<LedgerFigures> {
  const topicPrefix = `lab-${randomUUID()}-`;
  const connection = { brokers };
  await ensureTopics({ connection, topicPrefix, topics: topics.map((name) => ({ name, partitions: 1, retentionMs: day, cleanup: 'delete', recordBytesMax: 1_048_576 })) });
  const eventLog = await KafkaEventLog.connect({ connection, topicPrefix, app: 'lab' });
  try {
    return await measureLedger(eventLog, { ledger: 'kafka', load });
  } finally {
    await eventLog.close();
    await removeTopics({ connection, topicPrefix });
  }
}
