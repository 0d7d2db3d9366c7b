import { gateFrameSchema, type GateFrame } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { readGateFrame } from './gate-frames.js';

const verdict = {
  v: 1, id: 't/1/2/verdict', observationId: 't/1/2', domain: 'local', tapId: 't', epoch: 1, callId: 'c', phase: 'request', agent: { name: 'a', role: 'r' }, session: 's', server: 'x', tool: 'y',
  impact: 'write', tier: 'medium', kind: 'step_up', mode: 'enforce', reasons: [{ code: 'r', text: 'secret evidence', wouldPass: 'w' }], findingIds: [], missing: [], policyVersion: 'p', actionDigest: 'd', at: 'now', waitedMs: 1,
  ask: { groups: ['g'], quorum: 1, deadlineMs: 5 }, quarantineId: 'q', redactions: [{ path: '$.a', start: 0, end: 1, replacement: '' }],
} as const;
const decision = { v: 1, id: 'i', kind: 'approval', domain: 'local', at: 'now', by: 'ana', via: 'console', outcome: 'approved', callId: 'c', grant: 'g', actionDigest: 'd', displayDigest: 'e' } as const;
const frames = [
  { type: 'challenge', nonce: 'n', gateId: 'g' }, { type: 'welcome', domain: 'd' }, { type: 'refused', reason: 'r' }, { type: 'acked', epoch: 1, seq: 0 },
  { type: 'verdict', verdict }, { type: 'decision', decision }, { type: 'policy', sealed: 's', sealKey: 'k', grantKey: 'g' },
] as const;
const read = (frame: unknown) => readGateFrame(Buffer.from(JSON.stringify(frame)));

describe('the gate’s frames', () => {
  it.each(frames)('a $type frame of the contract is understood', (frame) => {
    const parsed: GateFrame = gateFrameSchema.parse(frame);
    expect(read(parsed)?.type).toBe(frame.type);
  });

  it('a verdict is read without the evidence in its reasons', () => {
    const seen = read({ type: 'verdict', verdict });
    expect(seen).toMatchObject({ verdict: { kind: 'step_up', askDeadlineMs: 5, quarantineId: 'q', redactions: [{ path: '$.a' }], reasons: [{ code: 'r', wouldPass: 'w' }] } });
    expect(JSON.stringify(seen)).not.toContain('secret evidence');
  });

  it.each(['observationId', 'callId', 'phase', 'kind', 'mode', 'actionDigest', 'policyVersion'])('[P5, P15] a verdict without a good %s is no frame', (name) => {
    for (const value of [undefined, '', 7, 'nonsense'].filter((wrong) => wrong !== 'nonsense' || ['phase', 'kind', 'mode'].includes(name))) {
      expect(read({ type: 'verdict', verdict: { ...verdict, [name]: value } })).toBeUndefined();
    }
  });

  it('[P15] a redaction that cannot be read takes the whole verdict with it', () => {
    expect(read({ type: 'verdict', verdict: { ...verdict, redactions: [{ path: '$.a', start: -1, end: 1, replacement: '' }] } })).toBeUndefined();
  });

  it('votes and releases are not for taps', () => {
    expect(read({ type: 'decision', decision: { ...decision, kind: 'release' } })).toEqual({ type: 'other' });
    expect(read({ type: 'decision', decision: { ...decision, kind: 'vote' } })).toEqual({ type: 'other' });
  });

  it.each(['', 'x', '[]', 'null', '{}', '{"type":"allow"}', '{"type":"verdict"}', '{"type":"acked","epoch":-1,"seq":0}'])('%s is no frame', (text) => expect(readGateFrame(Buffer.from(text))).toBeUndefined());
});
