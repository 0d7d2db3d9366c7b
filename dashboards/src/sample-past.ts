/**
 * The past that the boards are tried on: `sampleHistory`, and on top of it what only a bad day has.
 * Every step-up has its question; in turn it is approved after a vote, denied, expired, or still waits. Some verdicts lack a detector,
 * one record is set aside.
 */
import { deadLetterSchema, decisionSchema, verdictSchema, type DeadLetter, type Decision, type Topic, type Verdict } from '@countersign/contracts';
import type { LedgerRecord } from '@countersign/pipeline';
import { sampleHistory } from '../../apps/record/src/sample-history.js';

const askMs = 900_000;
const fates = ['approved', 'denied', 'expired', 'waits'] as const;

export type Past = Readonly<Record<Topic, readonly LedgerRecord[]>>;

/** @param nowMs the past ends about here. */
export function samplePast(nowMs: number): Past {
  const calm = sampleHistory({ seed: 8, sessions: 10, callsPerSession: 20, startMs: nowMs - 11 * 60_000 });
  const verdicts = calm.verdicts.map(({ value }, index) => troubled(verdictSchema.parse(JSON.parse(value)), index));
  const asked = verdicts.filter(({ kind }) => kind === 'step_up');
  const letter: DeadLetter = deadLetterSchema.parse({
    v: 1, id: 'record/findings/0/3', domain: 'workshop', at: new Date(nowMs - 60_000).toISOString(), topic: 'findings', offset: 3, recordId: 'x', errorClass: 'schema', error: 'It has no detector.', component: 'record', raw: '{}',
  });
  return {
    observations: calm.observations,
    findings: calm.findings,
    verdicts: verdicts.map(stored),
    decisions: asked.flatMap((verdict, index) => decided(verdict, index)).map(stored),
    'dead-letters': [stored(letter)],
  };
}

/** How many of the asked await a person, of `asked` in all. */
export function waitingOf(asked: number): number {
  return Math.floor(asked / fates.length);
}

function troubled(verdict: Verdict, index: number): Verdict {
  if (verdict.kind === 'step_up') return { ...verdict, ask: { groups: ['operators'], quorum: 1, deadlineMs: askMs } };
  return index % 17 === 0 ? { ...verdict, missing: ['injection'] } : verdict;
}

function decided(verdict: Verdict, index: number): readonly Decision[] {
  const fate = fates[index % fates.length] ?? 'waits';
  if (fate === 'waits') return [];
  const { callId, domain, tapId, actionDigest } = verdict;
  const after = (ms: number): string => new Date(Date.parse(verdict.at) + ms).toISOString();
  const ended = { v: 1, domain, callId, tapId, actionDigest, approvalId: `approval-${callId}` } as const;
  if (fate === 'expired') return [decisionSchema.parse({ ...ended, id: `approval-${callId}/closed`, kind: 'approval', at: after(askMs), by: 'system', via: 'deadline', outcome: 'expired', cause: 'deadline' })];
  const by = index % 3 === 0 ? 'ada' : 'grace';
  const vote = decisionSchema.parse({ ...ended, id: `approval-${callId}/vote/${by}`, kind: 'vote', at: after(700), by, via: 'console', outcome: fate });
  return [vote, decisionSchema.parse({ ...ended, id: `approval-${callId}/closed`, kind: 'approval', at: after(800 + index * 400), by, via: 'console', outcome: fate, ...(fate === 'approved' && { grant: 'grant' }) })];
}

function stored(record: { readonly id: string; readonly domain: string }): LedgerRecord {
  return { id: record.id, key: record.domain, value: JSON.stringify(record) };
}
