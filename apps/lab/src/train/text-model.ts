/**
 * Trains the text model of the injection detector and writes it as a TypeScript module.
 * `text-model <data dir> <repository root>`; seeded: the same data gives the same file.
 * The clean histogram and the strong score come from sources the scoring model did not see (one source left out at a time).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextModel } from '@countersign/detector-injection';
import { readData } from './rows.js';
import { seeded } from './seeded.js';
import { foldLines, packed, trained, trainingSeed } from './text-fit.js';
import { scoredByFold, tuneDocuments } from './text-folds.js';
import { tuneSamples } from './text-samples.js';

function main([dataDir, root]: readonly string[]): void {
  if (dataDir === undefined || root === undefined) throw new Error('usage: text-model <data dir> <repository root>');
  const data = readData(dataDir);
  const samples = tuneSamples(data, join(root, 'node_modules'), seeded(trainingSeed));
  console.log(`${samples.filter((sample) => sample.isInstruction).length} instruction windows, ${samples.filter((sample) => !sample.isInstruction).length} others`);
  const scored = scoredByFold(tuneDocuments(data, trainingSeed), (left) => packed(trained(samples.filter(({ source }) => !left.includes(source))), []));
  for (const line of foldLines(scored)) console.log(line);
  const clean = scored.filter(({ kind }) => kind === 'clean').map(({ score }) => score);
  const model = packed(trained(samples), clean);
  writeFileSync(join(root, 'libs/detectors/injection/src/text-model.ts'), moduleOf(model));
  console.log(`strong score ${model.strongScore.toFixed(2)} from ${clean.length} clean documents of left-out sources; ${Math.round((model.grams.length + model.runs.length) / 1024)} KiB of weights`);
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
