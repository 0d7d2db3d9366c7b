/**
 * From a distance to a p-value, from a p-value to evidence that adds up.
 * EV1. If the new session and the calibration sessions are exchangeable, P(p ≤ α) ≤ α; no other assumption.
 * EV2. `eOfP` of such a p has expectation ≤ 1: large values are evidence against "nothing changed", and may be averaged.
 */

/**
 * Conformal p-value: share of the calibration distances at least as large, the new one included.
 * @param calibration distances of sessions that fitted nothing; any order. @returns in [1/(n+1), 1].
 */
export function conformalP(distance: number, calibration: readonly number[]): number {
  const asFar = calibration.reduce((count, other) => count + (other >= distance ? 1 : 0), 0);
  return (1 + asFar) / (calibration.length + 1);
}

/**
 * Evidence of a p-value: the mixture ∫₀¹ κ p^(κ−1) dκ = (1 − p + p ln p) / (p ln² p).
 * @param p in (0, 1]. @returns ≥ ½; 1 stands for no evidence either way.
 * Source: Vovk & Sellke's calibrators, averaged over κ.
 */
export function eOfP(p: number): number {
  if (!(p > 0 && p <= 1)) throw new RangeError(`a p-value lies in (0, 1]; got ${p}`);
  const log = Math.log(p);
  // Near 1 both terms vanish; the series is ½ + (1−p)/3 + …
  if (p > 0.999) return 0.5 + (1 - p) / 3;
  return (1 - p + p * log) / (p * log * log);
}
