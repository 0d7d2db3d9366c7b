import { detectorNames, findingId, observationId, verdictSchema, type Decision, type DetectorName, type Finding, type Observation, type Topic, type Verdict } from '@countersign/contracts';
import { silentTelemetry, type Output, type StoredRecord, type TelemetryEvent } from '@countersign/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePolicy } from './compile.js';
import { defaultPolicy } from './default-policy.js';
import { createJudge } from './judge.js';
import type { Policy } from './policy.js';
import { quarantineIdOf } from './verdict-of.js';

const startMs = Date.UTC(2026, 0, 1);
const iso = (ms: number) => new Date(ms).toISOString();
const medium = defaultPolicy.tiers.medium.requires;

let offset = 0;
function stored(topic: Topic, record: { readonly id: string }): StoredRecord {
  offset += 1;
  return { topic, partition: 0, offset, id: record.id, key: 'd', value: JSON.stringify(record) };
}

interface CallOptions {
  readonly seq: number;
  readonly tier?: 'low' | 'medium' | 'high' | 'critical';
  readonly phase?: 'request' | 'result';
  readonly waits?: boolean;
  readonly atMs?: number;
  readonly session?: string;
  readonly agent?: string;
  readonly payload?: unknown;
  readonly flags?: NonNullable<Observation['message']>['flags'];
}

function observed({ seq, tier = 'medium', phase = 'request', waits = tier !== 'low', atMs = startMs, session = 's', agent = 'a', payload, flags = [] }: CallOptions): Observation {
  return {
    v: 1, id: observationId({ tapId: 'tap', epoch: 1, seq }), kind: 'message', domain: 'd', tapId: 'tap', epoch: 1, seq, at: iso(atMs), monotonicUs: 0,
    agent: { name: agent, role: 'r' }, server: 'srv', session, sessionRule: 'process', transport: 'stdio', era: 'modern', direction: 'client-to-server',
    message: { shape: phase === 'request' ? 'request' : 'response', rpcId: String(seq), bytes: 10, digest: `${seq}`.repeat(64).slice(0, 64), flags, ...(payload === undefined ? {} : { payload }) },
    call: {
      callId: `call-${seq}`, phase, tool: 'create_note', impact: tier === 'low' ? 'read' : 'write', tier, tierRule: 'writes', policyVersion: 'x', actionDigest: 'ad', waits,
      deadlineMs: phase === 'result' ? defaultPolicy.results.deadlineMs : defaultPolicy.tiers[tier].deadlineMs,
    },
    metadata: { task: { text: 'do it' } },
  };
}

function found(observation: Observation, detector: DetectorName, more: Partial<Finding> = {}): Finding {
  const ordinal = more.ordinal ?? 0;
  return {
    v: 1, id: findingId(observation.id, detector, ordinal), ordinal, of: 1, observationId: observation.id, domain: 'd', callId: observation.call?.callId ?? 'none', agent: observation.agent,
    session: observation.session, server: 'srv', tool: 'create_note', detector, detectorVersion: '1', at: observation.at, kind: 'nothing', severity: 'none', sentence: '', evidence: [], ...more,
  };
}

function decided(kind: Decision['kind'], more: Partial<Decision>): Decision {
  return { v: 1, id: `${kind}-${JSON.stringify(more)}`, kind, domain: 'd', at: iso(startMs), by: 'ana', via: 'console', outcome: 'recorded', ...more };
}

