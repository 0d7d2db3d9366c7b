import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPolicy } from '@countersign/policy/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { startFixture } from '../../apps/tap/conformance/src/fixture.js';
import { gateSocketOf } from '../../apps/tap/src/data-dir.js';
import { runHttpTap } from '../../apps/tap/src/http/run.js';
import { startCore } from '../../apps/tap/src/start.js';
import { systemClock } from '../../apps/tap/src/system-clock.js';
import { TestGate } from '../../apps/tap/src/testing/test-gate.js';
import { differences, judge } from './compare.mjs';
import { policyArrived } from './processes.mjs';
import { runServerSuite } from './suite.mjs';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const peer of open.splice(0).toReversed()) await peer.close();
});

const suiteMsMax = 300_000;

async function startFixtureUrl(): Promise<string> {
  const fixture = await startFixture();
  open.push(fixture);
  return fixture.url;
}

/** The tap of a process, in this one, with a gate that takes everything and an observing policy. */
async function startTap(upstream: string, dir: string): Promise<{ readonly url: string; readonly gate: TestGate }> {
  const machine = { env: {}, platform: process.platform, tmpDir: tmpdir() };
  const dataDir = join(dir, 'data');
  const gate = new TestGate({ ...defaultPolicy, mode: 'observe' });
  const settings = { server: 'fixture', agent: 'suite', role: 'suite', dataDir, transport: { kind: 'http', upstream, host: '127.0.0.1', port: 0 } } as const;
  const { core } = startCore({ settings, machine, clock: systemClock, log: () => undefined });
  await gate.listen(gateSocketOf(dataDir, machine));
  const tap = await runHttpTap({ core, upstream, listen: { host: '127.0.0.1', port: 0 }, log: () => undefined });
  open.push(gate, { close: () => core.close(0) }, tap);
  await policyArrived(dataDir);
  return { url: `http://localhost:${tap.port}/mcp`, gate };
}

describe('the conformance suite', () => {
  it.each([
    ['2025-11-25', 84, 0],
    ['2026-07-28', 164, 30],
  ])('[T55] says the same of a server behind the tap as of the server: %s', { timeout: suiteMsMax }, async (revision, passed, failed) => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-conformance-'));
    open.push({ close: () => rmSync(dir, { recursive: true }) });
    const direct = await runServerSuite(await startFixtureUrl(), { revision, outDir: join(dir, 'direct') });
    const { url, gate } = await startTap(await startFixtureUrl(), dir);
    const tapped = await runServerSuite(url, { revision, outDir: join(dir, 'tapped') });
    expect(differences(direct, tapped)).toEqual([]);
    expect([direct.passed, direct.failed]).toEqual([passed, failed]);
    expect(gate.calls('request').length).toBeGreaterThan(10);
    expect(gate.calls('result').length).toBeGreaterThan(10);
  });

  it('a check that differs is found, an expected one is not counted, and an expectation that no longer comes true is', () => {
    const run = (...statuses: string[]) => ({ checks: statuses.map((status, index) => ({ scenario: `s${index}`, check: 'c', status })) });
    const found = differences(run('SUCCESS', 'SUCCESS', 'FAILURE', 'SUCCESS'), run('SUCCESS', 'FAILURE', 'SUCCESS'));
    expect(found.map(({ scenario, direct, tapped }) => `${scenario} ${direct} ${tapped}`)).toEqual(['s1 SUCCESS FAILURE', 's2 FAILURE SUCCESS', 's3 SUCCESS absent']);
    expect(judge(found, [{ reason: 'known', scenarios: ['s1', 's2', 's0'] }])).toEqual({ unexpected: [found[2]], stale: ['s0'] });
  });
});
