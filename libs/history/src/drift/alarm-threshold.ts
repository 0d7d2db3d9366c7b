/**
 * Sets the alarm threshold by drawing sessions of the reference again and again, and says what run length that gives.
 * AT1. Same sessions, same random source, same answer.
 * AT2. The run length is a figure of this simulation: it says how often the watch would cry over sessions like the
 *      reference's own, in any order; it knows nothing of habits that change slowly and rightly.
 */
import { noDrift, watchSession } from './drift-watch.js';
import { makeReference, type Reference } from './reference.js';
import type { SessionStatistics } from './session-statistics.js';

export interface ThresholdOptions {
  readonly sessions: readonly SessionStatistics[];
  /** Wanted sessions between false alarms, as the median of the simulated runs. */
  readonly runLength: number;
  /** Unit interval, half-open; seeded by the caller. */
  readonly random: () => number;
  /** Simulated runs; each draws at most `runLength` sessions. Default 100. */
  readonly runs?: number;
}

export interface Threshold {
  readonly threshold: number;
  /** Share of the simulated runs of `runLength` sessions that stayed below the threshold; about one half. */
  readonly quietShare: number;
  readonly runs: number;
}

/** @throws RangeError when the sessions are too few for a reference. O(runs · runLength · tools). */
export function simulateThreshold({ sessions, runLength, random, runs = 100 }: ThresholdOptions): Threshold {
  const answer = makeReference(sessions);
  if (!answer.ok) throw new RangeError(answer.reason);
  // The calibrating half alone is drawn from: sessions that fitted the centre would look too normal.
  const drawn = sessions.filter((_, index) => index % 2 === 1);
  const peaks = Array.from({ length: runs }, () => peakOf(answer.reference, { drawn, runLength, random })).sort((a, b) => a - b);
  const threshold = peaks[Math.floor(runs / 2)] ?? Number.POSITIVE_INFINITY;
  return { threshold, quietShare: peaks.filter((peak) => peak < threshold).length / runs, runs };
}

function peakOf(reference: Reference, { drawn, runLength, random }: { drawn: readonly SessionStatistics[]; runLength: number; random: () => number }): number {
  let state = noDrift;
  let peak = 0;
  for (let step = 0; step < runLength; step += 1) {
    const session = drawn[Math.floor(random() * drawn.length)];
    if (session === undefined) throw new RangeError('no session to draw from');
    const watched = watchSession(reference, state, session);
    state = watched.state;
    peak = Math.max(peak, watched.statistic);
  }
  return peak;
}
