/**
 * Approvals ⇄ records of the ledger.
 * RC1. Ids derive from the approval: one approval has one decision record, one person one vote record, however often they are made.
 * RC2. `applied` rebuilds an approval from its decision records (A8): the store is a view, the ledger decides.
 */
import { createHash } from 'node:crypto';
import type { Decision, Verdict } from '@countersign/contracts';
import type { GrantBody } from '@countersign/policy/runtime';
import type { Approval, ArgumentOrigin, Vote } from './approval.js';
import { displayDigestOf, renderCard, type CardFacts } from './card.js';

/** 32 hex digits; opaque, and as unguessable as the call's id inside it. */
export function approvalIdOf(verdict: Pick<Verdict, 'id' | 'domain' | 'callId'>): string {
  return sha256(JSON.stringify(['approval', verdict.domain, verdict.id, verdict.callId])).slice(0, 32);
}

export interface OpeningFacts {
  /** JSON text, or empty when the arguments were not recorded. */
  readonly argumentsJson: string;
  readonly origins: readonly ArgumentOrigin[];
}

/** @returns undefined when the verdict asks nobody. The deadline runs from the verdict, not from when it was read. */
export function openedBy(verdict: Verdict, { argumentsJson, origins }: OpeningFacts): Approval | undefined {
  if (verdict.kind !== 'step_up' || verdict.ask === undefined) return undefined;
  const { agent, session, server, tool, tier, impact, actionDigest, reasons, policyVersion, domain, callId, observationId, tapId, epoch, ask } = verdict;
  const facts: CardFacts = { agent, session, server, tool, tier, impact, argumentsJson, actionDigest, reasons, origins, policyVersion, quorum: ask.quorum, groups: ask.groups };
  const openedAtMs = Date.parse(verdict.at);
  return {
    id: approvalIdOf(verdict), domain, callId, observationId, tapId, epoch, ...facts,
    displayDigest: displayDigestOf(renderCard(facts)),
    openedAtMs, deadlineAtMs: openedAtMs + ask.deadlineMs, state: 'open', votes: [],
  };
}

export function decisionIdOf(approvalId: string): string {
  return `${approvalId}/decision`;
}

/** The closing record. `grant` is there exactly when the approval is approved (D2). */
export function decisionRecord(approval: Approval, by: { readonly person: string; readonly via: Decision['via'] }, grant?: string): Decision {
  if (approval.state === 'open') throw new Error(`Approval ${approval.id} is open; an open approval has no decision.`);
  if ((approval.state === 'approved') !== (grant !== undefined)) throw new Error(`Approval ${approval.id} is ${approval.state}; a grant belongs to an approved one and to no other.`);
  const message = approval.votes.at(-1)?.message;
  return {
    ...bound(approval, decisionIdOf(approval.id)), kind: 'approval', at: new Date(approval.closedAtMs ?? approval.deadlineAtMs).toISOString(),
    by: by.person, via: by.via, outcome: approval.state,
    ...(approval.cause === undefined ? {} : { cause: approval.cause }),
    ...(message === undefined ? {} : { message }),
    ...(grant === undefined ? {} : { grant }),
  };
}

export function voteRecord(approval: Approval, vote: Vote): Decision {
  return {
    ...bound(approval, `${approval.id}/vote/${sha256(vote.person).slice(0, 16)}`), kind: 'vote', at: new Date(vote.atMs).toISOString(),
    by: vote.person, via: 'console', outcome: vote.outcome, ...(vote.message === undefined ? {} : { message: vote.message }),
  };
}

/** The nonce derives from the approval: should two grants ever be made for it, the tap still consumes one. */
export function grantBodyOf(approval: Approval): GrantBody {
  const { tapId, callId, actionDigest, displayDigest, votes, closedAtMs, deadlineAtMs } = approval;
  return {
    typ: 'grant', aud: tapId, callId, actionDigest, displayDigest, outcome: 'approved',
    approvers: votes.filter((vote) => vote.outcome === 'approved').map((vote) => vote.person),
    iat: closedAtMs ?? deadlineAtMs, exp: deadlineAtMs, nonce: sha256(`grant\n${approval.id}`).slice(0, 32),
  };
}

/** What a decision record of this approval makes of it. Idempotent; records of other approvals and kinds change nothing. */
export function applied(approval: Approval, decision: Decision): Approval {
  if (decision.approvalId !== approval.id) return approval;
  const atMs = Date.parse(decision.at);
  if (decision.kind === 'vote' && (decision.outcome === 'approved' || decision.outcome === 'denied')) {
    if (approval.votes.some((vote) => vote.person === decision.by)) return approval;
    const vote: Vote = { person: decision.by, outcome: decision.outcome, ...(decision.message === undefined ? {} : { message: decision.message }), atMs };
    return { ...approval, votes: [...approval.votes, vote] };
  }
  if (decision.kind !== 'approval' || decision.outcome === 'recorded') return approval;
  const closed = { ...approval, state: decision.outcome, closedAtMs: atMs };
  if (decision.cause !== undefined) return { ...closed, cause: decision.cause };
  delete (closed as { cause?: string }).cause;
  return closed;
}

function bound(approval: Approval, id: string) {
  const { id: approvalId, domain, callId, tapId, actionDigest, displayDigest } = approval;
  return { v: 1 as const, id, domain, approvalId, callId, tapId, actionDigest, displayDigest };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
