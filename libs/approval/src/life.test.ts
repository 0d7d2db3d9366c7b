import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Approval } from './approval.js';
import { decide, type ApprovalEvent, type PolicyFacts } from './life.js';
import { applied, decisionRecord, grantBodyOf, voteRecord } from './records.js';

const openedAtMs = Date.UTC(2026, 0, 1);
const deadlineAtMs = openedAtMs + 60_000;
const digest = 'd'.repeat(64);

function approval(more: Partial<Approval> = {}): Approval {
  return {
    id: '1'.repeat(32), domain: 'd', callId: 'c', observationId: 't/1/1', tapId: 't', epoch: 1, agent: { name: 'bot', role: 'r' }, session: 's', server: 'mail', tool: 'send', tier: 'high', impact: 'egress',
    argumentsJson: '{"to":"a@b.example"}', actionDigest: 'a'.repeat(64), displayDigest: digest, reasons: [], origins: [], policyVersion: 'p', quorum: 1, groups: ['operators'],
    openedAtMs, deadlineAtMs, state: 'open', votes: [], ...more,
  };
}
const vote = (person: string, outcome: 'approved' | 'denied', more: Partial<ApprovalEvent & { type: 'vote' }> = {}): ApprovalEvent => ({ type: 'vote', person, outcome, displayDigest: digest, ...more });
const everyone: PolicyFacts = { owners: ['olga'], isEligible: (person) => person !== 'guest' };
const cast = (person: string, outcome: 'approved' | 'denied' = 'approved') => ({ person, outcome, atMs: openedAtMs + 1 });

const rows: readonly { sentence: string; from?: Partial<Approval>; event: ApprovalEvent; atMs?: number; to: string }[] = [
  { sentence: '[A1] open + approve: approved', event: vote('ana', 'approved'), to: 'approved' },
  { sentence: '[A1] open + deny: denied, final', event: vote('ana', 'denied'), to: 'denied' },
  { sentence: 'open + approve, two needed: open', from: { quorum: 2 }, event: vote('ana', 'approved'), to: 'open' },
  { sentence: 'open + second approve, two needed: approved', from: { quorum: 2, votes: [cast('ana')] }, event: vote('bo', 'approved'), to: 'approved' },
  { sentence: 'open + deny after an approve, two needed: denied', from: { quorum: 2, votes: [cast('ana')] }, event: vote('bo', 'denied'), to: 'denied' },
  { sentence: 'open + the same person again, two needed: refused', from: { quorum: 2, votes: [cast('ana')] }, event: vote('ana', 'approved'), to: 'refused voted-before' },
  { sentence: 'open + approve, the first voter lost the role: open, that vote is void', from: { quorum: 2, votes: [cast('guest')] }, event: vote('bo', 'approved'), to: 'open' },
  { sentence: '[A6] open + approve by the owner of the agent: refused', event: vote('olga', 'approved'), to: 'refused own-agent' },
  { sentence: '[A6] open + approve, the first voter became the owner: open', from: { quorum: 2, votes: [cast('olga')] }, event: vote('bo', 'approved'), to: 'open' },
  { sentence: 'open + approve by someone nobody asked: refused', event: vote('guest', 'approved'), to: 'refused not-eligible' },
  { sentence: '[P9] open + approve of another card: refused', event: vote('ana', 'approved', { displayDigest: 'other' }), to: 'refused card-changed' },
  { sentence: 'open + approve of a critical call nobody can read: refused', from: { tier: 'critical', argumentsJson: '' }, event: vote('ana', 'approved'), to: 'refused uninspectable' },
  { sentence: 'open + deny of a critical call nobody can read: denied', from: { tier: 'critical', argumentsJson: '' }, event: vote('ana', 'denied'), to: 'denied' },
  { sentence: '[A3] open + approve one millisecond before the deadline: approved', event: vote('ana', 'approved'), atMs: deadlineAtMs - 1, to: 'approved' },
  { sentence: '[A3] open + approve at the deadline: refused', event: vote('ana', 'approved'), atMs: deadlineAtMs, to: 'refused deadline' },
  { sentence: '[A9] open + a timer that fires early: unchanged', event: { type: 'deadline' }, atMs: deadlineAtMs - 1, to: 'unchanged' },
  { sentence: 'open + deadline: expired(deadline)', event: { type: 'deadline' }, atMs: deadlineAtMs, to: 'expired deadline' },
  { sentence: 'open + withdrawn: expired(withdrawn)', event: { type: 'withdrawn' }, to: 'expired withdrawn' },
  { sentence: 'open + withdrawn after the deadline: expired(deadline)', event: { type: 'withdrawn' }, atMs: deadlineAtMs, to: 'expired deadline' },
  { sentence: 'open + the hold ended: expired(withdrawn)', event: { type: 'held-ended', end: 'cancelled-while-held' }, to: 'expired withdrawn' },
  { sentence: 'approved + the hold ended: approved, and what became of it', from: { state: 'approved' }, event: { type: 'held-ended', end: 'forwarded' }, to: 'approved' },
  { sentence: 'approved + a second end: unchanged', from: { state: 'approved', heldEnd: 'forwarded' }, event: { type: 'held-ended', end: 'expired' }, to: 'unchanged' },
  { sentence: '[A1] approved + deny: refused', from: { state: 'approved' }, event: vote('bo', 'denied'), to: 'refused closed' },
  { sentence: '[A1] denied + approve: refused', from: { state: 'denied' }, event: vote('bo', 'approved'), to: 'refused closed' },
  { sentence: '[A1] expired + approve: refused', from: { state: 'expired' }, event: vote('bo', 'approved'), to: 'refused closed' },
  { sentence: '[A9] expired + deadline: unchanged', from: { state: 'expired' }, event: { type: 'deadline' }, atMs: deadlineAtMs + 1, to: 'unchanged' },
];

