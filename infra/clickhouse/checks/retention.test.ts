/** What the age of a row takes away, on the engine: contents go, facts and decisions stay, and the past is still whole. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine, type Engine } from '@countersign/adapters/history-store/engine';
import type { Topic } from '@countersign/contracts';
import { migrations, namedQueries, rowOf, tableOf } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHistory } from '../../../apps/record/src/sample-history.js';

const oldDays = 401;
const dayMs = 86_400_000;

describe('retention', () => {
  let dir: string;
  let engine: Engine;
  let store: ClickHouseHistoryStore;
  let operator: ClickHouseClient;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-retention-'));
    engine = await startEngine({ dir, log: () => undefined });
    store = await ClickHouseHistoryStore.connect(engine);
    operator = createClient({ url: engine.url, username: engine.username, password: engine.password, database: engine.database });
    await store.migrate(migrations);
    const nowMs = Date.now();
    await fill({ domain: 'old', recordedMs: nowMs - oldDays * dayMs, atMs: nowMs - oldDays * dayMs });
    // A tap whose clock is a thousand days behind: its records are as old as their arrival, not as they claim.
    await fill({ domain: 'backdated', recordedMs: nowMs, atMs: nowMs - 1_000 * dayMs });
    for (const table of new Set(Object.values(tableOf))) await operator.command({ query: `OPTIMIZE TABLE ${table} FINAL` });
  });
  afterAll(async () => {
    await operator.close();
    await store.close();
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  });

  async function fill({ domain, recordedMs, atMs }: { domain: string; recordedMs: number; atMs: number }): Promise<void> {
    const sample = sampleHistory({ seed: 3, sessions: 2, callsPerSession: 8, startMs: atMs, domain });
    const recorded_at = new Date(recordedMs).toISOString();
    for (const topic of Object.keys(sample) as (keyof typeof sample & Topic)[]) {
      const rows = sample[topic].map((record, offset) => ({ ...rowOf(topic, { ...record, topic, partition: 0, offset }), recorded_at }));
      await store.insert({ table: tableOf[topic], rows, token: `${domain}/${topic}` });
    }
    const letter = { id: `${domain}/letter`, domain, at: recorded_at, topic: 'findings', offset: 0, record_id: 'x', error_class: 'schema', error: '', component: 'record', raw: '{', recorded_at };
    await store.insert({ table: 'dead_letters', rows: [letter], token: `${domain}/letter` });
  }

  const one = async (sql: string, domain: string): Promise<unknown> => (await store.query(sql, { domain }))[0];

  it('takes the contents of old records and leaves the facts', async () => {
    expect(await one("SELECT countIf(record != '') AS texts, countIf(task != '') AS tasks, countIf(tool = 'pay_invoice') > 0 AS named, count() > 30 AS kept FROM observations WHERE domain = {domain:String}", 'old')).toEqual({ texts: 0, tasks: 0, named: 1, kept: 1 });
    expect(await one("SELECT countIf(record != '' OR evidence != '' OR sentence != '') AS texts, countIf(kind = 'flow-to-sink') > 0 AS named FROM findings WHERE domain = {domain:String}", 'old')).toEqual({ texts: 0, named: 1 });
    expect(await one("SELECT countIf(record != '' OR reasons != '') AS texts, countIf(has(reason_codes, 'flow-to-sink')) > 0 AS named FROM verdicts WHERE domain = {domain:String}", 'old')).toEqual({ texts: 0, named: 1 });
    expect(await one('SELECT count() AS letters FROM dead_letters WHERE domain = {domain:String}', 'old')).toEqual({ letters: 0 });
  });

  it('keeps decisions whole, and the answer that nothing is missing', async () => {
    expect(await one("SELECT countIf(record = '') AS empty, count() > 0 AS kept FROM decisions WHERE domain = {domain:String}", 'old')).toEqual({ empty: 0, kept: 1 });
    expect(await one(namedQueries.completenessTotal.sql, 'old')).toMatchObject({ gap: 0, epochs: 2 });
  });

  it('counts age from arrival, so that a record dated back stays', async () => {
    expect(await one("SELECT countIf(record = '') AS empty, count() > 30 AS kept FROM observations WHERE domain = {domain:String}", 'backdated')).toEqual({ empty: 0, kept: 1 });
    expect(await one('SELECT count() AS letters FROM dead_letters WHERE domain = {domain:String}', 'backdated')).toEqual({ letters: 1 });
  });

  it('follows an operator who wants another age, and a later start does not undo it', async () => {
    await operator.command({ query: 'ALTER TABLE observations MODIFY COLUMN record String CODEC(ZSTD(3)) TTL toDateTime(recorded_at) + INTERVAL 30 DAY' });
    await store.migrate(migrations);
    const ttl = await operator.query({ query: "SELECT create_table_query AS made FROM system.tables WHERE database = currentDatabase() AND name = 'observations'", format: 'JSONEachRow' });
    expect((await ttl.json<{ made: string }>())[0]?.made).toContain('`record` String CODEC(ZSTD(3)) TTL toDateTime(recorded_at) + toIntervalDay(30)');
  });
});