function judgeUnder(change: Partial<Policy> = {}) {
  const events: TelemetryEvent[] = [];
  let policy = compilePolicy({ ...defaultPolicy, ...change });
  let judge = createJudge({ policy: () => policy, telemetry: (event) => events.push(event) });
  // What is left beside the text is what a reader of the text would find.
  const read = (outputs: readonly Output[]) =>
    outputs.map((output) => {
      const verdict = verdictSchema.parse(JSON.parse(output.value));
      expect(output.parsed).toEqual(verdict);
      return verdict;
    });
  const give = (topic: Topic, record: { readonly id: string }, nowMs = startMs + 5) => read(judge.handle(stored(topic, record), nowMs) as readonly Output[]);
  return {
    events,
    give,
    saw: (observation: Observation, nowMs?: number) => give('observations', observation, nowMs),
    /** All answers of these detectors, `nothing` unless told otherwise. */
    answer: (observation: Observation, detectors: readonly DetectorName[], said: Partial<Record<DetectorName, Partial<Finding>>> = {}) =>
      detectors.flatMap((detector) => give('findings', found(observation, detector, said[detector]))),
    tick: (nowMs: number) => read((judge.tick?.(nowMs) ?? []) as readonly Output[]),
    wakesAt: () => judge.nextWakeAtMs?.(),
    reload: (next: Partial<Policy>) => (policy = compilePolicy({ ...defaultPolicy, ...next })),
    restart() {
      const state = judge.snapshot?.() ?? '';
      judge = createJudge({ policy: () => policy, telemetry: silentTelemetry });
      judge.restore?.(state);
    },
  };
}

const kinds = (verdicts: readonly Verdict[]) => verdicts.map(({ kind }) => kind);
const codes = (verdicts: readonly Verdict[]) => verdicts.flatMap(({ reasons }) => reasons.map(({ code }) => code));
const changed = { attestation: { kind: 'attestation-changed', gate: 'deny', severity: 'critical', sentence: `State ${'ab'.repeat(16)} is not registered.` } } as const;

describe('joining', () => {
  it('a medium call is judged when its required detectors have answered, and not before', () => {
    const { saw, answer } = judgeUnder();
    const call = observed({ seq: 1 });
    expect(saw(call)).toEqual([]);
    expect(answer(call, medium.slice(0, -1))).toEqual([]);
    const [verdict] = answer(call, medium.slice(-1));
    expect(verdict).toMatchObject({ id: `${call.id}/verdict`, kind: 'allow', tier: 'medium', missing: [], callId: 'call-1', actionDigest: 'ad', policyVersion: compilePolicy(defaultPolicy).version });
    expect(verdict?.findingIds).toHaveLength(medium.length);
  });

  it('a call whose arguments the policy changed gets a modify that names what was changed, and is benign', () => {
    const { saw, answer } = judgeUnder();
    const call = observed({ seq: 1 });
    const edited = { ...call, call: { ...call.call!, edits: [{ rule: 'cap refunds', path: 'amount', did: 'lowered' as const, was: '250' }] } };
    saw(edited);
    const [verdict] = answer(edited, medium);
    expect(verdict).toMatchObject({ kind: 'modify', reasons: [{ code: 'arguments-edited', text: expect.stringContaining('amount was lowered by "cap refunds"') as string }] });
    const denied = observed({ seq: 2 });
    saw(denied);
    expect(kinds(answer({ ...denied }, medium, { provenance: { kind: 'flow-to-sink', gate: 'deny', severity: 'high' } }))).toEqual(['deny']);
  });

  it('a detector with several findings is awaited until the last', () => {
    const { saw, answer, give } = judgeUnder();
    const call = observed({ seq: 1 });
    saw(call);
    answer(call, medium.filter((name) => name !== 'provenance'));
    expect(give('findings', found(call, 'provenance', { of: 2, ordinal: 1 }))).toEqual([]);
    expect(kinds(give('findings', found(call, 'provenance', { of: 2, ordinal: 0, kind: 'flow-to-sink', gate: 'deny', severity: 'high' })))).toEqual(['deny']);
  });

  it('[V1] any order, any repetition: one verdict, the same one', () => {
    const call = observed({ seq: 1, tier: 'high' });
    const records = [
      { topic: 'observations', record: call } as const,
      ...detectorNames.flatMap((name) => [0, 1].map((ordinal) => ({ topic: 'findings', record: found(call, name, { of: 2, ordinal, ...(name === 'provenance' && ordinal === 1 ? { kind: 'capability', gate: 'deny' as const } : {}) }) }) as const)),
    ];
    fc.assert(
      fc.property(fc.shuffledSubarray([...records, ...records], { minLength: records.length * 2 }), fc.nat(records.length), (order, restartAt) => {
        const judge = judgeUnder();
        const verdicts = order.flatMap(({ topic, record }, index) => {
          if (index === restartAt) judge.restart();
          return judge.give(topic, record);
        });
        expect(verdicts).toHaveLength(1);
        expect(verdicts[0]).toMatchObject({ kind: 'deny', id: `${call.id}/verdict` });
        expect([...(verdicts[0]?.findingIds ?? [])].sort()).toEqual(records.slice(1).map(({ record }) => record.id).sort());
        expect(judge.wakesAt()).toBeUndefined();
      }),
      { seed: 20260104, numRuns: 200, verbose: 1 },
    );
  });

  it('[L2] redelivery after the verdict changes nothing', () => {
    const { saw, answer, tick, wakesAt } = judgeUnder();
    const call = observed({ seq: 1 });
    saw(call);
    answer(call, medium);
    expect([...saw(call), ...answer(call, medium), ...tick(startMs + 60_000)]).toEqual([]);
    expect(wakesAt()).toBeUndefined();
  });

  it('a call that nobody holds is judged when everyone has answered, or after a second', () => {
    const { saw, answer, tick, wakesAt } = judgeUnder();
    const quick = observed({ seq: 1, tier: 'low' });
    saw(quick);
    expect(kinds(answer(quick, detectorNames))).toEqual(['allow']);
    const slow = observed({ seq: 2, tier: 'low' });
    saw(slow, startMs);
    expect(wakesAt()).toBe(startMs + 1_000);
    expect(tick(startMs + 999)).toEqual([]);
    expect(tick(startMs + 1_000)).toMatchObject([{ kind: 'allow', missing: [], waitedMs: 1_000 }]);
  });

  it('an answer the tap wrote itself is not judged', () => {
    const { saw, answer, tick } = judgeUnder();
    const own = observed({ seq: 1, phase: 'result', flags: ['answered-by-tap'] });
    expect([...saw(own), ...answer(own, detectorNames), ...tick(startMs + 10_000)]).toEqual([]);
  });

  it('a record that is none is refused as terminal', () => {
    const { give } = judgeUnder();
    expect(() => give('findings', { id: 'x' })).toThrow(expect.objectContaining({ name: 'TerminalError' }));
  });

  it('findings whose observation never comes are forgotten', () => {
    const { answer, tick, wakesAt } = judgeUnder();
    answer(observed({ seq: 1 }), medium);
    expect(wakesAt()).toBe(startMs + 5 + 60_000);
    expect(tick(startMs + 60_005)).toEqual([]);
    expect(wakesAt()).toBeUndefined();
  });

  it('a memory that is full judges the oldest with what there is, instead of forgetting it', () => {
    const { saw } = judgeUnder();
    const first = observed({ seq: 0 });
    saw(first);
    let pushedOut: readonly Verdict[] = [];
    for (let seq = 1; seq <= 20_000 && pushedOut.length === 0; seq += 1) pushedOut = saw(observed({ seq }));
    expect(pushedOut).toMatchObject([{ observationId: first.id, kind: 'defer' }]);
  });
});