describe('decide', () => {
  it.each(rows)('$sentence', ({ from, event, atMs = openedAtMs + 10, to }) => {
    const step = decide(approval(from), event, { facts: everyone, nowMs: atMs });
    const said = step.kind === 'refused' ? `refused ${step.code}` : step.kind === 'unchanged' ? 'unchanged' : [step.approval.state, step.approval.cause].filter(Boolean).join(' ');
    expect(said).toBe(to);
  });

  it('[A2] the same approval, event, facts and time give the same step, and nothing given is changed', () => {
    for (const { from, event, atMs = openedAtMs + 10 } of rows) {
      const given = Object.freeze(approval({ ...from, votes: Object.freeze([...(from?.votes ?? [])]) as Approval['votes'] }));
      const moment = Object.freeze({ facts: everyone, nowMs: atMs });
      expect(decide(given, Object.freeze({ ...event }), moment)).toEqual(decide(given, event, moment));
    }
  });

  const people = fc.constantFrom('ana', 'bo', 'cy', 'olga', 'guest');
  const events = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constant('vote' as const), person: people, outcome: fc.constantFrom('approved' as const, 'approved' as const, 'denied' as const), displayDigest: fc.constantFrom(digest, digest, 'stale') }) },
    { weight: 1, arbitrary: fc.constant({ type: 'deadline' as const }) },
    { weight: 1, arbitrary: fc.constant({ type: 'withdrawn' as const }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('held-ended' as const), end: fc.constantFrom('forwarded', 'denied', 'expired', 'cancelled-while-held') }) },
  );
  const step = fc.record({ event: events, afterMs: fc.integer({ min: -5_000, max: 25_000 }), guests: fc.subarray(['ana', 'bo', 'cy']) });

  it('[A1] [A3] [A6] random lives: one decision, none approved after the deadline, no slot filled by owners or strangers', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.integer({ min: 1, max: 3 }), (steps, quorum) => {
        let current = approval({ quorum });
        let nowMs = openedAtMs;
        let decisions = 0;
        for (const { event, afterMs, guests } of steps) {
          nowMs += afterMs; // wall clocks may go back
          const facts: PolicyFacts = { owners: ['olga'], isEligible: (person) => person !== 'guest' && !guests.includes(person) };
          const taken = decide(current, event, { facts, nowMs });
          if (taken.kind !== 'changed') continue;
          if (taken.decided) decisions += 1;
          if (taken.decided && taken.approval.state === 'approved') {
            const standing = new Set(taken.approval.votes.filter(({ person, outcome }) => outcome === 'approved' && person !== 'olga' && facts.isEligible(person)).map(({ person }) => person));
            expect(nowMs).toBeLessThan(current.deadlineAtMs);
            expect(standing.size).toBeGreaterThanOrEqual(quorum);
          }
          expect(current.state === 'open' || taken.approval.state === current.state).toBe(true);
          current = taken.approval;
        }
        expect(decisions).toBe(current.state === 'open' ? 0 : 1);
        expect(current.votes.some(({ person }) => person === 'olga' || person === 'guest')).toBe(false);
        expect(new Set(current.votes.map(({ person }) => person)).size).toBe(current.votes.length);
      }),
      { seed: 20260105, numRuns: 3_000, verbose: 1 },
    );
  });
});

describe('records', () => {
  it('[A8] votes and decision rebuild the approval from the ledger alone, in any repetition', () => {
    const facts = everyone;
    const one = decide(approval({ quorum: 2 }), vote('ana', 'approved', { message: 'fine' }), { facts, nowMs: openedAtMs + 1 });
    const two = one.kind === 'changed' ? decide(one.approval, vote('bo', 'approved'), { facts, nowMs: openedAtMs + 2 }) : one;
    if (two.kind !== 'changed') throw new Error('the second vote closes it');
    const records = [...two.approval.votes.map((one) => voteRecord(two.approval, one)), decisionRecord(two.approval, { person: 'bo', via: 'console' }, 'grant')];
    const rebuilt = [...records, ...records].reduce(applied, approval({ quorum: 2 }));
    expect(rebuilt).toEqual(two.approval);
    expect(new Set(records.map(({ id }) => id)).size).toBe(3);
  });

  it('[A4] a grant names this call, these digests and this deadline, and its nonce never changes', () => {
    const closed = approval({ state: 'approved', closedAtMs: openedAtMs + 5, votes: [cast('ana'), cast('cy', 'denied')] });
    const body = grantBodyOf(closed);
    expect(body).toMatchObject({ aud: 't', callId: 'c', actionDigest: closed.actionDigest, displayDigest: digest, approvers: ['ana'], exp: deadlineAtMs });
    expect(grantBodyOf({ ...closed, closedAtMs: openedAtMs + 6 }).nonce).toBe(body.nonce);
  });

  it('[D2] only an approved approval carries a grant, and an open one has no decision', () => {
    const by = { person: 'ana', via: 'console' } as const;
    expect(() => decisionRecord(approval(), by)).toThrow('open');
    expect(() => decisionRecord(approval({ state: 'approved' }), by)).toThrow('grant');
    expect(() => decisionRecord(approval({ state: 'denied' }), by, 'grant')).toThrow('grant');
  });
});
