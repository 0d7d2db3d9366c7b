/**
 * Trains the text model of the injection detector and writes it as a TypeScript module.
 * `text-model <data dir> <repository root>`; seeded: the same data gives the same file.
 * The clean histogram and the strong score come from sources the scoring model did not see (one source left out at a time).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scoreBin, scoreBins, type TextModel } from '@countersign/detector-injection';
import { fit, type Weights } from './logistic.js';
import { shownShare, shareOf } from '../quality/intervals.js';
import { readData } from './rows.js';
import { seeded } from './seeded.js';
import { auroc, thresholdAt } from './text-figures.js';
import { folds, scoredByFold, tuneDocuments, type ScoredDocument } from './text-folds.js';
import { tuneSamples, type Sample } from './text-samples.js';

const version = '2';
const seed = 20_260_105;
const fitting = { epochs: 6, rate: 0.1, gramDecay: 0.01, runDecay: 0.03 };

function main([dataDir, root]: readonly string[]): void {
  if (dataDir === undefined || root === undefined) throw new Error('usage: text-model <data dir> <repository root>');
  const data = readData(dataDir);
  const samples = tuneSamples(data, join(root, 'node_modules'), seeded(seed));
  console.log(`${samples.filter((sample) => sample.isInstruction).length} instruction windows, ${samples.filter((sample) => !sample.isInstruction).length} others`);
  const scored = scoredByFold(tuneDocuments(data, seed), (left) => packed(trained(samples.filter(({ source }) => !left.includes(source))), []));
  for (const line of foldLines(scored)) console.log(line);
  const clean = scored.filter(({ kind }) => kind === 'clean').map(({ score }) => score);
  const model = packed(trained(samples), clean);
  writeFileSync(join(root, 'libs/detectors/injection/src/text-model.ts'), moduleOf(model));
  console.log(`strong score ${model.strongScore.toFixed(2)} from ${clean.length} clean documents of left-out sources; ${Math.round((model.grams.length + model.runs.length) / 1024)} KiB of weights`);
}

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

function trained(samples: readonly Sample[]): Weights {
  return fit(balanced(samples), { ...fitting, random: seeded(seed + 1) });
}

/** Instructions weigh as much as everything else together, times a quarter: most windows are harmless. */
function balanced(samples: readonly Sample[]): Sample[] {
  const total = (isInstruction: boolean) => samples.reduce((sum, sample) => sum + (sample.isInstruction === isInstruction ? sample.weight : 0), 0);
  const factor = (0.5 * total(false)) / total(true);
  return samples.map((sample) => (sample.isInstruction ? { ...sample, weight: sample.weight * Math.min(factor, 4) } : sample));
}

function packed(weights: Weights, clean: readonly number[]): TextModel {
  const grams = quantised(weights.grams);
  const runs = quantised(weights.runs);
  const cleanHistogram = new Array<number>(scoreBins).fill(0);
  for (const score of clean) cleanHistogram[scoreBin(score)] = (cleanHistogram[scoreBin(score)] ?? 0) + 1;
  return {
    version,
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

function moduleOf(model: TextModel): string {
  return `/** Written by \`apps/lab/src/train/text-model.ts\`; do not edit. */
import type { TextModel } from './model.js';

export const textModel: TextModel = {
  version: '${model.version}',
  bias: ${model.bias},
  structure: [${model.structure.join(', ')}],
  gramScale: ${model.gramScale},
  runScale: ${model.runScale},
  cleanHistogram: [${model.cleanHistogram.join(', ')}],
  strongScore: ${model.strongScore},
  grams:
    '${model.grams}',
  runs:
    '${model.runs}',
};
`;
}

main(process.argv.slice(2));
