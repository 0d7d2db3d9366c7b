/**
 * Runs → what the product says of each of their calls, in the order of the file.
 * RS1. A suite (or a suite and model) is one agent in front of one server; its runs follow each other as in the file, and what an
 *      earlier run taught is known in a later one. So the order of the file is the order of history, and the first runs are a cold start.
 * RS2. Every tier waits for its verdict (mode `enforce`). With `holds: 'per-call'` two things are taken out of the policy that hold every
 *      call of a tier or an agent whatever the call: the standing ask of a tier (the row then says `tier_asks`) and the alarm on changed
 *      habits (the row still names it): recorded runs are sorted, often by task, so their order in time means nothing.
 * RS3. The calls of a turn are asked before any of them is answered.
 * RS4. Labels are not read; with `answers` the caller says how a person would have answered each held call of a run.
 */
import { createHash } from 'node:crypto';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { observationId, type Finding, type Observation, type Verdict } from '@countersign/contracts';
import { compilePolicy, defaultPolicy, tierOf, type CompiledPolicy, type Policy, type ToolDefinition } from '@countersign/policy';
import { answerTo, ReplayPath, type Judged } from './replay-path.js';
import { withoutPastTexts } from './past-texts.js';
import type { ReplayCall, ReplayTrace } from './trace-row.js';

export interface ReplayOptions {
  /** Suite → tool definitions as its server lists them. */
  readonly tools: ReadonlyMap<string, readonly ToolDefinition[]>;
  readonly withTask: boolean;
  readonly agentBy: 'suite' | 'model';
  /** `shipped`: the default policy as it ships. `per-call`: RS2. */
  readonly holds: 'per-call' | 'shipped';
  readonly seed: number;
  /** How a person answers the held calls of a run; undefined: nobody answers. */
  readonly answerOf?: ((traceId: string) => 'approved' | 'denied' | undefined) | undefined;
  /** Policy's `knownEntities`; absent: none, as shipped. */
  readonly knownEntities?: readonly string[] | undefined;
  /** Write what each detector found into the rows: what training reads. */
  readonly withEvidence?: boolean | undefined;
}

/** One line of the scores file. */
export interface ScoreRow {
  readonly id: string;
  readonly call_index: number;
  /** What the product ranks calls by: the verdict's fused score, log-odds above its frozen threshold. */
  readonly score: number;
  /** Its conformal p-value among benign sessions; null while there are too few. */
  readonly p: number | null;
  readonly held: boolean;
  readonly kind: Verdict['kind'] | 'none';
  readonly reasons: readonly string[];
  /** The call's tier asks people about every call, whatever was found. */
  readonly tier_asks: boolean;
  /** What became of the result; `deny` and `modify`: the agent would not have read it as it was. */
  readonly result: Verdict['kind'] | 'none';
  /** Numbers of the call's findings, by name; only with `withEvidence`. */
  readonly evidence?: Readonly<Record<string, number>>;
}

/** More than any deadline of the default policy: open questions of one run are closed before the next. */
const betweenRunsMs = 3_600_000;
const betweenCallsMs = 1_000;
const taskCharsMax = 4_096;

export class Replay {
  readonly path: ReplayPath;
  readonly #options: ReplayOptions;
  readonly #policy: CompiledPolicy;
  readonly #clock: SeededClock;
  readonly #tierAsks: (tier: Verdict['tier']) => boolean;
  readonly #listed = new Set<string>();
  #epoch = 0;

