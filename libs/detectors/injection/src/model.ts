/**
 * The linear model that reads a window's features.
 * MD1. Its weights are a versioned artefact (`text-model.ts`) that training writes and nobody edits.
 * MD2. A score is a log-odds: 0 is even odds under the training mix, not a probability in the field; validity comes from calibration.
 */
import type { WindowFeatures } from './features.js';

export interface TextModel {
  readonly version: string;
  readonly bias: number;
  /** In the order of `structureNames`. */
  readonly structure: readonly number[];
  /** One signed byte per bucket, base64; times `gramScale`. */
  readonly grams: string;
  readonly gramScale: number;
  /** Counts of clean documents by score bin (see `scoreBin`), from tune data: the prior of a tool with no history of its own. */
  readonly cleanHistogram: readonly number[];
  /** Score that at most one in a thousand of tune's clean documents reaches. */
  readonly strongScore: number;
}

export interface Scorer {
  readonly version: string;
  score(features: WindowFeatures): number;
}

export function scorerOf(model: TextModel): Scorer {
  const bytes = Buffer.from(model.grams, 'base64');
  const grams = new Float32Array(bytes.length);
  for (let n = 0; n < bytes.length; n += 1) grams[n] = bytes.readInt8(n) * model.gramScale;
  return {
    version: model.version,
    score({ structure, grams: found }) {
      let score = model.bias;
      for (let n = 0; n < structure.length; n += 1) score += (structure[n] ?? 0) * (model.structure[n] ?? 0);
      if (found.length === 0) return score;
      let sum = 0;
      for (const gram of found) sum += grams[gram] ?? 0;
      return score + sum / Math.sqrt(found.length);
    },
  };
}

export const scoreBins = 128;
const scoreMin = -8;
const binsPerUnit = 8;

/** Bins of an eighth over [-8, 8); everything outside falls into the first or last. */
export function scoreBin(score: number): number {
  return Math.max(0, Math.min(scoreBins - 1, Math.floor((score - scoreMin) * binsPerUnit)));
}
