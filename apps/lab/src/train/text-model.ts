/**
 * Trains the text model of the injection detector and writes it as a TypeScript module.
 * `text-model <data dir> <repository root>`; seeded: the same data gives the same file.
 * The clean histogram and the strong score come from sources the scoring model did not see (one source left out at a time).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readText, scoreBin, scoreBins, scorerOf, type TextModel, type Vocabulary } from '@countersign/detector-injection';
import { fit, type Weights } from './logistic.js';
import { readData, type Data, type ResultRow } from './rows.js';
import { seeded } from './seeded.js';
import { thresholdAt } from './text-figures.js';
import { cleanTuneResults, tuneSamples, vocabularyOf, type Sample } from './text-samples.js';

const version = '1';
const seed = 20_260_105;
const fitting = { epochs: 6, rate: 0.1, gramDecay: 3e-4 };
const folds = ['workspace', 'banking', 'bipia/email', 'bipia/table', 'bipia/code'];

interface Document {
  readonly source: string;
  readonly text: string;
  readonly vocabulary: Vocabulary;
}

function main([dataDir, root]: readonly string[]): void {
  if (dataDir === undefined || root === undefined) throw new Error('usage: text-model <data dir> <repository root>');
  const data = readData(dataDir);
  const samples = tuneSamples(data, join(root, 'node_modules'), seeded(seed));
  console.log(`${samples.filter((sample) => sample.isInstruction).length} instruction windows, ${samples.filter((sample) => !sample.isInstruction).length} others`);
  const clean = leftOutScores(samples, cleanDocuments(data));
  const model = packed(trained(samples), clean);
  writeFileSync(join(root, 'libs/detectors/injection/src/text-model.ts'), moduleOf(model));
  console.log(`strong score ${model.strongScore.toFixed(2)} from ${clean.length} clean documents of left-out sources; ${Math.round(model.grams.length / 1024)} KiB of weights`);
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

function cleanDocuments({ results, texts, suites }: Data): Document[] {
  const none: Vocabulary = { names: new Set(), pairs: new Set() };
  return [
    ...cleanTuneResults(results).filter((row) => isRead(row) && isPlain(row)).map((row) => ({ source: row.suites[0] ?? '', text: row.text, vocabulary: vocabularyOf(suites[row.suites[0] ?? '']) })),
    ...texts.filter((row) => row.source.startsWith('bipia/') && row.label === 'benign').map((row) => ({ source: row.source, text: row.text, vocabulary: none })),
  ];
}

/** Tasks whose data is meant to instruct (a colleague's list of errands, a letter with what to pay): neither clean nor an attack. */
const delegating: Readonly<Record<string, ReadonlySet<string>>> = {
  workspace: new Set(['user_task_13', 'user_task_19']),
  banking: new Set(Array.from({ length: 7 }, (_, n) => `user_task_${n + 9}`)),
};

function isPlain({ suites, user_tasks }: ResultRow): boolean {
  return user_tasks.some((task) => delegating[suites[0] ?? '']?.has(task) !== true);
}

/** What a write returns is the agent's own words coming back; the product drops them as echoes. */
function isRead({ tools }: ResultRow): boolean {
  return tools.every((tool) => /^(?:get|search|list|read|check)_/.test(tool));
}

function leftOutScores(samples: readonly Sample[], documents: readonly Document[]): number[] {
  return folds.flatMap((fold) => {
    const scorer = scorerOf(packed(trained(samples.filter((sample) => sample.source !== fold)), []));
    // The same sentence in a hundred results is one observation of how high a clean text can score, not a hundred.
    const tops = new Map<string, number>();
    for (const { source, text, vocabulary } of documents) {
      const top = source === fold ? readText(text, { scorer, vocabulary }).windows[0] : undefined;
      if (top !== undefined) tops.set(top.words.join(' '), top.score);
    }
    const scores = [...tops.values()];
    console.log(`left out ${fold}: ${scores.length} distinct clean documents, 1 % score ${thresholdAt(scores, 0.01).toFixed(2)}`);
    return scores;
  });
}

function packed(weights: Weights, clean: readonly number[]): TextModel {
  const largest = weights.grams.reduce((most, weight) => Math.max(most, Math.abs(weight)), 1e-9);
  const gramScale = Number((largest / 127).toPrecision(6));
  const cleanHistogram = new Array<number>(scoreBins).fill(0);
  for (const score of clean) cleanHistogram[scoreBin(score)] = (cleanHistogram[scoreBin(score)] ?? 0) + 1;
  return {
    version,
    bias: round(weights.bias),
    structure: Array.from(weights.structure, round),
    grams: Buffer.from(Int8Array.from(weights.grams, (weight) => Math.round(weight / gramScale)).buffer).toString('base64'),
    gramScale,
    cleanHistogram,
    strongScore: clean.length === 0 ? 0 : round(thresholdAt(clean, 0.001)),
  };
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
  cleanHistogram: [${model.cleanHistogram.join(', ')}],
  strongScore: ${model.strongScore},
  grams:
    '${model.grams}',
};
`;
}

main(process.argv.slice(2));
