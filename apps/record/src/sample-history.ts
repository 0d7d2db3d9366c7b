/**
 * A small, seeded past for tests and for trying dashboards: agents, sessions, calls, findings, verdicts and a decision each step-up.
 * SH1. The same options make the same records; every record passes its schema on the way into the ledger.
 * Does not pretend to be traffic: its rates and figures mean nothing.
 */
import { findingId, observationId, verdictId, type Decision, type Finding, type Observation, type Topic, type Verdict } from '@countersign/contracts';
import type { LedgerRecord } from '@countersign/pipeline';

export interface SampleOptions {
  readonly seed: number;
  readonly sessions: number;
  readonly callsPerSession: number;
  /** The first session begins here; sessions follow each other by a minute. */
  readonly startMs: number;
  readonly domain?: string;
}

export type SampleHistory = Readonly<Record<Exclude<Topic, 'dead-letters'>, readonly LedgerRecord[]>>;

const agentRows = [{ name: 'desk', role: 'support' }, { name: 'courier', role: 'operations' }] as const;
const toolRows = [
  { tool: 'search_tickets', impact: 'read', tier: 'low', kind: 'allow' },
  { tool: 'update_ticket', impact: 'write', tier: 'medium', kind: 'allow' },
  { tool: 'send_mail', impact: 'egress', tier: 'high', kind: 'deny' },
  { tool: 'pay_invoice', impact: 'irreversible', tier: 'critical', kind: 'step_up' },
] as const;
type ToolRow = (typeof toolRows)[number];

export function sampleHistory(options: SampleOptions): SampleHistory {
  const sample = new Sample(options);
  for (let session = 0; session < options.sessions; session += 1) sample.addSession(session);
  return sample.records;
}

class Sample {
  readonly records = { observations: [] as LedgerRecord[], findings: [] as LedgerRecord[], verdicts: [] as LedgerRecord[], decisions: [] as LedgerRecord[] };
  readonly #domain: string;
  #random: number;
  #seq = 0;
  #session = 0;
  #nowMs = 0;

  constructor(private readonly options: SampleOptions) {
    this.#domain = options.domain ?? 'workshop';
    this.#random = options.seed >>> 0;
  }

