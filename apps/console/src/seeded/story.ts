/**
 * Makes the records of invented traffic, for tests that need a console with something in it.
 * Every record is of its contract's schema and goes through the ledger like any other; nothing here is known to the console.
 */
import { createHash } from 'node:crypto';
import { findingSchema, observationSchema, recordSchemas, verdictSchema, type Agent, type Finding, type Observation, type Topic, type Verdict } from '@countersign/contracts';
import type { LedgerRecord } from '@countersign/pipeline';

export interface TapSeat {
  readonly agent: Agent;
  readonly server: string;
  readonly session: string;
}

export interface ToldCall {
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly impact?: Verdict['impact'];
  readonly tier?: Verdict['tier'];
  readonly tierRule?: string;
  readonly verdict?: Pick<Verdict, 'kind'> & Partial<Pick<Verdict, 'reasons' | 'missing' | 'ask' | 'waitedMs'>>;
  readonly findings?: readonly ToldFinding[];
  /** Absent: the call was never answered by the server. */
  readonly result?: ToldResult;
  /** How the tap reported the end of the hold. */
  readonly heldEnd?: { readonly end: string; readonly heldMs: number };
}

export interface ToldResult {
  readonly content: unknown;
  readonly isError?: boolean;
  readonly afterMs?: number;
  readonly findings?: readonly ToldFinding[];
  readonly verdict?: Pick<Verdict, 'kind'> & Partial<Pick<Verdict, 'reasons' | 'quarantineId'>>;
}

export type ToldFinding = Pick<Finding, 'detector' | 'kind' | 'severity' | 'sentence'> & Partial<Pick<Finding, 'gate' | 'pValue' | 'sampleSize' | 'score' | 'wouldPass' | 'evidence'>>;

export interface ToldRecord extends LedgerRecord {
  readonly topic: Topic;
}

const sha256 = (value: unknown) => createHash('sha256').update(JSON.stringify(value)).digest('hex');

/** One tap's life. Time moves only by `pass`; records come in the order they would be written. */
export class Story {
  readonly records: ToldRecord[] = [];
  #seq = 0;
  readonly #startMs: number;

  constructor(
    readonly domain: string,
    readonly seat: TapSeat,
    private nowMs: number,
  ) {
    this.#startMs = nowMs;
  }

  get tapId(): string {
    return `${sha256([this.seat.server, this.seat.agent.name]).slice(0, 16)}-${sha256(this.seat.session).slice(0, 4)}`;
  }

  pass(ms: number): this {
    this.nowMs += ms;
    return this;
  }

  lists(tools: readonly unknown[]): this {
    this.#observe({ direction: 'server-to-client', message: this.#message('response', { tools }, 'tools/list') });
    return this;
  }

  /** @returns the call's id. */
  calls(told: ToldCall): string {
    const { tool, args, impact = 'read', tier = 'low', tierRule = 'default' } = told;
    const callId = sha256([this.tapId, this.seat.session, this.#seq]).slice(0, 32);
    const actionDigest = sha256([this.domain, this.seat, tool, args]);
    const call = { callId, phase: 'request', tool, impact, tier, tierRule, policyVersion: 'demo+1f0c2ab94d7e', actionDigest, waits: tier !== 'low', deadlineMs: 2_000 } as const;
    const request = this.#observe({ direction: 'client-to-server', call, message: this.#message('request', { name: tool, arguments: args }, 'tools/call') });
    this.#find(request, told.findings ?? []);
    this.pass(9);
    const findingIds = (told.findings ?? []).map(({ detector }, ordinal) => `${request.id}/${detector}/${ordinal}`);
    this.#judge(request, { findingIds, ...(told.verdict ?? { kind: 'allow' }) });
    if (told.heldEnd) this.ends(callId, told.heldEnd);
    if (told.result) this.#answers(request, told.result);
    return callId;
  }

  /** What the tap reports of a call it held. */
  ends(callId: string, { end, heldMs }: { readonly end: string; readonly heldMs: number }): this {
    this.pass(heldMs);
    this.#observe({ kind: 'held-ended', direction: 'client-to-server', note: { callId, end, heldMs, by: 'verdict' } });
    return this;
  }

  #answers(request: Observation, { content, isError = false, afterMs = 24, findings = [], verdict }: ToldResult): void {
    this.pass(afterMs);
    const { call } = request;
    if (!call) return;
    const message = { ...this.#message('response', { content, isError }, 'tools/call'), inReplyTo: request.id };
    const result = this.#observe({ direction: 'server-to-client', call: { ...call, phase: 'result', isError, waits: verdict !== undefined }, message });
    this.#find(result, findings);
    if (verdict) this.#judge(result, verdict);
  }

  #message(shape: 'request' | 'response', payload: unknown, method: string) {
    return { shape, method, bytes: JSON.stringify(payload).length, digest: sha256(payload), payload, rpcId: String(this.#seq), flags: [] };
  }

  #observe(part: Partial<Observation> & Pick<Observation, 'direction'>): Observation {
    this.#seq += 1;
    const { agent, server, session } = this.seat;
    const observation = observationSchema.parse({
      v: 1, id: `${this.tapId}/1/${this.#seq}`, kind: 'message', domain: this.domain, tapId: this.tapId, epoch: 1, seq: this.#seq, at: this.#at(), monotonicUs: Math.round((this.nowMs - this.#startMs) * 1_000),
      agent, server, session, sessionRule: 'process', transport: 'stdio', era: 'legacy', ...part,
    });
    this.#put('observations', observation);
    return observation;
  }

  #find(of: Observation, told: readonly ToldFinding[]): void {
    const said = new Set(told.map(({ detector }) => detector));
    const silent = (['behaviour', 'provenance', 'injection', 'attestation', 'probe'] as const).filter((detector) => !said.has(detector));
    const all = [...told, ...silent.map((detector) => ({ detector, kind: 'nothing', severity: 'none', sentence: '' }) as const)];
    const { agent, server, session } = this.seat;
    for (const [ordinal, draft] of all.entries()) {
      const evidence = ('evidence' in draft ? (draft.evidence ?? []) : []).map((span) => (span.path?.startsWith('$.arguments') ? { observationId: of.id, ...span } : span));
      this.#put('findings', findingSchema.parse({
        v: 1, id: `${of.id}/${draft.detector}/${ordinal}`, ordinal, of: all.length, observationId: of.id, domain: this.domain, callId: of.call?.callId, agent, session, server, tool: of.call?.tool,
        detectorVersion: '1.0.0', at: of.at, ...draft, evidence,
      }));
    }
  }

  #judge(of: Observation, told: Partial<Verdict> & Pick<Verdict, 'kind'>): void {
    const { call } = of;
    if (!call) return;
    this.#put('verdicts', verdictSchema.parse({
      v: 1, id: `${of.id}/verdict`, observationId: of.id, domain: this.domain, tapId: this.tapId, epoch: 1, callId: call.callId, phase: call.phase, ...this.seat, tool: call.tool,
      impact: call.impact, tier: call.tier, mode: 'enforce', reasons: [], findingIds: [], policyVersion: call.policyVersion, actionDigest: call.actionDigest, at: this.#at(), waitedMs: 7.4, ...told,
    }));
  }

  #put(topic: Exclude<Topic, 'dead-letters'>, record: { readonly id: string }): void {
    recordSchemas[topic].parse(record);
    this.records.push({ topic, id: record.id, key: this.domain, value: JSON.stringify(record) });
  }

  #at(): string {
    return new Date(this.nowMs).toISOString();
  }
}