  constructor(options: ReplayOptions) {
    const shipped: Policy = { ...defaultPolicy, knownEntities: [...(options.knownEntities ?? [])] };
    this.#policy = compilePolicy(options.holds === 'shipped' ? shipped : perCall(shipped));
    this.#tierAsks = (tier) => defaultPolicy.tiers[tier].ask !== undefined;
    this.#options = options;
    this.#clock = new SeededClock({ seed: options.seed });
    this.path = new ReplayPath(() => this.#policy);
  }

  /** What people endorsed so far, for `forks` of a replay that was not there. */
  endorsements(): unknown {
    return (JSON.parse(this.path.snapshot().judge) as JudgeSnapshot).memory.scores.endorsed;
  }

  /**
   * @param endorsements of another replay, known to the forks in place of this one's.
   * @returns a maker of replays that remember what this one does now, each going its own way from here.
   */
  forks(changed: Partial<ReplayOptions> = {}, endorsements?: unknown): () => Promise<Replay> {
    const past = withoutPastTexts(this.path.snapshot());
    const memory = endorsements === undefined ? past : { ...past, judge: withEndorsements(past.judge, endorsements) };
    const [listed, epoch, nowMs] = [[...this.#listed], this.#epoch, this.#clock.wallMs()];
    return async () => {
      const fork = new Replay({ ...this.#options, ...changed });
      fork.path.restore(memory);
      for (const agent of listed) fork.#listed.add(agent);
      fork.#epoch = epoch;
      await fork.#clock.advance(nowMs - fork.#clock.wallMs());
      return fork;
    };
  }

  /** @returns a row for each call, in order. */
  async play(trace: ReplayTrace): Promise<readonly ScoreRow[]> {
    this.#epoch += 1;
    await this.#clock.advance(betweenRunsMs);
    const run = new Run(trace, { epoch: this.#epoch, options: this.#options, policy: this.#policy });
    if (!this.#listed.has(run.agent)) {
      this.#listed.add(run.agent);
      await this.#observe(run.listing());
    }
    const rows = trace.calls.map((_, at): ScoreRow => emptyRow(trace.id, at));
    for (const turn of turnsOf(trace.calls)) {
      for (const at of turn) rows[at] = { ...rows[at], ...(await this.#request(run, at)) } as ScoreRow;
      for (const at of turn) rows[at] = { ...rows[at], result: (await this.#observe(run.result(at))).verdict?.kind ?? 'none' } as ScoreRow;
    }
    await this.#observe(run.closing());
    return rows;
  }

  async #request(run: Run, at: number): Promise<Partial<ScoreRow>> {
    await this.#clock.advance(betweenCallsMs);
    const { verdict, findings } = await this.#observe(run.request(at));
    const scored = findings.find(({ detector, features }) => detector === 'provenance' && features?.['laneA'] !== undefined);
    const isHeld = verdict !== undefined && verdict.kind !== 'allow';
    if (verdict?.kind === 'allow') run.wasAllowed = true;
    const outcome = isHeld ? this.#options.answerOf?.(run.trace.id) : undefined;
    if (verdict !== undefined && outcome !== undefined) await this.path.decide(answerTo(verdict, outcome), this.#clock.wallMs());
    return {
      score: verdict?.score?.value ?? scored?.score ?? 0, p: verdict?.score?.p ?? null, held: isHeld, kind: verdict?.kind ?? 'none',
      reasons: verdict?.reasons.map(({ code }) => code) ?? [], tier_asks: verdict !== undefined && this.#tierAsks(verdict.tier),
      ...(this.#options.withEvidence === true ? { evidence: evidenceIn(findings, verdict) } : {}),
    };
  }

  #observe(make: (nowMs: number) => Observation): Promise<Judged> {
    const nowMs = this.#clock.wallMs();
    return this.path.observe(make(nowMs), nowMs);
  }
}

interface JudgeSnapshot {
  readonly memory: { readonly scores: { readonly endorsed: unknown } };
}

function withEndorsements(judge: string, endorsed: unknown): string {
  const snapshot = JSON.parse(judge) as JudgeSnapshot;
  return JSON.stringify({ ...snapshot, memory: { ...snapshot.memory, scores: { ...snapshot.memory.scores, endorsed } } });
}

function perCall(policy: Policy): Policy {
  const { low, medium, high, critical } = policy.tiers;
  const silent = [low, medium, high, critical].map((tier) => ({ ...tier, ask: undefined })) as [typeof low, typeof medium, typeof high, typeof critical];
  return { ...policy, tiers: { low: silent[0], medium: silent[1], high: silent[2], critical: silent[3] }, gates: { ...policy.gates, 'habits-changed': 'show' } };
}

type Make = (nowMs: number) => Observation;

/** One run's observations, as its tap would have written them. */
class Run {
  readonly agent: string;
  wasAllowed = false;
  #seq = 0;

  constructor(readonly trace: ReplayTrace, readonly how: { readonly epoch: number; readonly options: ReplayOptions; readonly policy: CompiledPolicy }) {
    this.agent = (how.options.agentBy === 'suite' ? trace.suite : `${trace.suite}/${trace.model}`).slice(0, 128);
  }

  listing(): Make {
    const payload = { tools: this.#tools() };
    return (nowMs) => ({ ...this.#base(nowMs), direction: 'server-to-client', message: message('response', 'tools/list', payload) });
  }

  request(at: number): Make {
    const call = this.#call(at);
    const task = this.how.options.withTask ? this.#taskAt(at) : '';
    return (nowMs) => ({
      ...this.#base(nowMs), direction: 'client-to-server', message: message('request', 'tools/call', { name: call.tool, arguments: call.args }),
      call: this.#observedCall(at, 'request'), ...(task === '' ? {} : { metadata: { task: { text: task } } }),
    });
  }

  result(at: number): Make {
    const call = this.#call(at);
    const payload = { content: [{ type: 'text', text: call.resultText }], ...(call.isError ? { isError: true } : {}) };
    return (nowMs) => ({ ...this.#base(nowMs), direction: 'server-to-client', message: message('response', 'tools/call', payload), call: this.#observedCall(at, 'result') });
  }

  closing(): Make {
    return (nowMs) => ({ ...this.#base(nowMs), kind: 'epoch-closed' });
  }

  #observedCall(at: number, phase: 'request' | 'result'): NonNullable<Observation['call']> {
    const { tool, args } = this.#call(at);
    const definition = this.#tools().find(({ name }) => name === tool);
    const { policy } = this.how;
    const { impact, tier, rule, waits, deadlineMs } = tierOf(policy, { server: this.trace.suite, tool, definition, args, agent: { name: this.agent, role: this.trace.suite }, firstOfSession: !this.wasAllowed });
    return { callId: `${this.how.epoch}-${at}`, phase, tool, impact, tier, tierRule: rule, policyVersion: policy.version, actionDigest: `${this.how.epoch}-${at}`, waits, deadlineMs };
  }

  /** What the user said before this call; the latest words are kept when there are too many. */
  #taskAt(at: number): string {
    return this.trace.said.filter(({ afterCalls }) => afterCalls <= at).map(({ text }) => text).join('\n').slice(-taskCharsMax);
  }

  #call(at: number): ReplayCall {
    const call = this.trace.calls[at];
    if (call === undefined) throw new Error(`Run ${this.trace.id} has no call ${at}.`);
    return call;
  }

  #tools(): readonly ToolDefinition[] {
    return this.how.options.tools.get(this.trace.suite) ?? [];
  }

  #base(nowMs: number): Omit<Observation, 'direction'> & { direction: 'client-to-server' } {
    this.#seq += 1;
    const tapId = createHash('sha256').update(this.agent).digest('hex').slice(0, 16);
    const position = { tapId, epoch: this.how.epoch, seq: this.#seq };
    return {
      v: 1, id: observationId(position), kind: 'message', domain: 'replay', ...position, at: new Date(nowMs).toISOString(), monotonicUs: 0,
      agent: { name: this.agent, role: this.trace.suite }, server: this.trace.suite, session: `run-${this.how.epoch}`, sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
    };
  }
}

function message(shape: 'request' | 'response', method: string, payload: unknown): NonNullable<Observation['message']> {
  const text = JSON.stringify(payload);
  return { shape, method, bytes: Buffer.byteLength(text), digest: createHash('sha256').update(text).digest('hex'), flags: [], payload };
}

/** What fusing reads, under the names it has there. */
function evidenceIn(findings: readonly Finding[], verdict: Verdict | undefined): Readonly<Record<string, number>> {
  const score = findings.find(({ detector, features }) => detector === 'provenance' && features?.['laneA'] !== undefined);
  return { ...score?.features, ...verdict?.score?.parts, pastSessions: score?.sampleSize ?? 0 };
}

function emptyRow(id: string, at: number): ScoreRow {
  return { id, call_index: at, score: 0, p: null, held: false, kind: 'none', reasons: [], tier_asks: false, result: 'none' };
}

/** Indexes of the calls of each turn, turns in order of first sight. */
function turnsOf(calls: readonly ReplayCall[]): readonly (readonly number[])[] {
  const turns = new Map<number, number[]>();
  for (const [at, { turn }] of calls.entries()) turns.set(turn, [...(turns.get(turn) ?? []), at]);
  return [...turns.values()];
}
