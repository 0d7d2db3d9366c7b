import { findingSchema, nothing, type Decision, type Detection, type Detector, type Finding, type Observation } from '@countersign/contracts';
import { describe, expect, it } from 'vitest';
import { createDetect, type DetectOptions } from './detect.js';
import type { StoredRecord } from './event-log.js';
import type { Processor } from './processor.js';
import type { TelemetryEvent } from './telemetry.js';

interface Seen {
  ids: string[];
  decisions: string[];
}

function detector(name: Detector<Seen>['name'], answer: (observation: Observation, memory: Seen) => Detection<Seen>['findings'] = () => [nothing]): Detector<Seen> {
  return {
    name, version: '1',
    empty: () => ({ ids: [], decisions: [] }),
    detect(observation, memory) {
      memory.ids.push(observation.id);
      return { memory, findings: answer(observation, memory) };
    },
    decide(decision, memory) {
      memory.decisions.push(decision.id);
      return memory;
    },
    snapshot: (memory) => JSON.stringify(memory),
    restore(text) {
      if (!text.startsWith('{')) throw new Error('this text is of another version');
      return JSON.parse(text) as Seen;
    },
  };
}

const count = (name: Detector<Seen>['name']): Detector<Seen> => detector(name, (_, { ids, decisions }) => [{ kind: 'count', severity: 'info', sentence: `${ids.length} seen, ${decisions.length} decided` }]);

function open(detectors: readonly Detector<Seen>[], options: Partial<DetectOptions> = {}): { readonly detect: Processor; readonly told: TelemetryEvent[] } {
  const told: TelemetryEvent[] = [];
  return { told, detect: createDetect({ detectors, telemetry: (event) => void told.push(event), ...options }) };
}

function observation(seq: number, { domain = 'd', isCall = true }: { readonly domain?: string; readonly isCall?: boolean } = {}): Observation {
  return {
    v: 1, id: `tap/1/${seq}`, kind: 'message', domain, tapId: 'tap', epoch: 1, seq, at: '2026-05-01T10:00:00.000Z', monotonicUs: seq, agent: { name: 'a', role: 'r' }, server: 'files',
    session: 's-1', sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
    ...(isCall && { call: { callId: `c-${seq}`, phase: 'request', tool: 'read', impact: 'read', tier: 'low', tierRule: 'x', policyVersion: 'p', actionDigest: 'd', waits: false, deadlineMs: 0 } }),
  };
}

let offset = 0;
function stored(value: Observation | Decision): StoredRecord {
  return { topic: 'outcome' in value ? 'decisions' : 'observations', partition: 0, offset: (offset += 1), id: value.id, key: value.domain, value: JSON.stringify(value) };
}

async function found(detect: Processor, value: Observation | Decision): Promise<readonly Finding[]> {
  return (await detect.handle(stored(value), 0)).map((output) => {
    const finding = findingSchema.parse(JSON.parse(output.value));
    expect(output).toMatchObject({ topic: 'findings', id: finding.id, key: value.domain });
    return finding;
  });
}

const decision: Decision = { v: 1, id: 'dec-1', kind: 'release', domain: 'd', at: '2026-05-01T10:00:00.000Z', by: 'pat', via: 'console', outcome: 'recorded' };