  addSession(session: number): void {
    this.#session = session;
    this.#seq = 0;
    this.#nowMs = this.options.startMs + session * 60_000;
    this.#observe({ kind: 'epoch-opened' });
    this.#observe({
      kind: 'message', direction: 'server-to-client',
      message: { shape: 'response', method: 'tools/list', bytes: 900, digest: 'd0', flags: [], payload: { tools: toolRows.map(({ tool }) => ({ name: tool, description: `Does ${tool}.` })) } },
    });
    for (let call = 0; call < this.options.callsPerSession; call += 1) this.#addCall(call);
    this.#observe({ kind: 'epoch-closed' });
  }

  #addCall(call: number): void {
    const row = toolRows[this.#next(toolRows.length)] as ToolRow;
    const callId = `call-${this.#session}-${call}`;
    const observed = (phase: 'request' | 'result'): Observation['call'] => ({
      callId, phase, tool: row.tool, impact: row.impact, tier: row.tier, tierRule: `impact ${row.impact}`, policyVersion: '1+000000000000', actionDigest: `a-${callId}`,
      waits: row.tier !== 'low', deadlineMs: 2_000, ...(phase === 'result' ? { isError: row.kind === 'deny' } : {}),
    });
    const request = this.#observe({
      kind: 'message', call: observed('request'), metadata: { task: { text: 'Answer the open tickets.' } },
      message: { shape: 'request', method: 'tools/call', rpcId: String(call), bytes: 120, digest: `q-${callId}`, flags: [], payload: { name: row.tool, arguments: { id: call } } },
    });
    this.#judge(request, row, callId);
    this.#nowMs += 20 + this.#next(400);
    if (row.tier !== 'low') this.#observe({ kind: 'held-ended', note: { callId, end: row.kind === 'deny' ? 'denied' : 'forwarded', heldMs: 12, by: 'verdict' } });
    this.#observe({
      kind: 'message', direction: 'server-to-client', call: observed('result'),
      message: { shape: 'response', method: 'tools/call', rpcId: String(call), inReplyTo: request.id, bytes: 300, digest: `r-${callId}`, flags: [], payload: { content: [{ type: 'text', text: 'done' }] } },
    });
  }

  #judge(request: Observation, { tool, impact, tier, kind }: ToolRow, callId: string): void {
    const { domain, agent, session, server, id: of, at } = request;
    const finding = (detector: Finding['detector'], told: Pick<Finding, 'kind' | 'severity' | 'sentence'> & Partial<Finding>): Finding => ({
      v: 1, id: findingId(of, detector, 0), ordinal: 0, of: 1, observationId: of, domain, callId, agent, session, server, tool, detector, detectorVersion: '1', at, evidence: [], ...told,
    });
    const isStopped = kind === 'deny';
    const findings = [
      finding('behaviour', { kind: 'surprise', severity: 'info', sentence: 'Seen 3 of 40 times for this agent.', score: 1 + this.#next(40) / 10, pValue: 0.4, sampleSize: 40 }),
      finding('provenance', isStopped ? { kind: 'flow-to-sink', severity: 'high', gate: 'deny', sentence: 'The address was never in the task.' } : { kind: 'nothing', severity: 'none', sentence: '' }),
    ];
    for (const made of findings) this.#add('findings', made);
    const reason = { code: isStopped ? 'flow-to-sink' : kind === 'step_up' ? 'tier-asks' : 'no-objection', text: 'As the policy says.' };
    const verdict: Verdict = {
      v: 1, id: verdictId(of), observationId: of, domain, tapId: request.tapId, epoch: request.epoch, callId, phase: 'request', agent, session, server, tool, impact, tier, kind,
      mode: 'enforce', reasons: [reason], findingIds: findings.map(({ id }) => id), missing: [], policyVersion: '1+000000000000', actionDigest: `a-${callId}`, at, waitedMs: 3 + this.#next(20),
    };
    this.#add('verdicts', verdict);
    if (kind === 'step_up') this.#decide(verdict);
  }

  #decide({ callId, domain, tapId, actionDigest }: Verdict): void {
    const decision: Decision = {
      v: 1, id: `approval-${callId}/closed`, kind: 'approval', domain, at: this.#at(), by: 'ada', via: 'console', outcome: 'approved', approvalId: `approval-${callId}`,
      callId, tapId, actionDigest, message: 'Fine.', grant: 'grant',
    };
    this.#add('decisions', decision);
  }

  #observe(told: Pick<Observation, 'kind'> & Partial<Observation>): Observation {
    const place = { tapId: `tap-${this.#session % 2}`, epoch: 1 + Math.floor(this.#session / 2), seq: this.#seq };
    this.#seq += 1;
    this.#nowMs += 5;
    const observation: Observation = {
      v: 1, id: observationId(place), domain: this.#domain, ...place, at: this.#at(), monotonicUs: (this.#nowMs - this.options.startMs) * 1000,
      agent: agentRows[this.#session % 2] as Observation['agent'], server: 'helpdesk', session: `session-${this.#session}`, sessionRule: 'process',
      transport: 'stdio', era: 'legacy', direction: 'client-to-server', ...told,
    };
    this.#add('observations', observation);
    return observation;
  }

  #add(topic: keyof SampleHistory, record: { readonly id: string }): void {
    this.records[topic].push({ id: record.id, key: this.#domain, value: JSON.stringify(record) });
  }

  #at(): string {
    return new Date(this.#nowMs).toISOString();
  }

  /** A whole number under `bound`, from a linear congruential generator. */
  #next(bound: number): number {
    this.#random = (Math.imul(this.#random, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#random / 2 ** 32) * bound);
  }
}
