import { observationId, type Observation } from '@countersign/contracts';
import type { TelemetryEvent } from '@countersign/pipeline';
import { describe, expect, it } from 'vitest';
import { tellObserved } from './tell-observed.js';

let seq = 0;
function observed(changes: Partial<Observation>): { readonly id: string; readonly key: string; readonly value: string; readonly parsed: Observation } {
  const place = { tapId: 'tap', epoch: 1, seq: (seq += 1) };
  const parsed: Observation = {
    v: 1, id: observationId(place), kind: 'message', domain: 'd', ...place, at: '2026-05-01T10:00:00.000Z', monotonicUs: 0, agent: { name: 'clerk', role: 'office' }, server: 'files', session: 's',
    sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server', ...changes,
  };
  return { id: parsed.id, key: 'd', value: JSON.stringify(parsed), parsed };
}

const message = (shape: 'request' | 'noise') => observed({ message: { shape, bytes: 1, digest: '', flags: [] } });

function told(...records: Parameters<typeof tellObserved>[0]): readonly (readonly [string, TelemetryEvent['fields']])[] {
  const events: TelemetryEvent[] = [];
  tellObserved(records, (event) => void events.push(event));
  return events.map(({ event, fields }) => [event, fields]);
}

describe('what taps report, as telemetry', () => {
  it('messages are told by kind and number', () => {
    const common = { direction: 'client-to-server', transport: 'stdio', era: 'legacy' };
    expect(told(message('request'), message('noise'), message('request'))).toEqual([
      ['MessagesObserved', { ...common, shape: 'request', count: 2 }],
      ['MessagesObserved', { ...common, shape: 'noise', count: 1 }],
    ]);
  });

  it('ends of holds, calls without a verdict, used approvals and lost calls are told one by one', () => {
    expect(told(
      observed({ kind: 'held-ended', note: { callId: 'c', end: 'denied', phase: 'request', heldMs: 250, by: 'verdict' } }),
      observed({ kind: 'fail-open', note: { callId: 'c', phase: 'result', tier: 'low' } }),
      observed({ kind: 'grant-consumed', note: {} }),
      observed({ kind: 'call-lost', note: {} }),
      observed({ kind: 'epoch-opened', note: {} }),
    )).toEqual([
      ['HoldEnded', { end: 'denied', phase: 'request', heldSeconds: 0.25 }],
      ['FailOpenTaken', { tier: 'low', phase: 'result' }],
      ['GrantConsumed', undefined],
      ['CallLost', undefined],
    ]);
  });

  it('a note of a hostile tap makes no label and no number', () => {
    expect(told(observed({ kind: 'held-ended', note: { end: 'x"} 1\n', phase: { deep: 1 }, heldMs: -5 } }), observed({ kind: 'fail-open' }))).toEqual([
      ['HoldEnded', { end: 'other', phase: 'other' }],
      ['FailOpenTaken', { tier: 'other', phase: 'other' }],
    ]);
  });
});
