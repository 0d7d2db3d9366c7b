/**
 * What is normal for one agent: frozen once, from its own benign sessions.
 * RF1. One half fits centre and spread, the other half calibrates; no session does both, or the p-values would be too small.
 * RF2. Under 50 sessions there is no reference, only the sentence that says so: below that p cannot go under 1/26 anyway.
 * RF3. All later p-values share this calibration half, so their errors are one error; thresholds are therefore set by
 *      simulation (`alarm-threshold.ts`), not by the nominal run length.
 */
import { conformalP, eOfP } from './evidence.js';
import { measures, type Measure, type SessionStatistics } from './session-statistics.js';

export const referenceSessionsMin = 50;
/** Tools beyond the commonest 200 count as unfamiliar together. */
const toolsMax = 200;

interface Calibrated {
  readonly centre: number;
  readonly spread: number;
  readonly distances: readonly number[];
}

export interface Reference {
  readonly sessions: number;
  readonly measures: Readonly<Partial<Record<Measure, Calibrated>>>;
  /** Tool → share of sessions that used it. */
  readonly tools: Readonly<Record<string, number>>;
}

export type ReferenceAnswer = { readonly ok: true; readonly reference: Reference } | { readonly ok: false; readonly reason: string };

/** @param sessions benign, of one agent, oldest first; every other one calibrates. */
export function makeReference(sessions: readonly SessionStatistics[]): ReferenceAnswer {
  if (sessions.length < referenceSessionsMin) {
    return { ok: false, reason: `A reference needs ${referenceSessionsMin} benign sessions of the agent; there are ${sessions.length}. No drift is claimed or denied until then.` };
  }
  const fit = sessions.filter((_, index) => index % 2 === 0);
  const calibration = sessions.filter((_, index) => index % 2 === 1);
  const calibrated = measures.flatMap((measure) => {
    const one = calibrate(valuesOf(fit, measure), valuesOf(calibration, measure));
    return one === undefined ? [] : [[measure, one] as const];
  });
  return { ok: true, reference: { sessions: sessions.length, measures: Object.fromEntries(calibrated), tools: toolShares(sessions) } };
}

export interface MeasureEvidence {
  readonly measure: Measure;
  readonly p: number;
  readonly e: number;
  /** Calibration sessions behind this p. */
  readonly sampleSize: number;
}

/** Two-sided evidence of each measure the session and the reference both have. */
export function measureEvidence(reference: Reference, session: SessionStatistics): readonly MeasureEvidence[] {
  return measures.flatMap((measure) => {
    const calibrated = reference.measures[measure];
    const value = session[measure];
    if (calibrated === undefined || value === undefined) return [];
    const p = conformalP(distance(value, calibrated), calibrated.distances);
    return [{ measure, p, e: eOfP(p), sampleSize: calibrated.distances.length }];
  });
}

function calibrate(fit: readonly number[], calibration: readonly number[]): Calibrated | undefined {
  if (fit.length < referenceSessionsMin / 2 || calibration.length < referenceSessionsMin / 2 - 1) return undefined;
  const centre = median(fit);
  const spread = Math.max(median(fit.map((value) => Math.abs(value - centre))), 1e-9);
  return { centre, spread, distances: calibration.map((value) => distance(value, { centre, spread })) };
}

function distance(value: number, { centre, spread }: { readonly centre: number; readonly spread: number }): number {
  return Math.abs(value - centre) / spread;
}

function valuesOf(sessions: readonly SessionStatistics[], measure: Measure): readonly number[] {
  return sessions.flatMap((session) => session[measure] ?? []);
}

function toolShares(sessions: readonly SessionStatistics[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const { tools } of sessions) for (const tool of new Set(tools)) counts.set(tool, (counts.get(tool) ?? 0) + 1);
  const commonest = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, toolsMax);
  return Object.fromEntries(commonest.map(([tool, count]) => [tool, count / sessions.length]));
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
