/** The recorder over a real ledger and the real engine, and every named query over what it wrote. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { SystemClock } from '@countersign/adapters/clock/system';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine, type Engine } from '@countersign/adapters/history-store/engine';
import type { Topic } from '@countersign/contracts';
import { createRecorder, migrations, namedQueries, tableOf, type HistoryRow, type NamedQuery, type Recorder } from '@countersign/history';
import type { LedgerRecord, TelemetryEvent } from '@countersign/pipeline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sampleHistory, type SampleHistory } from './sample-history.js';

const seed = 20_260_301;
const startMs = Date.UTC(2026, 2, 1, 10);
const sample: SampleHistory = sampleHistory({ seed, sessions: 6, callsPerSession: 12, startMs });
const callsInAll = 6 * 12;
const topicsOfSample = ['observations', 'findings', 'verdicts', 'decisions'] as const;

let dir: string;
let engine: Engine;
let store: ClickHouseHistoryStore;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-record-'));
  engine = await startEngine({ dir, log: () => undefined });
  store = await ClickHouseHistoryStore.connect(engine);
  await store.migrate(migrations);
});
afterAll(async () => {
  await store.close();
  await engine.stop();
  await rm(dir, { recursive: true, force: true });
});

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const ask = (query: NamedQuery, given: Readonly<Record<string, unknown>> = {}): Promise<readonly HistoryRow[]> =>
  store.query(query.sql, Object.fromEntries(Object.keys(query.params).map((name) => [name, given[name] ?? { domain: 'workshop', sinceMs: 0, limit: 1_000, ids: '["call-0-0"]' }[name]])));
const rowsIn = async (topic: Topic): Promise<number> => Number((await store.query(`SELECT uniqExact(id) AS n FROM ${tableOf[topic]}`))[0]?.['n']);

function recorderOver(eventLog: MemoryEventLog, heard: TelemetryEvent[] = []): Recorder {
  return createRecorder({ eventLog, store, clock: new SystemClock(), telemetry: (event) => heard.push(event), flushMs: 5 });
}

async function ledgerWith(records: Partial<Record<Topic, readonly LedgerRecord[]>>): Promise<MemoryEventLog> {
  const eventLog = new MemoryEventLog();
  for (const topic of Object.keys(records) as Topic[]) await eventLog.append(topic, records[topic] ?? []);
  return eventLog;
}

describe(`the recorder (seed ${seed})`, () => {
  it('[P2] brings every record of the ledger into history', async () => {
    const eventLog = await ledgerWith(sample);
    const recorder = recorderOver(eventLog);
    await recorder.start();
    for (const topic of topicsOfSample) await until(`all ${topic} are in`, async () => (await rowsIn(topic)) === sample[topic].length);
    await recorder.stop();
  });

  it('[P11] a ledger read again, cut otherwise, changes no answer', async () => {
    const ofAll = (): Promise<readonly (readonly HistoryRow[])[]> =>
      Promise.all(Object.values(namedQueries).map((query) => ask(query, { session: 'session-0', callId: 'call-0-0', agent: 'desk' })));
    const before = await ofAll();
    const minutes = 'SELECT * FROM calls_1m ORDER BY ALL';
    const beforeMinutes = await store.query(minutes);
    for (const chunk of [7, 1_000]) {
      const eventLog = new MemoryEventLog();
      const heard: TelemetryEvent[] = [];
      const recorder = recorderOver(eventLog, heard);
      await recorder.start();
      for (const topic of topicsOfSample) {
        for (let first = 0; first < sample[topic].length; first += chunk) await eventLog.append(topic, sample[topic].slice(first, first + chunk));
      }
      const handled = (): number => heard.filter(({ event }) => event === 'RowsInserted').reduce((sum, { fields }) => sum + Number(fields?.['rows']), 0);
      await until('it was read again', async () => handled() === topicsOfSample.reduce((sum, topic) => sum + sample[topic].length, 0));
      await recorder.stop();
    }
    expect(await ofAll()).toEqual(before);
    expect(await store.query(minutes)).toEqual(beforeMinutes);
    expect(beforeMinutes.reduce((sum, { n }) => sum + Number(n), 0)).toBe(callsInAll);
  });

  const poison: readonly (readonly [string, Topic, string, string])[] = [
    ['text that is no JSON', 'observations', '{"v":1,', 'unparsable'],
    ['a record of another version', 'findings', '{"v":2}', 'unknown-version'],
    ['a record without its fields', 'verdicts', '{"v":1,"id":"x"}', 'schema'],
    ['a time that is none', 'decisions', JSON.stringify({ ...JSON.parse(sample.decisions[0]?.value ?? '{}'), id: 'late', at: 'yesterday' }), 'schema'],
  ];
  it.each(poison)('[P8] sets aside %s with its bytes and goes on', async (...row) => {
    const [name, topic, value, errorClass] = row;
    const healthy = sample[topic as keyof SampleHistory][0] as LedgerRecord;
    const eventLog = await ledgerWith({ [topic]: [{ id: name, key: 'workshop', value }, { ...healthy, id: `${name} neighbour` }] });
    const heard: TelemetryEvent[] = [];
    const recorder = recorderOver(eventLog, heard);
    await recorder.start();
    const letters = (): Promise<readonly HistoryRow[]> => store.query('SELECT error_class, topic, raw FROM dead_letters FINAL WHERE record_id = {name:String}', { name });
    await until('the dead letter is in history', async () => (await letters()).length === 1);
    expect(await letters()).toEqual([{ error_class: errorClass, topic, raw: value }]);
    await until('its neighbour is read', async () => heard.some(({ event, fields }) => event === 'RowsInserted' && fields?.['table'] === tableOf[topic]));
    await recorder.stop();
    expect(heard.filter(({ event }) => event === 'RecordDeadLettered')).toMatchObject([{ level: 'error', fields: { topic, errorClass } }]);
  });

  it('[P8] keeps a dead letter that cannot be read, as it is', async () => {
    const recorder = recorderOver(await ledgerWith({ 'dead-letters': [{ id: 'broken letter', key: 'workshop', value: 'not a letter' }] }));
    await recorder.start();
    const letters = (): Promise<readonly HistoryRow[]> => store.query("SELECT raw, component FROM dead_letters WHERE record_id = 'broken letter'");
    await until('it is stored', async () => (await letters()).length > 0);
    await recorder.stop();
    expect((await letters())[0]).toEqual({ raw: 'not a letter', component: 'record' });
  });

  it('[P8] half a character in a name does not stop the record it stands in', async () => {
    const observation = { ...JSON.parse(sample.observations[2]?.value ?? '{}'), id: 'tap-9/1/0', tapId: 'tap-9', epoch: 1, seq: 0, session: 'half \uD800 a character' };
    const recorder = recorderOver(await ledgerWith({ observations: [{ id: observation.id, key: 'workshop', value: JSON.stringify(observation) }] }));
    await recorder.start();
    const stored = (): Promise<readonly HistoryRow[]> => store.query("SELECT session, record FROM observations WHERE tap_id = 'tap-9'");
    await until('it is stored', async () => (await stored()).length > 0);
    await recorder.stop();
    expect((await stored())[0]).toEqual({ session: 'half \uFFFD a character', record: JSON.stringify(observation) });
  });
});

describe('the named queries', () => {
  it('completeness: nothing is missing from what the taps numbered', async () => {
    expect(await ask(namedQueries.completenessTotal, { domain: 'workshop' })).toMatchObject([{ gap: 0, taps_with_gap: 0 }]);
    const rows = await ask(namedQueries.completenessByTap);
    expect(rows.filter(({ tap_id, is_closed }) => tap_id !== 'tap-9' && is_closed === true)).toHaveLength(6);
  });

  it('completeness: a hole and a tail that recovery knows of are both counted', async () => {
    const kept = sampleHistory({ seed: 1, sessions: 1, callsPerSession: 4, startMs, domain: 'holed' }).observations.filter((_, index) => index !== 3 && index < 8);
    const recovered = { ...JSON.parse(kept[0]?.value ?? '{}'), id: 'tap-0/2/0', epoch: 2, seq: 0, kind: 'epoch-recovered', note: { epoch: 1, lastSeq: 9 } };
    const recorder = recorderOver(await ledgerWith({ observations: [...kept, { id: recovered.id, key: 'holed', value: JSON.stringify(recovered) }] }));
    await recorder.start();
    await until('they are in', async () => Number((await ask(namedQueries.completenessTotal, { domain: 'holed' }))[0]?.['observations']) === kept.length + 1);
    await recorder.stop();
    expect(await ask(namedQueries.completenessTotal, { domain: 'holed' })).toMatchObject([{ gap: 1 + 2, taps_with_gap: 1, epochs: 2, open_epochs: 1 }]);
  });

  it('calls of a session carry request, result, findings, verdict, decision and timing', async () => {
    const rows = await ask(namedQueries.sessionCalls, { session: 'session-0' });
    expect(rows).toHaveLength(12);
    expect(rows.map(({ call_id }) => call_id)).toEqual(Array.from({ length: 12 }, (_, call) => `call-0-${call}`));
    const stepped = rows.find(({ verdict }) => verdict === 'step_up');
    expect(stepped).toMatchObject({ tool: 'pay_invoice', outcome: 'approved', person: 'ada', ended: 'forwarded', held_ms: 12, agent: 'desk', task: 'Answer the open tickets.', is_error: false });
    expect(JSON.parse(String(stepped?.['request']))).toMatchObject({ name: 'pay_invoice' });
    expect(JSON.parse(String(stepped?.['result']))).toMatchObject({ content: [{ text: 'done' }] });
    const denied = rows.find(({ verdict }) => verdict === 'deny');
    expect(denied?.['findings']).toMatchObject([{ detector: 'provenance', kind: 'flow-to-sink', gate: 'deny', score: null }, { detector: 'behaviour', p_value: 0.4, sample_size: 40 }]);
    expect(JSON.parse(String(denied?.['reasons']))).toMatchObject([{ code: 'flow-to-sink' }]);
    for (const row of rows) expect(Number(row['duration_ms'])).toBeGreaterThanOrEqual(20);
    expect(rows.find(({ verdict }) => verdict === 'allow')).toMatchObject({ outcome: '', quarantine_id: '' });
  });

  it('recent calls come newest first; one call can be asked for by id', async () => {
    const rows = await ask(namedQueries.recentCalls, { limit: 3 });
    expect(rows.map(({ call_id }) => call_id)).toEqual(['call-5-11', 'call-5-10', 'call-5-9']);
    expect(await ask(namedQueries.call, { callId: 'call-5-9' })).toEqual([rows[2]]);
    expect(await ask(namedQueries.call, { callId: 'nobody' })).toEqual([]);
  });

  it('sessions, agents and tools agree on the number of calls', async () => {
    const total = (rows: readonly HistoryRow[]): number => rows.reduce((sum, { calls }) => sum + Number(calls), 0);
    const bySession = (await ask(namedQueries.sessions)).filter(({ session }) => String(session).startsWith('session-'));
    expect(bySession.map(({ session }) => session)).toEqual([5, 4, 3, 2, 1, 0].map((n) => `session-${n}`));
    expect(bySession[0]).toMatchObject({ agent: 'courier', role: 'operations', servers: ['helpdesk'], calls: 12 });
    expect(['info', 'high']).toContain(bySession[0]?.['worst']);
    expect(total(bySession)).toBe(callsInAll);
    const byAgent = await ask(namedQueries.agents);
    expect(total(byAgent)).toBe(callsInAll);
    expect(byAgent.find(({ agent }) => agent === 'courier')).toMatchObject({ sessions: 3 });
    expect((byAgent[0]?.['top_tools'] as { calls: number }[]).length).toBeGreaterThan(1);
    const byTool = await ask(namedQueries.tools);
    expect(total(byTool)).toBe(callsInAll);
    expect(byTool.find(({ tool }) => tool === 'pay_invoice')).toMatchObject({ server: 'helpdesk', impact: 'irreversible', definitions: 1, changes: 0, last_change_at: null, approved_by: '' });
    expect(JSON.parse(String(byTool[0]?.['definition']))).toMatchObject({ name: byTool[0]?.['tool'] });
  });

  it('the verdict mix counts each verdict once', async () => {
    const rows = await ask(namedQueries.verdictMix);
    expect(rows.reduce((sum, { verdicts }) => sum + Number(verdicts), 0)).toBe(callsInAll);
    expect(rows.map(({ tier }) => tier)).toEqual(['low', 'medium', 'high', 'critical']);
  });

  it('session statistics have what drift needs, oldest first', async () => {
    const rows = (await ask(namedQueries.sessionStatistics, { agent: 'desk' })).filter(({ session }) => String(session).startsWith('session-'));
    expect(rows.map(({ session }) => session)).toEqual(['session-0', 'session-2', 'session-4']);
    expect(rows[0]).toMatchObject({ calls: 12 });
    expect(Number(rows[0]?.['mean_surprise'])).toBeGreaterThan(0);
    expect(Number(rows[0]?.['log_duration_mean'])).toBeGreaterThan(Math.log(20));
  });
});
