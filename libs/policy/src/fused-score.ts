/**
 * All that statistics say of one request, as one number: provenance's margin, its target rule, surprise, and whether the text that explains
 * the call was itself found to give instructions.
 * FU1. Weights are ≥ 0 and come from a signed artefact; every part grows with suspicion.
 * FU2. Pure: the same findings give the same score. Without a score of provenance there is none.
 * FU3. A text that gives instructions counts only for calls which that very text explains, never for the whole session.
 */
import type { Finding } from '@countersign/contracts';

export const fusedParts = ['margin', 'target', 'surprise', 'suspect'] as const;
export type FusedPart = (typeof fusedParts)[number];

export interface FusedWeights {
  readonly bias: number;
  readonly weights: Readonly<Partial<Record<FusedPart, number>>>;
  /** Log-odds above which the evidence speaks against the call; frozen on tuning runs. */
  readonly threshold: number;
}

export interface FusionPayload {
  readonly version: string;
  /** The share of benign tuning runs that each threshold touches. */
  readonly thresholdTouched: number;
  readonly seed: number;
  /** Name → SHA-256 (hex) of the files it was fitted on. */
  readonly fittedOn: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly variants: { readonly [K in FusionVariant]: FusedWeights };
}
export const fusionVariants = ['taskKnown', 'taskUnknown', 'noTaskKnown', 'noTaskUnknown'] as const;
export type FusionVariant = (typeof fusionVariants)[number];

export interface FusedEvidence {
  readonly variant: FusionVariant;
  readonly parts: Readonly<Record<FusedPart, number>>;
}

const marginMax = 6;
/** A p-value of 1/1000 is as surprising as it gets. */
const surpriseDigitsMax = 3;

export interface FusedKnown {
  readonly taskGiven: boolean;
  readonly sessionsMin: number;
  /** Ids of findings that a person's endorsement answers; they are no evidence any more. */
  readonly endorsed: ReadonlySet<string>;
  /** Of an observation's text: 0 none, 1 surely an instruction. */
  suspicion(observationId: string): number;
}

export function fusedEvidence(findings: readonly Finding[], known: FusedKnown): FusedEvidence | undefined {
  const score = findings.find(({ detector, features }) => detector === 'provenance' && features?.['laneA'] !== undefined);
  if (score === undefined) return undefined;
  const isKnown = (score.sampleSize ?? 0) >= known.sessionsMin;
  const target = findings.find(({ kind, id }) => kind === 'tainted-target' && !known.endorsed.has(id));
  const surprise = findings.find(({ detector, pValue }) => detector === 'behaviour' && pValue !== undefined)?.pValue;
  const sources = new Set([score, target].flatMap((finding) => finding?.evidence.flatMap(({ observationId }) => observationId ?? []) ?? []));
  return {
    variant: known.taskGiven ? (isKnown ? 'taskKnown' : 'taskUnknown') : isKnown ? 'noTaskKnown' : 'noTaskUnknown',
    parts: {
      margin: Math.min(marginMax, Math.max(-marginMax, known.endorsed.has(score.id) ? -marginMax : (score.score ?? 0))),
      target: target === undefined ? 0 : 1,
      surprise: surprise === undefined ? 0 : Math.min(surpriseDigitsMax, -Math.log10(Math.max(surprise, 1e-9))) / surpriseDigitsMax,
      suspect: [...sources].reduce((most, id) => Math.max(most, known.suspicion(id)), 0),
    },
  };
}

/** Log-odds above the frozen threshold. */
export function fusedValue({ variants }: Pick<FusionPayload, 'variants'>, { variant, parts }: FusedEvidence): number {
  const { bias, weights, threshold } = variants[variant];
  return fusedParts.reduce((sum, part) => sum + (weights[part] ?? 0) * parts[part], bias) - threshold;
}
