/** That the measurement measures: the product's recorder, a real engine, a real file and a real broker, with few records. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordSchemas } from '@countersign/contracts';
import { expect, it } from 'vitest';
import { startKafka } from '../../../../infra/stack/kafka.mjs';
import { compareIngest } from './compare-ingest.js';
import { madeRecords } from './made-records.js';
import { shownIngest } from './shown.js';

it('its records are those of the product: each breaks no schema, has an id of its own, and is made again from the same seed', async () => {
  const made = await madeRecords({ seed: 7, count: 400 });
  expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  expect(new Set(made.map(({ topic }) => topic))).toEqual(new Set(['observations', 'findings', 'verdicts']));
  for (const { topic, value } of made) expect(recordSchemas[topic].safeParse(JSON.parse(value)).success).toBe(true);
  expect(await madeRecords({ seed: 7, count: 400 })).toEqual(made);
});

it('every record is found in history on both ledgers, at once and while it is offered', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-lab-ingest-'));
  const kafka = await startKafka({ dir });
  try {
    const measured = await compareIngest({ brokers: kafka.brokers, records: 1_000, offers: [{ perSecond: 200, seconds: 1 }] });
    expect(measured.rows.map(({ ledger }) => ledger)).toEqual(['sqlite', 'kafka']);
    for (const { backlog, freshness } of measured.rows) {
      expect(backlog.records).toBeGreaterThanOrEqual(1_000);
      expect(backlog.inserts).toBeGreaterThan(0);
      expect(backlog.perSecondAndCore).toBeGreaterThan(0);
      expect(freshness.map(({ records }) => records)).toEqual([200, expect.any(Number)]);
      for (const { p50Ms, p95Ms, residentMiBMax } of freshness) {
        expect(p95Ms).toBeGreaterThanOrEqual(p50Ms);
        expect(Math.min(p50Ms, residentMiBMax)).toBeGreaterThan(0);
      }
    }
    expect(shownIngest(measured).join('\n')).toMatch(/kafka, 12 partitions: \d+ records/);
  } finally {
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}, 400_000);
