/**
 * The life of one approval.
 * A1. An approval has one decision: what is closed stays closed.
 * A2. A decision is a function of (approval, event, policy facts, now); no I/O inside.
 * A3. At or after `deadlineAtMs` no input yields `approved`.
 * A6. Who owns the agent, or asked through it, cannot fill a slot; eligibility is asked again when the quorum closes.
 * A9. A timer only wakes: `deadline` before its time changes nothing, and any event after it finds the approval expired.
 * Does not know: who is signed in, where records go, how a grant is signed.
 */
import type { Approval, Vote } from './approval.js';
import { argumentLeaves } from './argument-leaves.js';

export type ApprovalEvent =
  | { readonly type: 'vote'; readonly person: string; readonly outcome: Vote['outcome']; readonly message?: string | undefined; readonly displayDigest: string }
  | { readonly type: 'deadline' }
  /** Nobody waits any more: the client cancelled, the tap ended. */
  | { readonly type: 'withdrawn' }
  /** What the tap reported of the call. */
  | { readonly type: 'held-ended'; readonly end: string };

/** What policy and directory say now. */
export interface PolicyFacts {
  /** People who answer for the agent or act through it. */
  readonly owners: readonly string[];
  /** Is this person, at this moment, in one of the groups asked? */
  readonly isEligible: (person: string) => boolean;
}

export const refusals = {
  closed: 'This approval is already decided; your vote changed nothing.',
  deadline: 'The deadline has passed; the call was denied and nothing was sent.',
  'own-agent': 'You answer for this agent, so someone else has to decide.',
  'not-eligible': 'You are not in a group that decides this call.',
  'voted-before': 'You have voted on this call; a second person is needed.',
  'card-changed': 'What you saw is not what would run; look at the call again and vote on that.',
  uninspectable: 'The arguments cannot be shown, and a critical call that nobody can read cannot be approved. It can be denied.',
} as const;
export type Refusal = keyof typeof refusals;

export type LifeStep =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly code: Refusal; readonly message: string }
  /** `decided`: the approval closed in this step, and a decision is to be recorded. */
  | { readonly kind: 'changed'; readonly approval: Approval; readonly decided: boolean };

const unchanged: LifeStep = { kind: 'unchanged' };

export interface Moment {
  readonly facts: PolicyFacts;
  readonly nowMs: number;
}

export function decide(approval: Approval, event: ApprovalEvent, { facts, nowMs }: Moment): LifeStep {
  switch (event.type) {
    case 'vote':
      return voted(approval, event, { facts, nowMs });
    case 'deadline':
      return approval.state === 'open' && isOver(approval, nowMs) ? expired(approval, 'deadline', nowMs) : unchanged;
    case 'withdrawn':
      return approval.state === 'open' ? expired(approval, isOver(approval, nowMs) ? 'deadline' : 'withdrawn', nowMs) : unchanged;
    case 'held-ended':
      return ended(approval, event.end, nowMs);
  }
}

function voted(approval: Approval, vote: ApprovalEvent & { readonly type: 'vote' }, moment: Moment): LifeStep {
  const refusal = refusalOf(approval, vote, moment);
  if (refusal !== undefined) return { kind: 'refused', code: refusal, message: refusals[refusal] };
  const { person, outcome, message } = vote;
  const votes = [...approval.votes, { person, outcome, ...(message === undefined ? {} : { message }), atMs: moment.nowMs }];
  if (outcome === 'denied') return closed({ ...approval, votes }, 'denied', moment.nowMs);
  const standing = votes.filter((cast) => cast.outcome === 'approved' && mayFill(cast.person, moment.facts));
  const isQuorate = new Set(standing.map((cast) => cast.person)).size >= approval.quorum;
  return isQuorate ? closed({ ...approval, votes }, 'approved', moment.nowMs) : { kind: 'changed', approval: { ...approval, votes }, decided: false };
}

function refusalOf(approval: Approval, vote: ApprovalEvent & { readonly type: 'vote' }, { facts, nowMs }: Moment): Refusal | undefined {
  if (approval.state !== 'open') return 'closed';
  if (isOver(approval, nowMs)) return 'deadline';
  if (facts.owners.includes(vote.person)) return 'own-agent';
  if (!facts.isEligible(vote.person)) return 'not-eligible';
  if (approval.votes.some((cast) => cast.person === vote.person)) return 'voted-before';
  if (vote.displayDigest !== approval.displayDigest) return 'card-changed';
  const isBlind = approval.tier === 'critical' && argumentLeaves(approval.argumentsJson) === undefined;
  return vote.outcome === 'approved' && isBlind ? 'uninspectable' : undefined;
}

/** The tap's last word. While open it means that nobody waits any more; afterwards it is what became of the decision. */
function ended(approval: Approval, end: string, nowMs: number): LifeStep {
  if (approval.heldEnd !== undefined) return unchanged;
  if (approval.state !== 'open') return { kind: 'changed', approval: { ...approval, heldEnd: end }, decided: false };
  return expired({ ...approval, heldEnd: end }, isOver(approval, nowMs) ? 'deadline' : 'withdrawn', nowMs);
}

function expired(approval: Approval, cause: string, nowMs: number): LifeStep {
  return { kind: 'changed', approval: { ...approval, state: 'expired', cause, closedAtMs: nowMs }, decided: true };
}

function closed(approval: Approval, state: 'approved' | 'denied', nowMs: number): LifeStep {
  return { kind: 'changed', approval: { ...approval, state, closedAtMs: nowMs }, decided: true };
}

function mayFill(person: string, facts: PolicyFacts): boolean {
  return !facts.owners.includes(person) && facts.isEligible(person);
}

function isOver(approval: Approval, nowMs: number): boolean {
  return nowMs >= approval.deadlineAtMs;
}
