/** The recorder against an engine that dies while it writes. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision } from '@countersign/contracts';
import { createRecorder, migrations } from '@countersign/history';
import type { TelemetryEvent } from '@countersign/pipeline';
import { expect, it } from 'vitest';
import { SystemClock } from '../clock/system.js';
import { MemoryEventLog } from '../event-log/memory.js';
import { ClickHouseHistoryStore } from './clickhouse.js';
import { startEngine } from './engine.js';

const kills = 4;
const recordsPerKill = 400;

function decision(n: number): Decision {
  return { v: 1, id: `decision-${n}`, kind: 'vote', domain: 'd', at: new Date(Date.UTC(2026, 0, 1) + n).toISOString(), by: 'ada', via: 'console', outcome: 'approved' };
}

function killEngine(dir: string): void {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  const line = lines.find((candidate) => candidate.includes('engine-child') && candidate.includes(`--path=${join(dir, 'data')}`));
  if (line !== undefined) process.kill(Number(line.trim().split(/\s+/)[0]), 'SIGKILL');
}

it('[P2] loses nothing and counts nothing twice when the engine is killed again and again under it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-faults-'));
  const engine = await startEngine({ dir, log: () => undefined });
  const store = await ClickHouseHistoryStore.connect(engine);
  await store.migrate(migrations);
  const heard: TelemetryEvent[] = [];
  const eventLog = new MemoryEventLog();
  const recorder = createRecorder({ eventLog, store, clock: new SystemClock(), telemetry: (event) => heard.push(event), flushMs: 1 });
  await recorder.start();
  for (let kill = 0; kill < kills; kill += 1) {
    for (let n = 0; n < recordsPerKill; n += 10) {
      const made = Array.from({ length: 10 }, (_, index) => decision(kill * recordsPerKill + n + index));
      await eventLog.append('decisions', made.map((record) => ({ id: record.id, key: 'd', value: JSON.stringify(record) })));
      if (n === recordsPerKill / 2) killEngine(dir);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }
  const counted = async (): Promise<unknown> => (await store.query('SELECT uniqExact(id) AS ids, (SELECT count() FROM decisions FINAL) AS rows FROM decisions').catch(() => []))[0];
  const all = { ids: kills * recordsPerKill, rows: kills * recordsPerKill };
  const deadline = performance.now() + 15_000;
  while (JSON.stringify(await counted()) !== JSON.stringify(all) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await counted()).toEqual(all);
  expect(heard.filter(({ event }) => event === 'RecordDeadLettered')).toEqual([]);
  expect(heard.filter(({ event }) => event === 'BatchRetried').length).toBeGreaterThan(0);
  await recorder.stop();
  await store.close();
  await engine.stop();
  await rm(dir, { recursive: true, force: true });
});
