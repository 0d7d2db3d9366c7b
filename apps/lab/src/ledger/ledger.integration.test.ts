/** That the measurement measures: on a real broker and a real file, with a load small enough for every run of the tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { Kafka, logLevel } from 'kafkajs';
import { expect, it } from 'vitest';
import { startKafka } from '../../../../infra/stack/kafka.mjs';
import { compareLedgers } from './compare.js';
import { measureLedger } from './measure.js';

const load = { trips: 20, records: 1_000, recordsPerAppend: 50, appendsInFlight: 2, valueBytes: 583 };

it('measures both ledgers in one run, from records that came back, and leaves no topic behind', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-lab-kafka-'));
  const kafka = await startKafka({ dir });
  try {
    const { rows, notMeasured } = await compareLedgers({ brokers: kafka.brokers, load });
    expect(rows.map(({ ledger, trips, records }) => [ledger, trips, records])).toEqual([['sqlite', 18, 1_000], ['kafka', 18, 1_000]]);
    for (const row of rows) for (const figure of [row.twoHopsP50Ms, row.twoHopsP99Ms, row.appendedPerSecond, row.handledPerSecond]) expect(figure).toBeGreaterThan(0);
    expect(notMeasured).toEqual([]);
    const admin = new Kafka({ brokers: kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    expect((await admin.listTopics()).filter((name) => name.startsWith('lab-'))).toEqual([]);
    await admin.disconnect();
  } finally {
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}, 400_000);

it('says that Kafka was not measured when no brokers are named', async () => {
  const { rows, notMeasured } = await compareLedgers({ load });
  expect(rows.map(({ ledger }) => ledger)).toEqual(['sqlite']);
  expect(notMeasured).toHaveLength(1);
});

it('gives no figures for a ledger that lost a record', async () => {
  const small = new MemoryEventLog({ recordsMax: 500 });
  await expect(measureLedger(small, { ledger: 'forgetful', load: { ...load, records: 2_000 }, waitMsMax: 200 })).rejects.toThrow(/of 2000 records came back/);
  await small.close();
});
