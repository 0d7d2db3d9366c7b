import type { TelemetryEvent } from '@countersign/pipeline';
import { describe, expect, it } from 'vitest';
import { metricRows } from './metric-rows.js';
import { createMetrics } from './metrics.js';
import { createTelemetry } from './telemetry.js';

const event = (name: string, fields: TelemetryEvent['fields'] = {}): TelemetryEvent => ({ event: name, level: 'debug', message: 'It happened.', fields });

async function linesOf(events: readonly TelemetryEvent[], matching: RegExp): Promise<readonly string[]> {
  const metrics = createMetrics();
  for (const one of events) metrics.record(one, 1_700_000_000_000);
  return (await metrics.text()).split('\n').filter((line) => !line.startsWith('#') && matching.test(line));
}

describe('createTelemetry', () => {
  it('writes one line per event with the time, the component and the fields, and counts what it does not write', async () => {
    const lines: string[] = [];
    const { telemetry, metrics } = createTelemetry({ name: 'detect', version: '0.1.0', level: 'info', stream: { write: (line) => void lines.push(line) } });
    telemetry({ event: 'PolicyLoaded', level: 'info', message: 'A policy is in force.', fields: { version: 'p-1', event: 'Forged' } });
    telemetry({ event: 'DetectorRan', level: 'debug', message: 'Not written.', fields: { detector: 'probe', version: '1' } });
    expect(lines).toHaveLength(1);
    const line = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    expect(line).toMatchObject({ level: 'info', event: 'PolicyLoaded', component: 'detect', message: 'A policy is in force.' });
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const text = await metrics.text();
    expect(text).toContain('countersign_events_total{event="DetectorRan",level="debug"} 1');
  });
});

describe('metrics', () => {
  it.each([
    { name: 'a count of its own', events: [event('CallJudged', { kind: 'deny', tier: 'medium', phase: 'request', reason: 'flow-to-sink', waitedSeconds: 0.03 })], matching: /^countersign_verdicts_total/, lines: ['countersign_verdicts_total{kind="deny",tier="medium",phase="request",reason="flow-to-sink"} 1'] },
    { name: 'a number from a field', events: [event('BatchHandled', { stage: 'judge', topic: 'findings', records: 40, seconds: 0.1 })], matching: /^countersign_records_total/, lines: ['countersign_records_total{stage="judge",topic="findings"} 40'] },
    { name: 'an observation in a bucket', events: [event('ApprovalClosed', { tier: 'high', waitSeconds: 42, outcome: 'approved' })], matching: /^countersign_approval_wait_seconds_(sum|count)/, lines: ['countersign_approval_wait_seconds_sum{tier="high"} 42', 'countersign_approval_wait_seconds_count{tier="high"} 1'] },
    { name: 'a level that goes up and down', events: [event('ApprovalOpened', { tier: 'high' }), event('ApprovalOpened', { tier: 'high' }), event('ApprovalEnded', { tier: 'high' })], matching: /^countersign_approvals_pending/, lines: ['countersign_approvals_pending{tier="high"} 1'] },
    { name: 'a level that is told', events: [event('TapConnected', { connected: 3 }), event('TapDisconnected', { connected: 2 })], matching: /^countersign_gate_connected/, lines: ['countersign_gate_connected 2'] },
    { name: 'the present', events: [event('DetectorRan', { detector: 'probe', version: '1' })], matching: /^countersign_detector_last_run_seconds/, lines: ['countersign_detector_last_run_seconds{detector="probe",version="1"} 1700000000'] },
    { name: 'the one that is in force', events: [event('PolicyLoaded', { version: 'a' }), event('PolicyLoaded', { version: 'b' })], matching: /^countersign_policy_version_info/, lines: ['countersign_policy_version_info{version="b"} 1'] },
    { name: 'a fixed label', events: [event('RowsInserted', { table: 'verdicts', rows: 2, lagSeconds: 3 })], matching: /^countersign_ingest_lag_seconds_sum/, lines: ['countersign_ingest_lag_seconds_sum{stage="record"} 3'] },
    { name: 'nothing when the number is missing', events: [event('BatchHandled', { stage: 'judge', topic: 'findings' })], matching: /^countersign_records_total/, lines: [] },
  ])('shows $name', async ({ events, matching, lines }) => {
    expect(await linesOf(events, matching)).toEqual(lines);
  });

  it('stops growing when traffic makes up label values', async () => {
    const events = Array.from({ length: 500 }, (_, n) => event('EnrolmentRefused', { reason: `r-${n}` }));
    const lines = await linesOf(events, /^countersign_gate_refusals_total/);
    expect(lines).toHaveLength(201);
    expect(lines).toContain('countersign_gate_refusals_total{reason="other"} 300');
  });

  it('gives every metric one help text, one kind and one set of labels', () => {
    const kinds = new Map<string, string>();
    for (const { metric, help, labels, effect } of metricRows) {
      const kind = effect === 'count' || effect === 'observe' ? effect : 'gauge';
      const shape = `${help} ${kind} ${Object.keys(labels).join()}`;
      expect(kinds.get(metric) ?? shape, metric).toBe(shape);
      kinds.set(metric, shape);
      if (kind === 'count') expect(metric).toMatch(/_total$/);
    }
  });
});
