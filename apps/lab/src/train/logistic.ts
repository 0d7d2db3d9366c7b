/**
 * Logistic regression on structure and hashed n-grams, by AdaGrad.
 * The n-gram part is divided by the square root of the window's length, as the product's scorer does.
 */
import { gramBits, structureNames, type WindowFeatures } from '@countersign/detector-injection';
import { shuffled } from './seeded.js';

export interface Example {
  readonly features: WindowFeatures;
  readonly isInstruction: boolean;
  readonly weight: number;
}

export interface Weights {
  bias: number;
  readonly structure: Float64Array;
  readonly grams: Float64Array;
}

export interface FitOptions {
  readonly epochs: number;
  readonly rate: number;
  readonly gramDecay: number;
  readonly random: () => number;
}

export function fit(examples: readonly Example[], { epochs, rate, gramDecay, random }: FitOptions): Weights {
  const weights: Weights = { bias: 0, structure: new Float64Array(structureNames.length), grams: new Float64Array(1 << gramBits) };
  const squares = { bias: 1e-2, structure: new Float64Array(structureNames.length).fill(1e-2), grams: new Float64Array(1 << gramBits).fill(1e-2) };
  const stepInto = (at: { values: Float64Array; sums: Float64Array; n: number }, gradient: number) => {
    at.sums[at.n] = (at.sums[at.n] ?? 0) + gradient * gradient;
    at.values[at.n] = (at.values[at.n] ?? 0) - (rate * gradient) / Math.sqrt(at.sums[at.n] ?? 1);
  };
  const learn = ({ features, isInstruction, weight }: Example) => {
    const { structure, grams } = features;
    const error = weight * (1 / (1 + Math.exp(-logit(weights, features))) - (isInstruction ? 1 : 0));
    squares.bias += error * error;
    weights.bias -= (rate * error) / Math.sqrt(squares.bias);
    for (let n = 0; n < structure.length; n += 1) {
      if (structure[n] !== 0) stepInto({ values: weights.structure, sums: squares.structure, n }, error * (structure[n] ?? 0) + 1e-5 * (weights.structure[n] ?? 0));
    }
    const share = grams.length === 0 ? 0 : 1 / Math.sqrt(grams.length);
    for (const n of grams) stepInto({ values: weights.grams, sums: squares.grams, n }, error * share + gramDecay * (weights.grams[n] ?? 0));
  };
  for (let epoch = 0; epoch < epochs; epoch += 1) for (const example of shuffled(examples, random)) learn(example);
  return weights;
}

export function logit({ bias, structure, grams }: Weights, features: WindowFeatures): number {
  let score = bias;
  for (let n = 0; n < structure.length; n += 1) score += (structure[n] ?? 0) * (features.structure[n] ?? 0);
  if (features.grams.length === 0) return score;
  let sum = 0;
  for (const gram of features.grams) sum += grams[gram] ?? 0;
  return score + sum / Math.sqrt(features.grams.length);
}
