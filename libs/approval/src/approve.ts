/**
 * Step-ups → open approvals; deadlines and withdrawn calls → decisions.
 * A1. The first `approval` record of the ledger decides; whatever the store thought before is put right by it.
 * A7. Every expiry is a record, also of calls whose agent gave up.
 * A8. The store is a view: this processor closes nothing in it before the ledger has said so.
 * A9. Wake-ups only wake. What is over is decided from stored deadlines, and a sweep finds what was missed.
 */
import type { Decision, Observation, Verdict } from '@countersign/contracts';
import { parseRecord, type Output, type Processor, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import type { Approval } from './approval.js';
import type { ApprovalStore } from './approval-store.js';
import { HeldCalls, type HeldCallsState } from './held-calls.js';
import { decide, type ApprovalEvent, type PolicyFacts } from './life.js';
import { applied, decisionRecord, openedBy } from './records.js';

export interface ApproveOptions {
  readonly store: ApprovalStore;
  readonly telemetry: Telemetry;
}

interface OpenApproval {
  readonly deadlineAtMs: number;
  readonly callId: string;
  readonly tapId: string;
  readonly epoch: number;
  /** Absent in what an older version kept. */
  readonly tier?: Approval['tier'];
}
interface ApproveState {
  readonly calls: HeldCallsState;
  readonly open: readonly (readonly [string, OpenApproval])[];
  readonly settled: readonly string[];
  /** Absent in older snapshots, and when more calls were asked about than are remembered: the store is then looked into for every call. */
  readonly asked?: readonly string[];
}

/** A card waits this long for its arguments and origins, which travel on other topics, and opens without them then. */
const completeWaitMs = 250;
const settledMax = 10_000;
const askedMax = 20_000;
const replaceAttemptsMax = 5;
/** Expiring asks nobody's eligibility. */
const nobody: PolicyFacts = { owners: [], isEligible: () => false };

/** Reads verdicts, observations, findings and decisions; writes decisions (expiries). */
export function createApprove(options: ApproveOptions): Processor {
  return new Approve(options);
}

class Approve implements Processor {
  readonly name = 'approve';
  readonly version = '1';
  readonly reads = ['verdicts', 'observations', 'findings', 'decisions'] as const;
  readonly #store: ApprovalStore;
  readonly #telemetry: Telemetry;
  #calls = new HeldCalls();
  #open = new Map<string, OpenApproval>();
  /** Approvals whose first decision the ledger has shown. */
  #settled = new Set<string>();
  /** Of those told as waiting and not yet as ended: each is told both ways once. */
  #waiting = new Map<string, Approval['tier']>();
  /** Calls that people were asked about. Nearly all calls are none of them, and end without a look into the store. */
  #asked: Set<string> | undefined = new Set();

  constructor({ store, telemetry }: ApproveOptions) {
    this.#store = store;
    this.#telemetry = telemetry;
  }

  async handle(record: StoredRecord, nowMs: number): Promise<readonly Output[]> {
    switch (record.topic) {
      case 'verdicts':
        this.#ruled(parseRecord('verdicts', record), nowMs);
        break;
      case 'observations':
        return [...(await this.#observed(parseRecord('observations', record), nowMs)), ...(await this.#openReady(nowMs))];
      case 'findings':
        this.#calls.noticeFinding(parseRecord('findings', record));
        break;
      case 'decisions':
        await this.#decided(parseRecord('decisions', record));
        break;
      case 'dead-letters':
        break;
    }
    return this.#openReady(nowMs);
  }

  async tick(nowMs: number): Promise<readonly Output[]> {
    const outputs = [...(await this.#openReady(nowMs))];
    for (const [id, open] of this.#open) {
      if (open.deadlineAtMs <= nowMs) outputs.push(...(await this.#end(id, { type: 'deadline' }, nowMs)));
    }
    return outputs;
  }

  nextWakeAtMs(): number | undefined {
    const times = [...this.#open.values()].map((open) => open.deadlineAtMs);
    const opening = this.#calls.nextOpenAtMs();
    return times.reduce<number | undefined>((next, time) => (next === undefined || time < next ? time : next), opening);
  }

  snapshot(): string {
    const state: ApproveState = { calls: this.#calls.state(), open: [...this.#open], settled: [...this.#settled], ...(this.#asked && { asked: [...this.#asked] }) };
    return JSON.stringify(state);
  }

  restore(text: string): void {
    const state = JSON.parse(text) as ApproveState;
    this.#calls = new HeldCalls(state.calls);
    this.#open = new Map(state.open);
    for (const [id, { tier }] of this.#open) if (tier !== undefined) this.#wait(id, tier, 'ApprovalKept');
    this.#settled = new Set(state.settled);
    this.#asked = state.asked && new Set(state.asked);
  }

  #ruled(verdict: Verdict, nowMs: number): void {
    const asks = verdict.kind === 'step_up' && verdict.ask !== undefined && verdict.mode === 'enforce';
    if (!asks) return this.#calls.drop(verdict.observationId);
    this.#asked?.add(verdict.callId);
    if ((this.#asked?.size ?? 0) > askedMax) this.#asked = undefined;
    this.#calls.await(verdict, nowMs + completeWaitMs);
  }

  async #openReady(nowMs: number): Promise<readonly Output[]> {
    const outputs: Output[] = [];
    for (const { verdict, ...facts } of this.#calls.takeReady(nowMs)) {
      const opened = openedBy(verdict, facts);
      if (opened === undefined) continue;
      const stored = await this.#store.open(opened);
      if (stored.state !== 'open' || this.#settled.has(stored.id)) continue;
      this.#open.set(stored.id, { deadlineAtMs: stored.deadlineAtMs, callId: stored.callId, tapId: stored.tapId, epoch: stored.epoch, tier: stored.tier });
      this.#wait(stored.id, stored.tier, 'ApprovalOpened');
      if (stored.deadlineAtMs <= nowMs) outputs.push(...(await this.#end(stored.id, { type: 'deadline' }, nowMs)));
    }
    return outputs;
  }

  async #observed(observation: Observation, nowMs: number): Promise<readonly Output[]> {
    switch (observation.kind) {
      case 'message':
        this.#calls.noticeCall(observation);
        return [];
      case 'held-ended':
        return this.#heldEnded(observation, nowMs);
      case 'epoch-opened':
      case 'epoch-closed':
      case 'epoch-recovered':
        return this.#epochEnded(observation, nowMs);
      case 'grant-consumed':
      case 'fail-open':
      case 'call-lost':
        return [];
    }
  }

  async #heldEnded({ note }: Observation, nowMs: number): Promise<readonly Output[]> {
    const callId = note?.['callId'];
    const end = note?.['end'];
    if (typeof callId !== 'string' || typeof end !== 'string' || this.#asked?.has(callId) === false) return [];
    const outputs: Output[] = [];
    for (const approval of await this.#store.list({ callId, limit: 10 })) {
      if (approval.state === 'open') outputs.push(...(await this.#end(approval.id, { type: 'held-ended', end }, nowMs)));
      await this.#update(approval.id, (stored) => (stored.heldEnd === undefined ? { ...stored, heldEnd: end } : stored));
    }
    return outputs;
  }

  /** Nobody holds the bytes of an ended epoch any more; a tap that started again holds none of its predecessor's. */
  async #epochEnded({ kind, tapId, epoch }: Observation, nowMs: number): Promise<readonly Output[]> {
    const outputs: Output[] = [];
    for (const [id, open] of this.#open) {
      const isOver = open.tapId === tapId && (kind === 'epoch-opened' ? open.epoch < epoch : open.epoch <= epoch);
      if (isOver) outputs.push(...(await this.#end(id, { type: 'withdrawn' }, nowMs)));
    }
    return outputs;
  }

  /** The expiry goes to the ledger; the store follows when it comes back from there. */
  async #end(id: string, event: ApprovalEvent, nowMs: number): Promise<readonly Output[]> {
    const approval = await this.#store.get(id);
    this.#open.delete(id);
    if (approval === undefined || this.#settled.has(id)) return [];
    const step = decide(approval, event, { facts: nobody, nowMs });
    if (step.kind !== 'changed' || !step.decided) return [];
    const decision = decisionRecord(step.approval, { person: 'system', via: step.approval.cause === 'deadline' ? 'deadline' : 'tap' });
    return [{ topic: 'decisions', id: decision.id, key: decision.domain, value: JSON.stringify(decision) }];
  }

  async #decided(decision: Decision): Promise<void> {
    const id = decision.approvalId;
    if (id === undefined || (decision.kind === 'approval' && this.#settled.has(id))) return;
    await this.#update(id, (stored) => applied(stored, decision));
    if (decision.kind !== 'approval') return;
    const ended = await this.#store.get(id);
    this.#open.delete(id);
    this.#settled.add(id);
    const [oldest] = this.#settled;
    if (this.#settled.size > settledMax && oldest !== undefined) this.#settled.delete(oldest);
    this.#tellClosed(id, decision, ended);
  }

  #wait(id: string, tier: Approval['tier'], event: 'ApprovalOpened' | 'ApprovalKept'): void {
    if (this.#waiting.has(id)) return;
    this.#waiting.set(id, tier);
    this.#telemetry({ event, level: 'info', message: `A ${tier} call ${event === 'ApprovalOpened' ? 'waits' : 'still waits'} for people.`, fields: { tier } });
  }

  #tellClosed(id: string, { outcome, cause = outcome, via, at }: Decision, approval: Approval | undefined): void {
    const told = approval === undefined ? {} : { tier: approval.tier, waitSeconds: Math.max(0, Date.parse(at) - approval.openedAtMs) / 1_000 };
    this.#telemetry({ event: 'ApprovalClosed', level: 'info', message: `An approval was closed: ${outcome}.`, fields: { outcome, cause, via, ...told } });
    const tier = this.#waiting.get(id);
    if (tier === undefined) return;
    this.#waiting.delete(id);
    this.#telemetry({ event: 'ApprovalEnded', level: 'debug', message: `A ${tier} call waits for people no longer.`, fields: { tier } });
  }

  async #update(id: string, change: (approval: Approval) => Approval): Promise<void> {
    for (let attempt = 0; attempt < replaceAttemptsMax; attempt += 1) {
      const stored = await this.#store.get(id);
      if (stored === undefined) return;
      const next = change(stored);
      if (next === stored || (await this.#store.replace(stored, next))) return;
    }
    this.#telemetry({ event: 'ApprovalViewStale', level: 'warn', message: 'An approval kept changing while it was brought up to date; its page may be behind the ledger, the decision itself stands.' });
  }
}
