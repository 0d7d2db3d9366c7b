/**
 * How surprising is a score among the scores that were benign before? Conformal p-values from a histogram with forgetting.
 * CA1. p is never below 1/(n + 1); ties count as at least as large, so p is never too small.
 * CA2. Validity rests on exchangeability of this call with the calibration calls of its category; calls of one session are not
 *      independent, so evidence within a session is averaged, never multiplied (see `evidence.ts`).
 */
const binsCount = 128;
const bitsMax = 32;
const forgetAt = 4_000;

export interface Calibration {
  n: number;
  readonly bins: number[];
}

export function emptyCalibration(): Calibration {
  return { n: 0, bins: new Array<number>(binsCount).fill(0) };
}

/** @param bits the score, 0..32; larger ones share the last bin. */
export function calibrate(calibration: Calibration, bits: number, by: 1 | -1): void {
  const bin = binOf(bits);
  if (by < 0 && (calibration.bins[bin] ?? 0) === 0) return;
  calibration.bins[bin] = (calibration.bins[bin] ?? 0) + by;
  calibration.n += by;
  if (calibration.n < forgetAt) return;
  calibration.n = 0;
  calibration.bins.forEach((count, at) => {
    calibration.bins[at] = count >> 1;
    calibration.n += count >> 1;
  });
}

export function pValueOf(calibration: Calibration, bits: number): number {
  let atLeast = 0;
  for (let bin = binOf(bits); bin < binsCount; bin++) atLeast += calibration.bins[bin] ?? 0;
  return (atLeast + 1) / (calibration.n + 1);
}

function binOf(bits: number): number {
  return Math.min(binsCount - 1, Math.max(0, Math.floor((bits / bitsMax) * binsCount)));
}
