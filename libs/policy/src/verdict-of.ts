/**
 * One joined observation → its verdict record.
 * VO1. The id is derived from the observation's, the rest from (join, memory, policy, now).
 * VO2. Nobody is asked about a call that nobody holds: its step-up is recorded without an `ask`.
 * VO3. The quarantine id is derived from the content, so the same content is found under the same id.
 */
import { verdictId, type FusedScore, type Verdict } from '@countersign/contracts';
import type { CompiledPolicy } from './compile.js';
import type { JudgeMemory } from './containment.js';
import { fusedEvidence, fusedValue, type FusionPayload } from './fused-score.js';
import { silentIn, type Join } from './join.js';
import { plainReason } from './reasons.js';
import { rule } from './rule.js';
import type { JudgedHistory, RuledKind } from './rule-input.js';
import { requiredOf, type Subject } from './subject.js';

export interface Moment {
  readonly compiled: CompiledPolicy;
  readonly memory: JudgeMemory;
  readonly nowMs: number;
  /** Weights of the fused score. */
  readonly fusion: FusionPayload;
}

export function verdictOf(join: Join<Subject>, subject: Subject, moment: Moment): Verdict {
  const { compiled, nowMs } = moment;
  const { call } = subject;
  const history = historyOf(subject, moment);
  const isAwaited = (call.waits || compiled.policy.mode === 'observe') && history.contained === undefined;
  const missing = isAwaited ? silentIn(join, requiredOf(compiled, subject)) : [];
  const endorsed = endorsedIn(join, subject, moment.memory);
  const scored = call.phase === 'request' ? scoredAs(join, subject, { ...moment, endorsed }) : undefined;
  const judged = { tier: call.tier, tierRule: call.tierRule, impact: call.impact, flags: subject.flags, taskGiven: subject.taskGiven };
  const ruled = withEdits(rule(compiled, { call: judged, phase: call.phase, findings: join.findings, missing, history, scored, endorsed }), subject);
  return {
    v: 1, id: verdictId(subject.id), observationId: subject.id, domain: subject.domain, tapId: subject.tapId, epoch: subject.epoch,
    callId: call.callId, phase: call.phase, agent: subject.agent, session: subject.session, server: subject.server, tool: call.tool,
    impact: call.impact, tier: call.tier, kind: ruled.kind, mode: compiled.policy.mode, reasons: [...ruled.reasons],
    findingIds: join.findings.map((finding) => finding.id), missing: [...missing],
    policyVersion: compiled.version, actionDigest: call.actionDigest,
    at: new Date(nowMs).toISOString(), waitedMs: Math.max(0, nowMs - join.firstSeenMs), ...extras(ruled, subject),
    ...(scored === undefined ? {} : { score: scored }),
  };
}

/** All findings that name a source must rest on endorsed sentences; one that does not leaves the whole call to be judged as it is. */
function endorsedIn({ findings }: Join<Subject>, subject: Subject, { scores }: JudgeMemory): ReadonlySet<string> {
  const naming = findings.filter(({ kind }) => kind === 'tainted-target' || kind === 'explained-by-source');
  const isEndorsed = naming.every((finding) => scores.isEndorsed({ ...subject, tool: subject.call.tool }, finding));
  return new Set(isEndorsed ? naming.map(({ id }) => id) : []);
}

function scoredAs({ findings }: Join<Subject>, subject: Subject, { compiled, memory, fusion, endorsed }: Moment & { readonly endorsed: ReadonlySet<string> }): FusedScore | undefined {
  const { sessionsMin } = compiled.policy.scores;
  const evidence = fusedEvidence(findings, { taskGiven: subject.taskGiven, sessionsMin, endorsed, suspicion: (id) => memory.scores.suspicion(id) });
  if (evidence === undefined) return undefined;
  const value = fusedValue(fusion, evidence);
  return { value, ...memory.scores.calibrated(subject, value, sessionsMin), artefact: fusion.version, parts: evidence.parts };
}


/** A call whose arguments the policy changed is not simply allowed: the verdict says that another call goes on than the agent wrote. */
function withEdits(ruled: RuledKind, { call }: Subject): RuledKind {
  if (ruled.kind !== 'allow' || call.phase !== 'request' || call.edits === undefined || call.edits.length === 0) return ruled;
  const what = call.edits.map(({ rule: name, path, did }) => `${path} was ${did} by "${name}"`).join('; ');
  return { ...ruled, kind: 'modify', reasons: [plainReason('arguments-edited', `${what}.`), ...ruled.reasons].slice(0, 16) };
}

export function quarantineIdOf(contentDigest: string): string {
  return `q-${contentDigest.slice(0, 16)}`;
}

function historyOf(subject: Subject, { memory, nowMs }: Moment): JudgedHistory {
  return {
    benignSessions: memory.benignSessions(subject),
    pendingAsks: subject.call.waits ? memory.pendingAsks(subject, nowMs) : 0,
    contained: memory.containedBefore(subject),
    released: subject.contentDigest !== undefined && memory.isReleased(subject.domain, subject.contentDigest),
  };
}

function extras({ ask, redactions, quarantined }: RuledKind, { call, contentDigest }: Subject): Pick<Verdict, 'ask' | 'redactions' | 'quarantineId'> {
  return {
    ...(ask === undefined || !call.waits ? {} : { ask }),
    ...(redactions === undefined ? {} : { redactions: [...redactions] }),
    ...(quarantined === true && contentDigest !== undefined ? { quarantineId: quarantineIdOf(contentDigest) } : {}),
  };
}
