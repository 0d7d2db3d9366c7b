/**
 * Where people's decisions enter. The console authenticates the person; this desk decides what their word is worth.
 * DE1. A decision is in the ledger before it takes effect anywhere (D1); the store is brought up to date afterwards.
 * DE2. Votes on one approval are taken one after another; the second of two finds the first one's outcome (A1).
 * DE3. The signing key is behind `signGrant`; the console never holds it.
 * DE4. No door of agents leads here: whoever wires `gate` has no desk (A5).
 */
import { createHash } from 'node:crypto';
import type { Decision } from '@countersign/contracts';
import { RetriableError, type Clock, type EventLog } from '@countersign/pipeline';
import { ownersOf, type CompiledPolicy, type GrantBody } from '@countersign/policy/runtime';
import type { Approval, Vote } from './approval.js';
import type { ApprovalStore } from './approval-store.js';
import { decide, refusals, type PolicyFacts, type Refusal } from './life.js';
import { decisionRecord, grantBodyOf, voteRecord } from './records.js';

export interface DeskOptions {
  readonly store: ApprovalStore;
  readonly eventLog: EventLog;
  /** Signs with the installation's grant key; @see signGrant of `policy`. */
  readonly signGrant: (body: GrantBody) => string;
  readonly policy: () => CompiledPolicy;
  readonly clock: Clock;
  /** Is this person in one of these groups now? Absent: whoever the console lets in is in all of them (one person, one machine). */
  readonly isMember?: (person: string, groups: readonly string[]) => boolean;
}

export interface VoteRequest {
  readonly approvalId: string;
  readonly person: string;
  readonly outcome: Vote['outcome'];
  /** To the agent; at most 2 000 characters are kept. */
  readonly message?: string | undefined;
  /** Of the card the person looked at. */
  readonly displayDigest: string;
}

export type VoteAnswer =
  | { readonly ok: true; readonly approval: Approval }
  | { readonly ok: false; readonly code: Refusal | 'unknown' | 'not-recorded'; readonly message: string };

/** What people decide beside approvals; `subject` and `subjectDigest` as `contracts/decision` says for the kind. */
export type DecisionDraft = Pick<Decision, 'domain' | 'by' | 'via'> &
  Partial<Pick<Decision, 'message' | 'subject' | 'subjectDigest'>> & { readonly kind: 'release' | 'pin-approved' | 'state-registered' | 'policy-loaded' };

const messageCharactersMax = 2_000;
const listMax = 1_000;

export class ApprovalDesk {
  readonly #options: DeskOptions;
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  /** Newest first. */
  list(filter: { readonly state?: Approval['state']; readonly callId?: string; readonly limit?: number } = {}): Promise<readonly Approval[]> {
    return this.#options.store.list({ ...filter, limit: Math.min(filter.limit ?? listMax, listMax) });
  }

  get(approvalId: string): Promise<Approval | undefined> {
    return this.#options.store.get(approvalId);
  }

  /** Never throws for what a person does; @throws what the store throws when it is broken. */
  vote(request: VoteRequest): Promise<VoteAnswer> {
    return this.#inTurn(request.approvalId, () => this.#vote(request));
  }

  /** @returns the record once the ledger holds it. @throws RetriableError when it does not; nothing happened then. */
  async record(draft: DecisionDraft): Promise<Decision> {
    const at = new Date(this.#options.clock.wallMs()).toISOString();
    const { message, ...rest } = draft;
    const id = `${draft.kind}/${createHash('sha256').update(JSON.stringify([draft.domain, draft.subject, draft.subjectDigest, draft.by, at])).digest('hex').slice(0, 32)}`;
    const decision: Decision = { v: 1, id, at, outcome: 'recorded', ...rest, ...(message === undefined ? {} : { message: message.slice(0, messageCharactersMax) }) };
    await this.#append([decision]);
    return decision;
  }

  async #vote(request: VoteRequest): Promise<VoteAnswer> {
    const { store, clock, signGrant } = this.#options;
    const approval = await store.get(request.approvalId);
    if (approval === undefined) return { ok: false, code: 'unknown', message: 'There is no such approval.' };
    const event = { type: 'vote', ...request, message: request.message?.slice(0, messageCharactersMax) } as const;
    const step = decide(approval, event, { facts: this.#factsOf(approval), nowMs: clock.wallMs() });
    if (step.kind === 'refused') return { ok: false, code: step.code, message: step.message };
    if (step.kind === 'unchanged') return { ok: false, code: 'closed', message: refusals.closed };
    const vote = step.approval.votes.at(-1);
    const grant = step.approval.state === 'approved' ? signGrant(grantBodyOf(step.approval)) : undefined;
    const records = [
      ...(vote === undefined ? [] : [voteRecord(step.approval, vote)]),
      ...(step.decided ? [decisionRecord(step.approval, { person: request.person, via: 'console' }, grant)] : []),
    ];
    try {
      await this.#append(records);
    } catch {
      return { ok: false, code: 'not-recorded', message: 'The ledger did not take your vote, so nothing was sent and nothing was decided. Try again before the deadline.' };
    }
    return (await store.replace(approval, step.approval)) ? { ok: true, approval: step.approval } : this.#afterLostRace(request);
  }

  /** Something else changed the stored approval meanwhile (a deadline, the tap). The ledger's first decision stands, and `approve` puts the store right. */
  async #afterLostRace({ approvalId }: VoteRequest): Promise<VoteAnswer> {
    const approval = await this.#options.store.get(approvalId);
    return approval === undefined || approval.state === 'open'
      ? { ok: false, code: 'not-recorded', message: 'The approval changed while you voted. Your vote is recorded; look at the call again for what became of it.' }
      : { ok: false, code: 'closed', message: refusals.closed };
  }

  #factsOf(approval: Approval): PolicyFacts {
    const { policy, isMember } = this.#options;
    return { owners: ownersOf(policy(), approval.agent), isEligible: (person) => isMember?.(person, approval.groups) ?? true };
  }

  async #append(decisions: readonly Decision[]): Promise<void> {
    try {
      await this.#options.eventLog.append('decisions', decisions.map((decision) => ({ id: decision.id, key: decision.domain, value: JSON.stringify(decision) })));
    } catch (error) {
      throw new RetriableError('The decision was not recorded, so it has no effect; try again.', { cause: error });
    }
  }

  async #inTurn<T>(approvalId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(approvalId) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(approvalId, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(approvalId) === turn) this.#turns.delete(approvalId);
    }
  }
}
