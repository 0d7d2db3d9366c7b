/**
 * Fits the observer's head on tune data and writes it as a TypeScript module.
 * `observer-head <data dir> <repository root> <observer dir> [<vectors file>]`; seeded: the same data and encoder give the same file.
 * The histogram and the strong score come from sources that neither the text model nor the head saw.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { logitMax, readText, scoreBin, scoreBins, scorerOf, windowsMax, type ScoredWindow } from '@countersign/detector-injection';
import { discriminant, projected, type Discriminant, type Point } from './discriminant.js';
import { EncodedWindows } from './encoded-windows.js';
import { readData } from './rows.js';
import { seeded, shuffled } from './seeded.js';
import { thresholdAt } from './text-figures.js';
import { folds, tuneDocuments, type Document, type ScoredDocument } from './text-folds.js';
import { foldLines, packed, trained, trainingSeed } from './text-fit.js';
import { tuneSamples, type Sample } from './text-samples.js';

const shrinkage = 0.05;
const share = 0.35;
const band = [-2.5, 4] as const;
const perSourceMax = 1_500;

async function main([dataDir, root, observerDir, vectorsFile]: readonly string[]): Promise<void> {
  if (dataDir === undefined || root === undefined || observerDir === undefined) throw new Error('usage: observer-head <data dir> <repository root> <observer dir> [<vectors file>]');
  const data = readData(dataDir);
  const samples = tuneSamples(data, join(root, 'node_modules'), seeded(trainingSeed));
  const encoded = await EncodedWindows.open(observerDir, vectorsFile);
  const points = await pointsOf(samples, encoded);
  const scored = await scoredWithHead(tuneDocuments(data, trainingSeed), { samples, points, encoded });
  for (const line of foldLines(scored)) console.log(line);
  const clean = scored.filter(({ kind }) => kind === 'clean').map(({ score }) => score);
  const head = discriminant(points, shrinkage);
  writeFileSync(join(root, 'libs/detectors/injection/src/observer-head.ts'), moduleOf(head, { encoderId: encoded.encoderId, clean }));
  console.log(`${points.length} windows; strong score ${thresholdAt(clean, 0.001).toFixed(2)} from ${clean.length} clean documents of left-out sources`);
  await encoded.close();
}

interface SourcedPoint extends Point {
  readonly source: string;
}

/** At most `perSourceMax` windows of each source and label: the encoder is slow, and one source must not drown the others. */
async function pointsOf(samples: readonly Sample[], encoded: EncodedWindows): Promise<SourcedPoint[]> {
  const groups = Map.groupBy(samples, ({ source, isInstruction }) => `${source} ${isInstruction}`);
  const chosen = [...groups.values()].flatMap((group) => shuffled(group, seeded(3)).slice(0, perSourceMax));
  const points: SourcedPoint[] = [];
  for (const { source, text, isInstruction, weight } of chosen) points.push({ source, vector: await encoded.of(text), isPositive: isInstruction, weight });
  return points;
}

interface Fitting {
  readonly samples: readonly Sample[];
  readonly points: readonly SourcedPoint[];
  readonly encoded: EncodedWindows;
}

async function scoredWithHead(documents: readonly Document[], { samples, points, encoded }: Fitting): Promise<ScoredDocument[]> {
  const scored: ScoredDocument[] = [];
  for (const [fold, sources] of Object.entries(folds)) {
    const scorer = scorerOf(packed(trained(samples.filter(({ source }) => !sources.includes(source))), []));
    const head = discriminant(points.filter(({ source }) => !sources.includes(source)), shrinkage);
    const seen = new Set<string>();
    for (const document of documents.filter((one) => one.fold === fold && (one.kind !== 'as recorded' || isSampled(one)))) {
      const windows = readText(document.text, { scorer, vocabulary: document.vocabulary }).windows.slice(0, windowsMax);
      const top = await topOf(windows, { head, encoded });
      if (document.kind === 'clean' && seen.has(top.plain)) continue;
      seen.add(top.plain);
      scored.push({ ...document, score: top.score });
    }
  }
  return scored;
}

/** Recorded attacks repeat a few sentences thousands of times; a tenth of them says as much. */
function isSampled({ text }: Document): boolean {
  return text.length % 10 === 0;
}

async function topOf(windows: readonly ScoredWindow[], { head, encoded }: { head: Discriminant; encoded: EncodedWindows }): Promise<{ plain: string; score: number }> {
  let top = { plain: '', score: -2 * logitMax };
  for (const { plain, score } of windows) {
    const isAsked = score >= band[0] && score < band[1];
    const logit = isAsked ? Math.max(-logitMax, Math.min(logitMax, projected(head, await encoded.of(plain)))) : score >= band[1] ? logitMax : -logitMax;
    if (score + share * logit > top.score) top = { plain, score: score + share * logit };
  }
  return top;
}

function moduleOf({ weights, bias }: Discriminant, { encoderId, clean }: { encoderId: string; clean: readonly number[] }): string {
  const cleanHistogram = new Array<number>(scoreBins).fill(0);
  for (const score of clean) cleanHistogram[scoreBin(score)] = (cleanHistogram[scoreBin(score)] ?? 0) + 1;
  return `/** Written by \`apps/lab/src/train/observer-head.ts\`; do not edit. */
import type { ObserverHead } from './observer.js';

export const observerHead: ObserverHead = {
  encoderSha256: '${encoderId}',
  bias: ${bias.toFixed(5)},
  share: ${share},
  band: [${band.join(', ')}],
  cleanHistogram: [${cleanHistogram.join(', ')}],
  strongScore: ${thresholdAt(clean, 0.001).toFixed(4)},
  weights:
    '${Buffer.from(Float32Array.from(weights).buffer).toString('base64')}',
};
`;
}

await main(process.argv.slice(2));
