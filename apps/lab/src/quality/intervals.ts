/**
 * Shares with 95 % intervals, resampled over scenarios: runs of one scenario are not independent.
 * IN1. Seeded: the same rows give the same interval.
 */
import { seeded } from '../train/seeded.js';

export interface Count {
  readonly scenario: string;
  readonly part: number;
  readonly whole: number;
}

export interface Share {
  readonly part: number;
  readonly whole: number;
  readonly scenarios: number;
  /** Unit interval; absent when there is nothing to resample. */
  readonly interval?: readonly [number, number];
}

const resamples = 1_000;

export function shareOf(counts: readonly Count[], seed = 17): Share {
  const clusters = new Map<string, [number, number]>();
  let part = 0;
  let whole = 0;
  for (const count of counts) {
    const cluster = clusters.get(count.scenario) ?? [0, 0];
    cluster[0] += count.part;
    cluster[1] += count.whole;
    clusters.set(count.scenario, cluster);
    part += count.part;
    whole += count.whole;
  }
  if (whole === 0) return { part, whole, scenarios: clusters.size };
  return { part, whole, scenarios: clusters.size, interval: resampled([...clusters.values()], seed) };
}

function resampled(clusters: readonly (readonly [number, number])[], seed: number): readonly [number, number] {
  const random = seeded(seed);
  const shares: number[] = [];
  for (let round = 0; round < resamples; round++) {
    let part = 0;
    let whole = 0;
    for (let draw = 0; draw < clusters.length; draw++) {
      const cluster = clusters[Math.floor(random() * clusters.length)] ?? [0, 0];
      part += cluster[0];
      whole += cluster[1];
    }
    if (whole > 0) shares.push(part / whole);
  }
  shares.sort((a, b) => a - b);
  return [shares[Math.floor(shares.length * 0.025)] ?? 0, shares[Math.floor(shares.length * 0.975)] ?? 1];
}

/** `98.2 % (97.1–99.0; n 1963 in 203)`. */
export function shownShare({ part, whole, scenarios, interval }: Share): string {
  if (whole === 0) return '–';
  const range = interval === undefined ? '' : `${percent(interval[0])}–${percent(interval[1])}; `;
  return `${percent(part / whole)} % (${range}n ${whole} in ${scenarios})`;
}

export function percent(share: number): string {
  return (100 * share).toFixed(1);
}