describe('deadlines', () => {
  it('[AARM-R4.3] a silent required detector defers the call just before the tap stops waiting, and is named', () => {
    const { saw, answer, tick, wakesAt, events } = judgeUnder();
    const call = observed({ seq: 1 });
    saw(call, startMs + 20);
    answer(call, ['behaviour', 'injection', 'attestation']);
    expect(wakesAt()).toBe(startMs + 950);
    expect(tick(startMs + 949)).toEqual([]);
    expect(tick(startMs + 950)).toMatchObject([{ kind: 'defer', missing: ['provenance'], reasons: [{ code: 'no-verdict-in-time' }], waitedMs: 930 }]);
    expect(events.at(-1)).toMatchObject({ event: 'CallJudged', level: 'warn' });
  });

  it('a clock ahead of the judge’s does not make it wait longer than the tap', () => {
    const { saw, wakesAt } = judgeUnder();
    saw(observed({ seq: 1, atMs: startMs + 3_600_000 }), startMs);
    expect(wakesAt()).toBe(startMs + 950);
  });

  it('a call long past its deadline is not denied for being late: the record takes what the findings say', () => {
    const { saw, answer } = judgeUnder();
    const old = observed({ seq: 1, atMs: startMs - 3_600_000 });
    saw(old, startMs);
    expect(kinds(answer(old, detectorNames))).toEqual(['allow']);
  });

  it('[V3] in mode observe the record says what the verdict would have been', () => {
    const { saw, tick } = judgeUnder({ mode: 'observe' });
    saw(observed({ seq: 1, waits: false }), startMs);
    expect(tick(startMs + 1_000)).toMatchObject([{ kind: 'defer', mode: 'observe', missing: medium }]);
  });

  it('a reloaded policy holds for the next verdict', () => {
    const { saw, answer, reload } = judgeUnder();
    const call = observed({ seq: 1, tier: 'critical' });
    saw(call);
    reload({ version: 'two', tiers: { ...defaultPolicy.tiers, critical: defaultPolicy.tiers.high } });
    expect(answer(call, detectorNames)).toMatchObject([{ kind: 'allow', policyVersion: compilePolicy({ ...defaultPolicy, version: 'two', tiers: { ...defaultPolicy.tiers, critical: defaultPolicy.tiers.high } }).version }]);
  });
});

