/** Recording as an application runs it: on the embedded adapters, with history coming, going and being asked whether it is whole. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { startEngine, type Engine } from '@countersign/adapters/history-store/engine';
import { SqliteSnapshotStore } from '@countersign/adapters/snapshot-store/sqlite';
import type { TelemetryEvent } from '@countersign/pipeline';
import { createService, createTelemetry, type Service } from '@countersign/service';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkMs } from './record-host.js';
import { RecordModule, runCompleteness } from './index.js';
import { sampleHistory } from './sample-history.js';

let dir: string;
let engine: Engine;
let store: ClickHouseHistoryStore;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-record-module-'));
  engine = await startEngine({ dir: join(dir, 'history'), log: () => undefined });
  store = await ClickHouseHistoryStore.connect(engine);
});
afterAll(async () => {
  await store.close();
  await engine.stop();
  await rm(dir, { recursive: true, force: true });
});

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Running {
  readonly service: Service;
  readonly eventLog: MemoryEventLog;
  readonly clock: SeededClock;
  readonly heard: readonly TelemetryEvent[];
  stop(): Promise<void>;
}

async function start(historyStore: ClickHouseHistoryStore): Promise<Running> {
  const heard: TelemetryEvent[] = [];
  const { metrics, telemetry } = createTelemetry({ name: 'record', version: '0', level: 'silent' });
  const [clock, eventLog, snapshotStore] = [new SeededClock({ seed: 3 }), new MemoryEventLog(), await SqliteSnapshotStore.open(':memory:')];
  const listening = (event: TelemetryEvent): void => {
    heard.push(event);
    telemetry(event);
  };
  const service = await createService({ name: 'record', version: '0', ports: { eventLog, snapshotStore, clock, metrics, telemetry: listening, historyStore }, imports: [RecordModule.forRoot()] });
  const stop = async (): Promise<void> => {
    await service.stop();
    await snapshotStore.close();
    await eventLog.close();
  };
  return { service, eventLog, clock, heard, stop };
}

const metric = async ({ service }: Running, name: string): Promise<string | undefined> =>
  (await (await fetch(`${service.url}/metrics`)).text()).split('\n').find((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));

describe('RecordModule', () => {
  it('makes history’s tables, records what is in the ledger, and is ready', async () => {
    const running = await start(store);
    expect(running.service.health.isReady).toBe(true);
    const { observations } = sampleHistory({ seed: 5, sessions: 2, callsPerSession: 3, startMs: Date.UTC(2026, 0, 1), domain: 'module' });
    await running.eventLog.append('observations', observations);
    await until('they are recorded', async () => (await runCompleteness(store, 'module')).observations === observations.length);
    await running.stop();
  });

  it('[P2] says each minute that nothing is missing, and how much is when something is', async () => {
    const running = await start(store);
    const gaps = (): readonly TelemetryEvent[] => running.heard.filter(({ event }) => event === 'GapFound');
    await running.clock.advance(checkMs);
    await until('the first check', () => gaps().length === 1);
    expect(gaps()[0]).toMatchObject({ level: 'debug', fields: { observations: 0 } });
    const { observations } = sampleHistory({ seed: 6, sessions: 1, callsPerSession: 3, startMs: Date.UTC(2026, 0, 2), domain: 'torn' });
    const torn = observations.filter((_, seq) => seq !== 2 && seq !== 4);
    await running.eventLog.append('observations', torn);
    await until('they are recorded', async () => (await runCompleteness(store, 'torn')).observations === torn.length);
    await running.clock.advance(checkMs);
    await until('the second check', () => gaps().length === 2);
    expect(gaps()[1]).toMatchObject({ level: 'error', fields: { observations: 2 } });
    expect(gaps()[1]?.message).toMatch(/2 observations are missing .* 2 of helpdesk \(tap tap-0, epoch 1\)/);
    expect(await metric(running, 'countersign_observation_gap')).toBe('countersign_observation_gap 2');
    await running.stop();
    const report = await runCompleteness(store, 'torn');
    expect(report).toMatchObject({ missing: 2, taps: 1, epochs: 1, incomplete: [{ tapId: 'tap-0', epoch: 1, missing: 2 }] });
  });

  it('[P3] starts while history is away, and stops in order without it', async () => {
    const away = await startEngine({ dir: join(dir, 'away'), log: () => undefined });
    const unreachable = await ClickHouseHistoryStore.connect(away);
    await away.stop();
    const running = await start(unreachable);
    expect(running.heard.filter(({ event }) => event === 'HistoryAway').length).toBeGreaterThan(0);
    expect(running.service.health.isReady).toBe(false);
    await running.stop();
    await unreachable.close();
  });
});
