/**
 * Findings → verdicts: joins what detectors said of one observation until it is complete or time is up, and rules.
 * JU1. One verdict per observation with a call; findings that come twice, early, late or mixed change nothing else.
 * JU2. Memory is bounded: an observation that has to leave before its time is judged with what there is, never forgotten.
 * JU3. A contained session's later calls are denied at once, without waiting for anyone; the call on which the reason was found
 *      is judged like any other, so that what else speaks against it is named too.
 * JU4. The rule in force is asked for at each verdict, so a reloaded policy holds for the next one.
 * Does not know: who holds the call, how the verdict reaches them.
 */
import type { Decision, Finding, Observation, Verdict } from '@countersign/contracts';
import { parseRecord, type Output, type Processor, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import { BoundedMap } from './bounded-map.js';
import type { CompiledPolicy } from './compile.js';
import { JudgeMemory, type MemoryState } from './containment.js';
import { fusion, fusionType } from './fusion.artefact.js';
import type { FusionPayload } from './fused-score.js';
import { openArtefact } from './artefact.js';
import { openJoin, silentIn, withFinding, type Join } from './join.js';
import { releaseKeyRaw } from './release-key.js';
import { awaitedOf, dueAtMsOf, subjectOf, type Subject } from './subject.js';
import { verdictOf } from './verdict-of.js';

export interface JudgeOptions {
  /** The policy in force now. */
  readonly policy: () => CompiledPolicy;
  readonly telemetry: Telemetry;
  /** Weights of the fused score; absent: those that ship, whose digest and signature are checked. */
  readonly fusion?: FusionPayload;
}

interface JudgeState {
  readonly joins: readonly (readonly [string, Join<Subject>])[];
  readonly judged: readonly (readonly [string, true])[];
  readonly memory: MemoryState;
}

const joinsMax = 20_000;
const judgedMax = 10_000;
/** Findings whose observation never comes are forgotten after this. */
const orphanMs = 60_000;

/** Reads observations, findings and decisions; writes verdicts. @throws ArtefactRefused when the weights that ship were changed. */
export function createJudge(options: JudgeOptions): Processor {
  return new Judge(options);
}

class Judge implements Processor {
  readonly name = 'judge';
  readonly version = '1';
  readonly reads = ['observations', 'findings', 'decisions'] as const;
  readonly early = true;
  readonly #options: JudgeOptions;
  readonly #fusion: FusionPayload;
  #joins = new BoundedMap<Join<Subject>>(joinsMax);
  #judged = new BoundedMap<true>(judgedMax);
  #memory = new JudgeMemory();

  constructor(options: JudgeOptions) {
    this.#options = options;
    this.#fusion = options.fusion ?? openArtefact(fusion, { payloadType: fusionType, publicKeyRaw: releaseKeyRaw });
  }

  handle(record: StoredRecord, nowMs: number): readonly Output[] {
    if (record.topic === 'observations') return this.#observed(parseRecord('observations', record), nowMs);
    if (record.topic === 'findings') return this.#found(parseRecord('findings', record), nowMs);
    if (record.topic === 'decisions') this.#decided(parseRecord('decisions', record));
    return [];
  }

  tick(nowMs: number): readonly Output[] {
    const outputs: Output[] = [];
    for (const [id, join] of this.#joins.entries()) {
      if (join.subject === undefined && join.firstSeenMs + orphanMs <= nowMs) this.#joins.delete(id);
      if (join.subject !== undefined && join.dueAtMs !== undefined && join.dueAtMs <= nowMs) outputs.push(...this.#judge(join, nowMs));
    }
    return outputs;
  }

  nextWakeAtMs(): number | undefined {
    let next: number | undefined;
    for (const join of this.#joins.values()) {
      const due = join.dueAtMs ?? join.firstSeenMs + orphanMs;
      if (next === undefined || due < next) next = due;
    }
    return next;
  }

  snapshot(): string {
    const state: JudgeState = { joins: this.#joins.entries(), judged: this.#judged.entries(), memory: this.#memory.state() };
    return JSON.stringify(state);
  }

  restore(text: string): void {
    const state = JSON.parse(text) as JudgeState;
    this.#joins = new BoundedMap(joinsMax, state.joins);
    this.#judged = new BoundedMap(judgedMax, state.judged);
    this.#memory = new JudgeMemory(state.memory);
  }

  #observed(observation: Observation, nowMs: number): readonly Output[] {
    if (observation.kind === 'held-ended') this.#heldEnded(observation);
    const subject = subjectOf(observation);
    if (subject === undefined) {
      this.#joins.delete(observation.id);
      return [];
    }
    const known = this.#joins.get(subject.id);
    if (this.#judged.has(subject.id) || known?.subject !== undefined) return [];
    return this.#advance({ ...(known ?? openJoin(subject.id, nowMs)), subject, dueAtMs: dueAtMsOf(subject, nowMs) }, nowMs);
  }

  #found(finding: Finding, nowMs: number): readonly Output[] {
    if (this.#memory.noticeFinding(finding)) {
      this.#options.telemetry({ event: 'ContainmentForgotten', level: 'error', message: 'More sessions are contained than the judge can remember; the oldest is no longer contained. Stop its agent, or register its state.' });
    }
    if (finding.callId === undefined || this.#judged.has(finding.observationId)) return [];
    return this.#advance(withFinding(this.#joins.get(finding.observationId) ?? openJoin(finding.observationId, nowMs), finding), nowMs);
  }

  #decided(decision: Decision): void {
    this.#memory.decide(decision);
  }

  /** A call that left the hold no longer waits for people, whatever they decide later. */
  #heldEnded({ note }: Observation): void {
    const callId = note?.['callId'];
    if (typeof callId === 'string') this.#memory.closeAsk(callId);
  }

  #advance(join: Join<Subject>, nowMs: number): readonly Output[] {
    const { subject } = join;
    const compiled = this.#options.policy();
    if (subject !== undefined) {
      const isContained = subject.call.phase === 'request' && this.#memory.containedBefore(subject) !== undefined;
      if (isContained || silentIn(join, awaitedOf(compiled, subject)).length === 0) return this.#judge(join, nowMs);
    }
    const evicted = this.#joins.set(join.observationId, join);
    return evicted?.subject === undefined ? [] : this.#judge(evicted, nowMs);
  }

  #judge(join: Join<Subject>, nowMs: number): readonly Output[] {
    const { subject } = join;
    if (subject === undefined) return [];
    this.#joins.delete(subject.id);
    this.#judged.set(subject.id, true);
    const verdict = verdictOf(join, subject, { compiled: this.#options.policy(), memory: this.#memory, nowMs, fusion: this.#fusion });
    this.#remember(verdict, subject, join.findings);
    this.#tell(verdict);
    return [{ topic: 'verdicts', id: verdict.id, key: verdict.domain, value: JSON.stringify(verdict), parsed: verdict }];
  }

  #remember(verdict: Verdict, subject: Subject, findings: readonly Finding[]): void {
    if (verdict.phase === 'request') {
      this.#memory.noticeVerdict(subject, verdict.kind === 'allow' || verdict.kind === 'modify');
      this.#memory.scores.noticeVerdict(subject, { callId: verdict.callId, kind: verdict.kind, value: verdict.score?.value });
      if (verdict.kind === 'step_up') this.#memory.scores.noticeAsk({ ...subject, tool: verdict.tool }, verdict.callId, findings);
    }
    if (verdict.ask !== undefined) this.#memory.openAsk(subject, verdict.callId, Date.parse(subject.at) + subject.call.deadlineMs + verdict.ask.deadlineMs);
    if (verdict.quarantineId !== undefined && subject.contentDigest !== undefined) this.#memory.noticeQuarantine(verdict.domain, verdict.quarantineId, subject.contentDigest);
  }

  #tell({ kind, tier, phase, missing, waitedMs, reasons }: Verdict): void {
    const isLate = missing.length > 0;
    this.#options.telemetry({
      event: 'CallJudged',
      level: isLate ? 'warn' : kind === 'allow' || kind === 'modify' ? 'debug' : 'info',
      message: isLate ? `A ${phase} was judged without ${missing.join(', ')}: they did not answer in time.` : `A ${phase} of tier ${tier} was judged: ${kind}.`,
      fields: { kind, tier, phase, reason: reasons[0]?.code ?? 'none', waitedMs, waitedSeconds: waitedMs / 1_000, missing: missing.length },
    });
  }
}
