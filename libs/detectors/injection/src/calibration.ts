/**
 * From a score to a p-value: how many clean results of the same tool scored as high.
 * CB1. p = (1 + #{clean ≥ score}) / (n + 1); never below 1 / (n + 1).
 * CB2. With fewer than `calibratedMin` results of its own, a tool is *uncalibrated* and the shipped prior is used, and both are said.
 * CB3. Old counts fade (half-life `halfLife` results), so a tool may change its manner; what was raised as strong is never learnt as clean.
 * Assumes the tool's results exchangeable within that window.
 */
import { scoreBin, scoreBins } from './model.js';

export const calibratedMin = 200;
const halfLife = 2_000;

export interface Calibration {
  /** Counts by score bin. */
  readonly bins: Float64Array;
  seen: number;
}

export interface PValue {
  readonly pValue: number;
  readonly sampleSize: number;
  readonly isCalibrated: boolean;
}

export function emptyCalibration(): Calibration {
  return { bins: new Float64Array(scoreBins), seen: 0 };
}

export function learnClean(calibration: Calibration, score: number): void {
  const bin = scoreBin(score);
  calibration.bins[bin] = (calibration.bins[bin] ?? 0) + 1;
  calibration.seen += 1;
  if (calibration.seen % halfLife === 0) for (let n = 0; n < scoreBins; n += 1) calibration.bins[n] = (calibration.bins[n] ?? 0) / 2;
}

export function pValueOf(score: number, own: Calibration | undefined, prior: readonly number[]): PValue {
  const isCalibrated = own !== undefined && own.seen >= calibratedMin;
  const bins: ArrayLike<number> = isCalibrated ? own.bins : prior;
  let total = 0;
  let above = 0;
  const bin = scoreBin(score);
  for (let n = 0; n < scoreBins; n += 1) {
    total += bins[n] ?? 0;
    if (n >= bin) above += bins[n] ?? 0;
  }
  return { pValue: (1 + above) / (total + 1), sampleSize: Math.floor(total), isCalibrated };
}
