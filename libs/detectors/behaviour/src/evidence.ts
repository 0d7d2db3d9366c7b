/**
 * p-values → evidence that can be accumulated over sessions.
 * EV1. `eValue` has mean at most 1 for a valid p: an average of κ·p^(κ−1) and of a bet on p ≤ 0.1.
 * EV2. Within a session evidence is the mean of its calls' e-values (valid under any dependence); only sessions multiply.
 * EV3. Shiryaev–Roberts: with valid e-values the mean number of sessions to a false alarm is at least the alarm level. All sessions
 *      share one calibration set, so the promise is approximate; the finding says so.
 * Source: Vovk and Wang, "E-values: calibration, combination and applications" (2021); Shiryaev–Roberts change detection.
 */
const powers = [0.3, 0.5] as const;
/** A bet on the upper tenth: with few reference sessions the powers alone need too many sessions to be sure. */
const tail = 0.1;

/** The statistic: an average of Shiryaev–Roberts statistics is one. */
export function changeStatistic(statistics: readonly number[]): number {
  return statistics.reduce((sum, statistic) => sum + statistic, 0) / Math.max(1, statistics.length);
}

/** Level of the change statistic at which habits count as changed; about one false alarm in this many sessions. */
export const alarmLevel = 1_000;

export function eValue(p: number): number {
  let total = 0;
  for (const power of powers) total += power * p ** (power - 1);
  return (total + (p <= tail ? 1 / tail : 0)) / (powers.length + 1);
}

/**
 * One standard error above p: all sessions are compared with the same n reference scores, whose error would otherwise be
 * counted again and again as evidence.
 */
export function cautious(p: number, n: number): number {
  return Math.min(1, p + Math.sqrt((p * (1 - p)) / Math.max(1, n)));
}

export function grown(statistic: number, sessionEvidence: number): number {
  return Math.min(1e12, (statistic + 1) * sessionEvidence);
}
