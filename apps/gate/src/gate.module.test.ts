import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@countersign/adapters/clock/system';
import { SqliteEventLog } from '@countersign/adapters/event-log/sqlite';
import { SqliteSnapshotStore } from '@countersign/adapters/snapshot-store/sqlite';
import { parseRecord, type Processor } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { createService, createTelemetry, loadOrCreateKeys, provideProcessor } from '@countersign/service';
import { verdictId, type Verdict } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { openEnrolments } from './enrolments.js';
import { GateHost, GateModule } from './gate.module.js';
import { TestingTap } from './testing-tap.js';

/** Allows whatever it sees: the shortest path from an observation to a verdict. */
function allowAll(): Processor {
  return {
    name: 'allow-all', version: '1', reads: ['observations'],
    handle(record) {
      const { call, ...seen } = parseRecord('observations', record);
      if (call === undefined) return [];
      const verdict: Verdict = {
        v: 1, id: verdictId(seen.id), observationId: seen.id, domain: seen.domain, tapId: seen.tapId, epoch: seen.epoch, callId: call.callId, phase: call.phase, agent: seen.agent, session: seen.session, server: seen.server,
        tool: call.tool, impact: call.impact, tier: call.tier, kind: 'allow', mode: 'enforce', reasons: [], findingIds: [], missing: [], policyVersion: call.policyVersion, actionDigest: call.actionDigest, at: new Date().toISOString(), waitedMs: 0,
      };
      return [{ topic: 'verdicts', id: verdict.id, key: verdict.domain, value: JSON.stringify(verdict) }];
    },
  };
}

describe('GateModule', () => {
  it('carries a call from a tap’s socket through the ledger to its verdict, and closes in order', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-gate-module-'));
    const sink = createTelemetry({ name: 'solo', version: '0.1.0', level: 'silent' });
    const eventLog = SqliteEventLog.open(join(dir, 'ledger.db'));
    const snapshotStore = SqliteSnapshotStore.open(join(dir, 'snapshots.db'));
    const { seal, grant } = loadOrCreateKeys(dir);
    const compiled = compilePolicy(defaultPolicy);
    const service = await createService({
      name: 'solo', version: '0.1.0', ports: { ...sink, eventLog, snapshotStore, clock: new SystemClock() },
      imports: [
        GateModule.forRoot({
          socketPath: join(dir, 'gate.sock'), enrolments: openEnrolments(join(dir, 'gate', 'enrolled.json')), domain: 'office', policy: { current: () => compiled, onChange: () => () => undefined },
          sealKeyPem: seal.privateKeyPem, sealPublicKey: seal.publicKey, grantPublicKey: grant.publicKey,
        }),
      ],
      providers: [provideProcessor('allow-all', allowAll)],
    });
    const tap = new TestingTap(join(dir, 'gate.sock'));
    await tap.enter();
    expect(service.app.get(GateHost).connections()).toHaveLength(1);
    tap.report(tap.observation(0, { call: { callId: 'c-0', phase: 'request', tool: 'write', impact: 'write', tier: 'medium', tierRule: 'x', policyVersion: 'p', actionDigest: 'd', waits: true, deadlineMs: 200 } }));
    expect((await tap.next('verdict')).verdict).toMatchObject({ callId: 'c-0', kind: 'allow', domain: 'office' });
    expect(service.health.parts).toEqual({ gate: 'running', 'allow-all': 'running' });
    expect(await (await fetch(`${service.url}/metrics`)).text()).toContain('countersign_gate_connected 1');
    await service.stop();
    await tap.isClosed;
    expect(service.health.parts).toEqual({ gate: 'stopped', 'allow-all': 'stopped' });
    await eventLog.close();
    await snapshotStore.close();
    rmSync(dir, { recursive: true, force: true });
  });
});
