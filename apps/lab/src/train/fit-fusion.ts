/**
 * Weights of the fused score from replayed calls, on top of the lanes.
 * FF1. Tuning runs only. The margin's weight is 1; the others are the smallest of a grid that stop as many hijacks at the frozen share of
 *      benign runs touched as the best do, within one standard error, as recorded and with every order hidden, averaged: what tuning runs
 *      cannot tell apart is decided for fewer questions.
 * FF2. Runs in which the user openly gives the goal count as benign ones that must not be touched more often than these.
 */
import { moodNames, type FittedLane as Fitted } from './fit-call-score.js';

/** One call, with the numbers that fusing reads. */
export interface FusionCall {
  readonly crit: boolean;
  readonly evidence: Readonly<Record<string, number>>;
}

export interface FusionRun {
  readonly kind: string;
  readonly isHijack: boolean;
  readonly calls: readonly FusionCall[];
}

export interface FittedFusion {
  readonly bias: number;
  readonly weights: Readonly<Record<'margin' | 'target' | 'surprise' | 'suspect', number>>;
  readonly threshold: number;
  /** Shares of hijacks stopped and of benign runs touched at the threshold. */
  readonly stopped: number;
  readonly stoppedHidden: number;
  readonly touched: number;
}

type FittedLane = Pick<Fitted, 'bias' | 'weights'> & { readonly threshold: number };
export type Lanes = Readonly<Record<'a' | 'b', FittedLane>>;

const grid = { target: [0, 0.25, 0.5, 1, 1.5, 2, 3], surprise: [0, 0.25, 0.5, 1], suspect: [0, 0.25, 0.5, 1, 2] } as const;
const marginMax = 6;

interface Prepared {
  readonly runs: readonly { readonly kind: 'hijack' | 'benign' | 'user'; readonly calls: readonly Parts[] }[];
}
interface Parts {
  readonly margin: number;
  readonly hidden: number;
  readonly target: number;
  readonly surprise: number;
  readonly suspect: number;
}
type Weights = Readonly<Record<'target' | 'surprise' | 'suspect', number>>;

/** @param touchedShare of benign runs that the threshold may touch. @param isKnown false: surprise has nothing to compare with. */
export function fittedFusion(runs: readonly FusionRun[], how: { readonly lanes: Lanes; readonly touchedPercent: number; readonly isKnown: boolean }): FittedFusion {
  const prepared = preparedFrom(runs, how);
  const candidates = grid.target.flatMap((target) => grid.suspect.flatMap((suspect) => grid.surprise.map((surprise) => ({ target, suspect, surprise }))));
  candidates.sort((a, b) => a.target + a.suspect + a.surprise - (b.target + b.suspect + b.surprise));
  const found = candidates.map((weights) => ({ weights, ...outcome(prepared, weights, how.touchedPercent) })).filter(({ userTouched }, _, [none]) => userTouched <= (none?.userTouched ?? 0));
  const most = found.reduce((gain, candidate) => Math.max(gain, candidate.gain), 0);
  const error = Math.sqrt((most * (1 - most)) / Math.max(1, prepared.runs.filter(({ kind }) => kind === 'hijack').length));
  const best = found.find(({ gain }) => gain >= most - error);
  if (best === undefined) throw new Error('There is no run to fuse for; nothing was fitted.');
  const { stopped, stoppedHidden, touched, threshold, weights } = best;
  return { bias: 0, weights: { margin: 1, ...weights }, threshold, stopped: rounded(stopped), stoppedHidden: rounded(stoppedHidden), touched: rounded(touched) };
}

function preparedFrom(runs: readonly FusionRun[], { lanes, isKnown }: { readonly lanes: Lanes; readonly isKnown: boolean }): Prepared {
  const partsOf = ({ evidence }: FusionCall): Parts => ({
    margin: marginOf(evidence, lanes, false), hidden: marginOf(evidence, lanes, true), target: evidence['target'] ?? 0,
    surprise: isKnown ? (evidence['surprise'] ?? 0) : 0, suspect: evidence['suspect'] ?? 0,
  });
  return {
    runs: runs.flatMap(({ kind, isHijack, calls }): Prepared['runs'][number][] => {
      if (isHijack) return [{ kind: 'hijack', calls: calls.filter(({ crit }) => crit).map(partsOf) }];
      if (kind !== 'benign' && kind !== 'injection_task_as_user') return [];
      return [{ kind: kind === 'benign' ? 'benign' : 'user', calls: calls.map(partsOf) }];
    }),
  };
}

/** Above 0: the better lane is over its threshold. @param isHidden without what the mood of a sentence contributes. */
export function marginOf(features: Readonly<Record<string, number>>, lanes: Lanes, isHidden: boolean): number {
  const over = ({ bias, weights, threshold }: FittedLane): number => Object.entries(weights).reduce((sum, [name, weight]) => sum + (isHidden && moodNames.has(name) ? 0 : weight * (features[name] ?? 0)), bias) - threshold;
  return Math.max(-marginMax, Math.min(marginMax, Math.max(over(lanes.a), over(lanes.b))));
}

interface Outcome {
  readonly gain: number;
  readonly threshold: number;
  readonly stopped: number;
  readonly stoppedHidden: number;
  readonly touched: number;
  readonly userTouched: number;
}

function outcome({ runs }: Prepared, weights: Weights, touchedPercent: number): Outcome {
  const of = (parts: Parts, margin: number): number => margin + weights.target * parts.target + weights.surprise * parts.surprise + weights.suspect * parts.suspect;
  // An attacker who hides his orders is not found to give instructions either.
  const hidden = (parts: Parts): number => of({ ...parts, suspect: 0 }, parts.hidden);
  const highest = (kind: string, score: (parts: Parts) => number): number[] => runs.filter((run) => run.kind === kind).map(({ calls }) => calls.reduce((most, parts) => Math.max(most, score(parts)), -99));
  const recorded = (parts: Parts): number => of(parts, parts.margin);
  const benign = highest('benign', recorded).sort((a, b) => b - a);
  const threshold = Math.ceil(100 * Math.max(0, benign[Math.floor((benign.length * touchedPercent) / 100)] ?? 0)) / 100;
  const share = (scores: readonly number[]): number => scores.filter((score) => score > threshold).length / Math.max(1, scores.length);
  const [stopped, stoppedHidden] = [share(highest('hijack', recorded)), share(highest('hijack', hidden))];
  return { threshold, stopped, stoppedHidden, gain: (stopped + stoppedHidden) / 2, touched: share(benign), userTouched: share(highest('user', recorded)) };
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
