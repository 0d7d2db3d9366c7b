/**
 * The linear model that reads a window's features.
 * MD1. Its weights are a versioned artefact (`text-model.ts`) that training writes and nobody edits.
 * MD2. A score is a log-odds: 0 is even odds under the training mix, not a probability in the field; validity comes from calibration.
 */
import type { FeaturePage } from './features.js';
import { structureNames, structureWords } from './structure.js';

export interface TextModel {
  readonly version: string;
  readonly bias: number;
  /** In the order of `structureNames`. */
  readonly structure: readonly number[];
  /** One signed byte per bucket, base64; times `gramScale`. */
  readonly grams: string;
  readonly gramScale: number;
  /** One signed byte per run of parts of speech, base64; times `runScale`. */
  readonly runs: string;
  readonly runScale: number;
  /** Counts of clean documents by score bin (see `scoreBin`), from tune data: the prior of a tool with no history of its own. */
  readonly cleanHistogram: readonly number[];
  /** Score that at most one in a thousand of tune's clean documents reaches. */
  readonly strongScore: number;
}

export interface Scorer {
  readonly version: string;
  score(page: ScoredPage): number;
  /** The structure that spoke most for the score, strongest first, in words. */
  reasons(page: ScoredPage, countMax: number): string[];
}

type ScoredPage = Pick<FeaturePage, 'structure' | 'grams' | 'gramCount' | 'runs' | 'runCount'>;

export function scorerOf(model: TextModel): Scorer {
  const grams = bytesOf(model.grams);
  const runs = bytesOf(model.runs);
  const structure = Float64Array.from(model.structure);
  const { bias, gramScale, runScale } = model;
  return {
    version: model.version,
    score(page) {
      let score = bias;
      for (let n = 0; n < structure.length; n += 1) score += (page.structure[n] ?? 0) * (structure[n] ?? 0);
      if (page.gramCount === 0) return score;
      let gramSum = 0;
      for (let n = 0; n < page.gramCount; n += 1) gramSum += grams[page.grams[n] ?? 0] ?? 0;
      let runSum = 0;
      for (let n = 0; n < page.runCount; n += 1) runSum += runs[page.runs[n] ?? 0] ?? 0;
      return score + (gramScale * gramSum) / Math.sqrt(page.gramCount) + (runScale * runSum) / Math.sqrt(page.runCount);
    },
    reasons(page, countMax) {
      return structureNames
        .map((name, n) => ({ name, part: (page.structure[n] ?? 0) * (structure[n] ?? 0) }))
        .filter(({ part }) => part > 0.1)
        .sort((a, b) => b.part - a.part)
        .slice(0, countMax)
        .map(({ name }) => structureWords[name]);
    },
  };
}

function bytesOf(base64: string): Int8Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

export const scoreBins = 128;
const scoreMin = -8;
const binsPerUnit = 8;

/** Bins of an eighth over [-8, 8); everything outside falls into the first or last. */
export function scoreBin(score: number): number {
  return Math.max(0, Math.min(scoreBins - 1, Math.floor((score - scoreMin) * binsPerUnit)));
}
