/**
 * The shape of a detector: state in, state out, nothing else.
 * DT1. Pure: no clock, no randomness, no I/O; the same observations in the same order give the same findings.
 * DT2. Memory is one domain's, bounded in bytes, and may be updated in place: the caller never uses the old one again.
 * DT3. `snapshot` then `restore` gives a memory that answers as the original would.
 * DT4. Every observation with a `call` (request and result) is answered with at least one finding, if only `nothing`.
 * DT5. Strange input (unknown tools, missing results, hallucinated names, repeated ids) is input, never an exception.
 */
import type { Decision } from './decision.js';
import type { detectorNames, Finding } from './finding.js';
import type { Observation } from './observation.js';

export type DetectorName = (typeof detectorNames)[number];

/** A finding as a detector makes it; the runner adds ids and what it can read off the observation. */
export type FindingDraft = Pick<Finding, 'kind' | 'severity'> &
  Partial<Pick<Finding, 'gate' | 'score' | 'pValue' | 'sampleSize' | 'sentence' | 'wouldPass' | 'evidence' | 'features'>>;

export interface Detection<M> {
  readonly memory: M;
  readonly findings: readonly FindingDraft[];
}

export interface Detector<M> {
  readonly name: DetectorName;
  /** A change of meaning is a new version. */
  readonly version: string;
  empty(): M;
  detect(observation: Observation, memory: M): Detection<M> | Promise<Detection<M>>;
  /** What a person decided may change what the detector knows (a pin approved, a content released, a state registered). */
  decide?(decision: Decision, memory: M): M;
  snapshot(memory: M): string;
  /** @throws when the text is of another version; the runner then starts from `empty()` and says so. */
  restore(text: string): M;
}

export const nothing: FindingDraft = { kind: 'nothing', severity: 'none' };
