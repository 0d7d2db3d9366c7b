/** That the measurement measures: real stages on a real broker and a real file, with few calls. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { startKafka } from '../../../../infra/stack/kafka.mjs';
import { compareVerdicts } from './compare-verdict.js';
import { shownVerdicts } from './shown.js';

const loads = [{ calls: 20 }, { calls: 20, callsPerSecond: 50 }];

it('every call has its verdict on both ledgers, and the parts of the way add up to it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-lab-verdict-'));
  const kafka = await startKafka({ dir });
  try {
    const measured = await compareVerdicts({ brokers: kafka.brokers, loads });
    expect(measured.rows.map(({ ledger, load, trips, late }) => [ledger, load.callsPerSecond, trips, late])).toEqual([['sqlite', undefined, 18, 0], ['sqlite', 50, 18, 0], ['kafka', undefined, 18, 0], ['kafka', 50, 18, 0]]);
    for (const { p50Ms, p99Ms, hops, parts, cpuMsPerCall } of measured.rows) {
      expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
      expect(hops.p50Ms).toBeLessThanOrEqual(p99Ms);
      expect(Math.max(...parts.map((part) => part.p50Ms))).toBeLessThanOrEqual(p99Ms);
      expect(Math.min(cpuMsPerCall, ...parts.map((part) => part.p99Ms))).toBeGreaterThan(0);
    }
    expect(shownVerdicts(measured).join('\n')).toMatch(/kafka, 50 calls\/s: 18 calls, 0 judged late/);
  } finally {
    await kafka.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}, 400_000);

it('says that Kafka was not measured when no brokers are named', async () => {
  const { rows, notMeasured } = await compareVerdicts({ loads: [{ calls: 10 }] });
  expect([rows.length, notMeasured.length]).toEqual([1, 1]);
}, 60_000);
