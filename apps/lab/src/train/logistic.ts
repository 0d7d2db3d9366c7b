/**
 * Logistic regression on structure, runs of parts of speech and hashed n-grams, by AdaGrad.
 * The sums over n-grams and over runs are divided by the square root of their number, as the product's scorer does.
 */
import { gramBits, skeletonSize, structureNames, type WindowFeatures } from '@countersign/detector-injection';
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
  readonly runs: Float64Array;
}

export interface FitOptions {
  readonly epochs: number;
  readonly rate: number;
  readonly gramDecay: number;
  readonly runDecay: number;
  readonly random: () => number;
}

interface Learnt {
  readonly values: Float64Array;
  readonly squares: Float64Array;
}

export function fit(examples: readonly Example[], { epochs, rate, gramDecay, runDecay, random }: FitOptions): Weights {
  const weights: Weights = { bias: 0, structure: new Float64Array(structureNames.length), grams: new Float64Array(1 << gramBits), runs: new Float64Array(skeletonSize) };
  const learnt = (values: Float64Array): Learnt => ({ values, squares: new Float64Array(values.length).fill(1e-2) });
  const structure = learnt(weights.structure);
  const grams = learnt(weights.grams);
  const runs = learnt(weights.runs);
  let biasSquares = 1e-2;
  const step = ({ values, squares }: Learnt, n: number, gradient: number): void => {
    const sum = (squares[n] ?? 0) + gradient * gradient;
    squares[n] = sum;
    values[n] = (values[n] ?? 0) - (rate * gradient) / Math.sqrt(sum);
  };
  const stepAll = (part: Learnt, found: Int32Array, { error, decay }: { error: number; decay: number }): void => {
    const share = error / Math.sqrt(Math.max(1, found.length));
    for (const n of found) step(part, n, share + decay * (part.values[n] ?? 0));
  };
  const learn = ({ features, isInstruction, weight }: Example): void => {
    const error = weight * (1 / (1 + Math.exp(-logit(weights, features))) - (isInstruction ? 1 : 0));
    biasSquares += error * error;
    weights.bias -= (rate * error) / Math.sqrt(biasSquares);
    features.structure.forEach((value, n) => {
      if (value !== 0) step(structure, n, error * value + 1e-5 * (weights.structure[n] ?? 0));
    });
    stepAll(grams, features.grams, { error, decay: gramDecay });
    stepAll(runs, features.runs, { error, decay: runDecay });
  };
  for (let epoch = 0; epoch < epochs; epoch += 1) for (const example of shuffled(examples, random)) learn(example);
  return weights;
}

export function logit({ bias, structure, grams, runs }: Weights, features: WindowFeatures): number {
  let score = bias;
  for (let n = 0; n < structure.length; n += 1) score += (structure[n] ?? 0) * (features.structure[n] ?? 0);
  return score + meanOf(grams, features.grams) + meanOf(runs, features.runs);
}

function meanOf(weights: Float64Array, found: Int32Array): number {
  if (found.length === 0) return 0;
  let sum = 0;
  for (const n of found) sum += weights[n] ?? 0;
  return sum / Math.sqrt(found.length);
}