describe('createDetect', () => {
  it('fills in what can be read off the observation, and derives ids and ordinals from it', async () => {
    const { detect } = open([detector('injection', () => [{ kind: 'hidden-text', severity: 'high', gate: 'deny' }, { kind: 'instruction-in-data', severity: 'low', score: 2 }])]);
    expect(await found(detect, observation(7))).toEqual([
      { v: 1, id: 'tap/1/7/injection/0', ordinal: 0, of: 2, observationId: 'tap/1/7', domain: 'd', callId: 'c-7', agent: { name: 'a', role: 'r' }, session: 's-1', server: 'files', tool: 'read', detector: 'injection', detectorVersion: '1', at: '2026-05-01T10:00:00.000Z', kind: 'hidden-text', severity: 'high', gate: 'deny', sentence: '', evidence: [] },
      expect.objectContaining({ id: 'tap/1/7/injection/1', ordinal: 1, of: 2, kind: 'instruction-in-data', score: 2 }),
    ]);
  });

  it.each([
    { name: 'a call that every detector finds in order', isCall: true, drafts: [nothing], kinds: ['nothing'] },
    { name: 'a call on which a detector keeps silent', isCall: true, drafts: [], kinds: ['nothing'] },
    { name: 'a message without a call, nothing found', isCall: false, drafts: [nothing], kinds: [] },
    { name: 'a message without a call, something found beside nothing', isCall: false, drafts: [nothing, { kind: 'pin-changed', severity: 'high' }], kinds: ['pin-changed'] },
  ] as const)('[F1] answers $name with $kinds', async ({ isCall, drafts, kinds }) => {
    const { detect } = open([detector('behaviour', () => drafts)]);
    const findings = await found(detect, observation(1, { isCall }));
    expect(findings.map(({ kind }) => kind)).toEqual(kinds);
    expect(findings.every(({ of }) => of === kinds.length)).toBe(true);
  });

  it('[DE1] answers for a detector that throws, tells of it, and lets its siblings answer', async () => {
    const failing = detector('probe', () => {
      throw new RangeError('out of bounds');
    });
    const { detect, told } = open([failing, count('behaviour')]);
    expect((await found(detect, observation(1))).map(({ detector: by, kind, severity, of }) => [by, kind, severity, of])).toEqual([['probe', 'detector-failed', 'info', 1], ['behaviour', 'count', 'info', 1]]);
    expect(told).toContainEqual(expect.objectContaining({ event: 'DetectorFailed', level: 'error', fields: { detector: 'probe', version: '1' } }));
  });

  it('[DE1] answers for a detector whose promise rejects', async () => {
    const late: Detector<Seen> = { ...detector('probe'), detect: () => Promise.reject(new Error('the model is gone')) };
    expect((await found(open([late]).detect, observation(1))).map(({ kind }) => kind)).toEqual(['detector-failed']);
  });

  it('[DE4] counts a finding that breaks the schema as its detector’s failure', async () => {
    const { detect } = open([detector('behaviour', () => [{ kind: 'surprise', severity: 'low', pValue: 7 }])]);
    expect((await found(detect, observation(1))).map(({ kind }) => kind)).toEqual(['detector-failed']);
  });

  it('cuts a flood of findings to the gravest, gates first', async () => {
    const flood = Array.from({ length: 100 }, (_, n) => ({ kind: `k-${n}`, severity: n === 60 ? ('critical' as const) : ('info' as const), ...(n === 99 && { gate: 'deny' as const }) }));
    const kinds = (await found(open([detector('injection', () => flood)]).detect, observation(1))).map(({ kind }) => kind);
    expect(kinds).toHaveLength(32);
    expect(kinds.slice(0, 3)).toEqual(['k-99', 'k-60', 'k-0']);
  });

  it('keeps the memory of each domain apart, and shows decisions to the domain they are for', async () => {
    const { detect } = open([count('behaviour')]);
    await found(detect, observation(1));
    await found(detect, observation(2, { domain: 'other' }));
    expect(await found(detect, decision)).toEqual([]);
    const sentences = [...(await found(detect, observation(3))), ...(await found(detect, observation(4, { domain: 'other' })))].map(({ sentence }) => sentence);
    expect(sentences).toEqual(['2 seen, 1 decided', '2 seen, 0 decided']);
  });

  it('survives a detector that cannot take in a decision', async () => {
    const stubborn: Detector<Seen> = { ...count('behaviour'), decide: () => { throw new Error('no'); } };
    const { detect, told } = open([stubborn]);
    expect(await found(detect, decision)).toEqual([]);
    expect(told.map(({ event }) => event)).toEqual(['DetectorFailed']);
    expect((await found(detect, observation(1))).map(({ kind }) => kind)).toEqual(['count']);
  });

  it('[DM1] forgets the domain longest unseen when there are too many, and says so', async () => {
    const { detect, told } = open([count('behaviour')], { domainsMax: 2 });
    for (const domain of ['a', 'b', 'a', 'c']) await found(detect, observation(1, { domain }));
    expect((await found(detect, observation(2, { domain: 'a' }))).map(({ sentence }) => sentence)).toEqual(['3 seen, 0 decided']);
    expect((await found(detect, observation(2, { domain: 'b' }))).map(({ sentence }) => sentence)).toEqual(['1 seen, 0 decided']);
    expect(told.filter(({ event }) => event === 'DomainForgotten')).toHaveLength(2);
  });

  it('[DM2] answers after a snapshot and a restore as it would have without', async () => {
    const original = open([count('behaviour'), count('injection')], { domainsMax: 2 }).detect;
    for (const domain of ['a', 'b', 'a']) await found(original, observation(1, { domain }));
    const copy = open([count('behaviour'), count('injection')], { domainsMax: 2 }).detect;
    copy.restore?.(original.snapshot?.() ?? '');
    for (const domain of ['c', 'a', 'b', 'a']) expect(await found(copy, observation(5, { domain }))).toEqual(await found(original, observation(5, { domain })));
  });

  it('[DM3] starts the detector empty whose part of the snapshot is of another version, and keeps the others', async () => {
    const original = open([count('behaviour'), { ...count('injection'), snapshot: () => 'v0' }]).detect;
    await found(original, observation(1));
    const { detect, told } = open([count('behaviour'), count('injection')]);
    detect.restore?.(original.snapshot?.() ?? '');
    expect((await found(detect, observation(2))).map(({ sentence }) => sentence)).toEqual(['2 seen, 0 decided', '1 seen, 0 decided']);
    expect(told.filter(({ event }) => event === 'DetectorMemoryRefused').map(({ fields }) => fields?.['detector'])).toEqual(['injection']);
  });

  it('gives a detector added later an empty memory beside the restored ones', async () => {
    const original = open([count('behaviour')]).detect;
    await found(original, observation(1));
    const { detect } = open([count('behaviour'), count('probe')]);
    detect.restore?.(original.snapshot?.() ?? '');
    expect((await found(detect, observation(2))).map(({ sentence }) => sentence)).toEqual(['2 seen, 0 decided', '1 seen, 0 decided']);
  });

  it('refuses two detectors of one name', () => {
    expect(() => open([count('probe'), count('probe')])).toThrow('two detectors of one name');
  });

  it('refuses a record that is no observation as terminal', async () => {
    const { detect } = open([count('behaviour')]);
    await expect(async () => detect.handle({ topic: 'observations', partition: 0, offset: 1, id: 'x', key: 'd', value: '{"v":1}' }, 0)).rejects.toMatchObject({ name: 'TerminalError', errorClass: 'schema' });
  });
});