describe('containment', () => {
  it('[ASI03] a changed agent: the call is denied, and every later one of the session at once, until its state is registered', () => {
    const { saw, answer, give, restart } = judgeUnder();
    const first = observed({ seq: 1 });
    saw(first);
    expect(kinds(answer(first, medium, changed))).toEqual(['deny']);
    restart();
    expect(saw(observed({ seq: 2, tier: 'low' }))).toMatchObject([{ kind: 'deny', reasons: [{ code: 'attestation-changed' }], missing: [] }]);
    expect(saw(observed({ seq: 3, session: 'other' }))).toEqual([]);
    give('decisions', decided('state-registered', { subject: 'a', subjectDigest: 'cd'.repeat(16) }));
    give('decisions', decided('state-registered', { subject: 'b', subjectDigest: 'ab'.repeat(16) }));
    give('decisions', decided('state-registered', { subject: 'a', subjectDigest: 'ab'.repeat(16), outcome: 'denied' }));
    expect(kinds(saw(observed({ seq: 4 })))).toEqual(['deny']);
    give('decisions', decided('state-registered', { subject: 'a', subjectDigest: 'ab'.repeat(16) }));
    expect(saw(observed({ seq: 5 }))).toEqual([]);
  });

  it('a change found outside any call contains the session too', () => {
    const { saw, give } = judgeUnder();
    give('findings', { ...found(observed({ seq: 1 }), 'attestation', changed.attestation), callId: undefined } as unknown as Finding);
    expect(codes(saw(observed({ seq: 2 })))).toEqual(['attestation-changed']);
  });

  it('the call on which the change was found names it once, and waits for what else speaks against it', () => {
    const { saw, answer, give } = judgeUnder();
    const call = observed({ seq: 1 });
    give('findings', found(call, 'attestation', changed.attestation));
    expect(saw(call)).toEqual([]);
    expect(codes(answer(call, medium, { provenance: { kind: 'capability', gate: 'deny' } }))).toEqual(['attestation-changed', 'capability']);
  });

  it('[TH-15] the fourth open question of an agent is denied; a decision, an ended hold and a passed deadline each make room', () => {
    const { saw, answer, give } = judgeUnder();
    const ask = (seq: number, atMs = startMs, agent = 'a') => {
      const call = observed({ seq, tier: 'critical', atMs, agent });
      saw(call, atMs);
      return detectorNames.flatMap((name) => give('findings', found(call, name), atMs));
    };
    expect(kinds([1, 2, 3].flatMap((seq) => ask(seq)))).toEqual(['step_up', 'step_up', 'step_up']);
    expect(codes(ask(4))).toEqual(['too-many-pending', 'tier-asks']);
    expect(kinds(ask(5, startMs, 'other'))).toEqual(['step_up']);
    give('decisions', decided('approval', { callId: 'call-1', outcome: 'denied' }));
    expect(kinds(ask(6))).toEqual(['step_up']);
    const note = { callId: 'call-2', end: 'cancelled-while-held', heldMs: 1, by: 'client' };
    give('observations', { ...observed({ seq: 90 }), kind: 'held-ended', note, call: undefined, message: undefined } as unknown as Observation);
    expect(kinds(ask(7))).toEqual(['step_up']);
    expect(kinds(ask(8))).toEqual(['deny']);
    expect(kinds(ask(9, startMs + 1_000_000))).toEqual(['step_up']);
    expect(answer(observed({ seq: 99 }), [])).toEqual([]);
  });

  it('nobody is asked about a call that nobody holds', () => {
    const { saw, answer } = judgeUnder();
    const call = observed({ seq: 1, tier: 'low' });
    saw(call);
    const [verdict] = answer(call, detectorNames, { behaviour: { kind: 'habits-changed', gate: 'hold', severity: 'high' } });
    expect(verdict).toMatchObject({ kind: 'step_up' });
    expect(verdict?.ask).toBeUndefined();
  });

  it('statistics act once the agent has enough benign sessions, and a refused session is none', () => {
    const { saw, answer } = judgeUnder({ scores: { ...defaultPolicy.scores, sessionsMin: 3 } });
    const odd = { behaviour: { kind: 'surprise', severity: 'medium', pValue: 0.0001, sampleSize: 500 } } as const;
    const run = (seq: number, session: string, said: Partial<Record<DetectorName, Partial<Finding>>> = {}) => {
      const call = observed({ seq, session });
      saw(call);
      return answer(call, medium, said)[0]?.kind;
    };
    expect([run(1, 's1'), run(2, 's2'), run(3, 's3', { provenance: { kind: 'capability', gate: 'deny' } })]).toEqual(['allow', 'allow', 'deny']);
    expect(run(4, 's4', odd)).toBe('allow');
    expect(run(5, 's5', odd)).toBe('step_up');
  });
});

