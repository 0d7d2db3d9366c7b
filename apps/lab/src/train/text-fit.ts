/**
 * Fits the text model's weights, packs them as the product reads them, and says how they do on sources left out.
 */
import { scoreBin, scoreBins, type TextModel } from '@countersign/detector-injection';
import { shareOf, shownShare } from '../quality/intervals.js';
import { fit, type Weights } from './logistic.js';
import { seeded } from './seeded.js';
import { auroc, thresholdAt } from './text-figures.js';
import { folds, type ScoredDocument } from './text-folds.js';
import type { Sample } from './text-samples.js';

export const textModelVersion = '2';
export const trainingSeed = 20_260_105;
const fitting = { epochs: 6, rate: 0.1, gramDecay: 0.01, runDecay: 0.03 };

/** What each left-out source's documents get, at thresholds from the other sources and from its own. */
export function foldLines(scored: readonly ScoredDocument[]): string[] {
  return Object.keys(folds).flatMap((fold) => {
    const clean = (isOwn: boolean): ScoredDocument[] => scored.filter((document) => document.kind === 'clean' && (document.fold === fold) === isOwn);
    const scores = (documents: readonly ScoredDocument[]): number[] => documents.map(({ score }) => score);
    const others = thresholdAt(scores(clean(false)), 0.01);
    const own = thresholdAt(scores(clean(true)), 0.01);
    const over = (documents: readonly ScoredDocument[], threshold: number): string => shownShare(shareOf(documents.map(({ scenario, score }) => ({ scenario, part: score >= threshold ? 1 : 0, whole: 1 }))));
    return ['bare', 'as recorded'].flatMap((kind) => {
      const injected = scored.filter((document) => document.fold === fold && document.kind === kind);
      return injected.length === 0 ? [] : [`left out ${fold}, ${kind}: AUROC ${auroc(scores(injected), scores(clean(true))).toFixed(4)}; at the others' 1 % ${over(injected, others)}, false ${over(clean(true), others)}; at its own 1 % ${over(injected, own)}`];
    });
  });
}

export function trained(samples: readonly Sample[]): Weights {
  return fit(balanced(samples), { ...fitting, random: seeded(trainingSeed + 1) });
}

/** Instructions weigh as much as everything else together, times a quarter: most windows are harmless. */
function balanced(samples: readonly Sample[]): Sample[] {
  const total = (isInstruction: boolean) => samples.reduce((sum, sample) => sum + (sample.isInstruction === isInstruction ? sample.weight : 0), 0);
  const factor = (0.5 * total(false)) / total(true);
  return samples.map((sample) => (sample.isInstruction ? { ...sample, weight: sample.weight * Math.min(factor, 4) } : sample));
}

export function packed(weights: Weights, clean: readonly number[]): TextModel {
  const grams = quantised(weights.grams);
  const runs = quantised(weights.runs);
  const cleanHistogram = new Array<number>(scoreBins).fill(0);
  for (const score of clean) cleanHistogram[scoreBin(score)] = (cleanHistogram[scoreBin(score)] ?? 0) + 1;
  return {
    version: textModelVersion,
    bias: round(weights.bias),
    structure: Array.from(weights.structure, round),
    grams: grams.bytes,
    gramScale: grams.scale,
    runs: runs.bytes,
    runScale: runs.scale,
    cleanHistogram,
    strongScore: clean.length === 0 ? 0 : round(thresholdAt(clean, 0.001)),
  };
}

function quantised(weights: Float64Array): { readonly bytes: string; readonly scale: number } {
  const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const scale = Number((largest / 127).toPrecision(6));
  return { scale, bytes: Buffer.from(Int8Array.from(weights, (weight) => Math.round(weight / scale)).buffer).toString('base64') };
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
