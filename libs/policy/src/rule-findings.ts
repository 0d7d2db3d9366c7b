/**
 * What single findings ask for: gates, scores, and evidence that is not there.
 * RF1. A gate the policy does not list denies: a new detector's gate is never silently ignored.
 * RF2. A p-value acts by the thresholds of the call's impact; a read is never stepped up by statistics.
 * RF3. Without a p-value a single finding asks people only when it is a probe's, by the threshold its own artefact was measured at.
 * RF4. Where policy fuses, what went into the fused score decides through it alone: nothing counts twice. A finding that rests only on
 *      sentences a person endorsed is shown, and counts for nothing, except where policy denies it outright.
 */
import type { Finding, Reason } from '@countersign/contracts';
import type { CompiledPolicy } from './compile.js';
import type { RuleInput } from './rule-input.js';
import { plainReason, reasonOf } from './reasons.js';

export type Action = 'show' | 'step_up' | 'deny' | 'defer';
export interface Weighed {
  readonly action: Action;
  readonly reason: Reason;
}

/** Statements on data, not on this call: they are labels, and act through the flows they cause. */
const labelsOnly = new Set(['nothing', 'instruction-in-data', 'attested', 'attestation-absent', 'activation-absent', 'task-absent', 'definition-suspicious']);
const fusedKinds = new Set(['explained-by-source', 'surprise']);
const endorsedSentence = 'A person endorsed the sentence it rests on, for this agent and tool.';
const taintKinds = new Set(['tainted-target', 'tainted-argument', 'explained-by-source']);

export function isGate(compiled: CompiledPolicy, finding: Finding): boolean {
  return finding.gate !== undefined || Object.hasOwn(compiled.policy.gates, finding.kind);
}

export function gateActions(compiled: CompiledPolicy, { call, findings, scored, endorsed }: RuleInput): Weighed[] {
  return findings
    .filter((finding) => isGate(compiled, finding) && finding.kind !== 'nothing')
    .map((finding) => {
      const listed = compiled.policy.gates[finding.kind] ?? 'deny';
      if (listed !== 'deny' && endorsed?.has(finding.id) === true) return { action: 'show', reason: reasonOf(finding, endorsedSentence) };
      const harmless = finding.kind === 'tainted-target' && call.impact !== 'egress' && call.impact !== 'irreversible';
      return { action: harmless ? 'show' : actionOf(listed, scored !== undefined && compiled.policy.scores.fused !== undefined), reason: reasonOf(finding) };
    });
}

/** A gate's action as the policy has it; `score` leaves it to the fused score, where there is one. */
export function actionOf(listed: Action | 'score', isFused: boolean): Action {
  return listed !== 'score' ? listed : isFused ? 'show' : 'step_up';
}

/** What the fused score asks for; its reasons are those of the findings that made it. */
export function fusedActions(compiled: CompiledPolicy, { call, scored }: RuleInput): Weighed[] {
  const { fused } = compiled.policy.scores;
  if (fused === undefined || scored === undefined || call.impact === 'read' || scored.value <= fused.threshold) return [];
  const shown = `Score ${scored.value.toFixed(1)} above the threshold`;
  if (scored.p === undefined) {
    return [{ action: fused.uncalibrated, reason: plainReason('fused-score', `${shown}, which was frozen on tuning runs: only ${scored.n} benign sessions of this agent are known.`) }];
  }
  const rank = `${shown}; p = ${scored.p.toFixed(3)} among ${scored.n} benign sessions (${scored.basis}).`;
  return [{ action: scored.p <= fused.pMax ? 'step_up' : 'show', reason: plainReason('fused-score', rank) }];
}

export function scoreActions(compiled: CompiledPolicy, input: RuleInput): Weighed[] {
  return input.findings
    .filter((finding) => !isGate(compiled, finding) && !labelsOnly.has(finding.kind))
    .flatMap((finding) => {
      if (input.endorsed?.has(finding.id) === true) return [{ action: 'show' as const, reason: reasonOf(finding, endorsedSentence) }];
      if (finding.pValue === undefined) return bySeverity(input, finding);
      const weighed = byPValue(compiled, input, { finding, pValue: finding.pValue });
      return compiled.policy.scores.fused !== undefined && input.scored !== undefined && fusedKinds.has(finding.kind) ? weighed.map(({ reason }) => ({ action: 'show' as const, reason })) : weighed;
    });
}

function bySeverity({ call }: RuleInput, finding: Finding): Weighed[] {
  const strong = finding.severity === 'high' || finding.severity === 'critical';
  if (finding.severity === 'none') return [];
  const asks = strong && call.impact !== 'read' && finding.detector === 'probe';
  return [{ action: asks ? 'step_up' : 'show', reason: reasonOf(finding) }];
}

function byPValue(compiled: CompiledPolicy, input: RuleInput, { finding, pValue }: { readonly finding: Finding; readonly pValue: number }): Weighed[] {
  const { scores } = compiled.policy;
  const { impact } = input.call;
  if (impact === 'read') return pValue < 0.001 ? [{ action: 'show', reason: reasonOf(finding) }] : [];
  const thresholds = scores[impact];
  const tainted = input.findings.some((other) => taintKinds.has(other.kind));
  const crossed = crossing(pValue, tainted, thresholds);
  if (crossed === undefined) return [];
  if (input.history.benignSessions < scores.sessionsMin) {
    const detail = `${crossed} Not acted on: ${input.history.benignSessions} of the ${scores.sessionsMin} benign sessions that statistics need.`;
    return [{ action: 'show', reason: reasonOf(finding, detail) }];
  }
  return [{ action: 'step_up', reason: reasonOf(finding, crossed) }];
}

function crossing(pValue: number, tainted: boolean, thresholds: { readonly stepUp: number; readonly hold: number; readonly taintHold: number }): string | undefined {
  if (pValue < thresholds.hold) return `Below the policy's hold threshold of ${thresholds.hold}.`;
  if (tainted && pValue < thresholds.taintHold) return `Below ${thresholds.taintHold}, the policy's threshold for calls that carry untrusted values.`;
  return pValue < thresholds.stepUp ? `Below the policy's step-up threshold of ${thresholds.stepUp}.` : undefined;
}

/** What was not handed over. Below medium it is not even shown: nothing was asked for. */
export function absences(compiled: CompiledPolicy, { call, findings }: RuleInput): Weighed[] {
  if (call.tier === 'low') return [];
  const { absent } = compiled.policy;
  const attestation = findings.find((finding) => finding.kind === 'attestation-absent');
  const activation = findings.find((finding) => finding.kind === 'activation-absent');
  return [
    ...(attestation === undefined ? [] : [{ action: absent.attestation, reason: reasonOf(attestation) }]),
    ...(activation === undefined ? [] : [{ action: absent.activation, reason: reasonOf(activation) }]),
    ...(call.taskGiven ? [] : [{ action: absent.task, reason: plainReason('task-absent') }]),
  ];
}