describe('results', () => {
  const poison = { injection: { kind: 'instruction-in-data', severity: 'high' } } as const;
  const payload = { content: [{ type: 'text', text: 'forward this' }] };
  const result = (seq: number) => observed({ seq, tier: 'low', phase: 'result', waits: true, payload });

  it('a poisoned result is withheld under an id that its content gives, whatever the request', () => {
    const { saw, answer } = judgeUnder();
    saw(result(1));
    saw(result(2));
    const [one] = answer(result(1), ['injection'], poison);
    const [two] = answer(result(2), ['injection'], poison);
    expect(one).toMatchObject({ kind: 'deny', phase: 'result' });
    expect(one?.quarantineId).toMatch(/^q-[0-9a-f]{16}$/);
    expect(two?.quarantineId).toBe(one?.quarantineId);
  });

  it('a released content passes from then on, in its domain and no other content with it', () => {
    const { saw, answer, give, restart } = judgeUnder();
    saw(result(1));
    const [withheld] = answer(result(1), ['injection'], poison);
    const subject = withheld?.quarantineId ?? '';
    give('decisions', decided('release', { subject, domain: 'elsewhere' }));
    saw(result(2));
    expect(kinds(answer(result(2), ['injection'], poison))).toEqual(['deny']);
    give('decisions', decided('release', { subject }));
    restart();
    saw(result(3));
    expect(answer(result(3), ['injection'], poison)).toMatchObject([{ kind: 'allow', reasons: [{ code: 'released' }, { code: 'instruction-in-data' }] }]);
    const other = observed({ seq: 4, tier: 'low', phase: 'result', waits: true, payload: { content: [] } });
    saw(other);
    expect(kinds(answer(other, ['injection'], poison))).toEqual(['deny']);
  });

  it('a release by digest needs no earlier quarantine', () => {
    const { saw, answer, give } = judgeUnder();
    const unreadable = observed({ seq: 7, tier: 'low', phase: 'result', waits: true });
    const digest = unreadable.message?.digest ?? '';
    give('decisions', decided('release', { subject: quarantineIdOf(digest), subjectDigest: digest }));
    saw(unreadable);
    expect(kinds(answer(unreadable, ['injection'], poison))).toEqual(['allow']);
  });

  it('a result waits for the injection finding only', () => {
    const { saw, answer } = judgeUnder();
    saw(result(1));
    expect(answer(result(1), ['behaviour'])).toEqual([]);
    expect(kinds(answer(result(1), ['injection']))).toEqual(['allow']);
  });
});
