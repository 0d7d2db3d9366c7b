/**
 * Made-up activations, for want of a real model in the repository: correlated noise, sources that differ in their mean,
 * and one direction per label along which an intent shifts the vector. They prove the path, and say nothing about any real model.
 */
import { normal } from './seeded.js';

export const width = 64;
export const labels = ['manipulation_intent', 'exfiltration_intent', 'injected_instruction'] as const;
export const sourceCount = 4;

export interface ActivationSample {
  readonly source: number;
  readonly values: Float64Array;
  /** One per label; several can be true. */
  readonly intents: readonly boolean[];
}

export function madeUpActivations(count: number, random: () => number): ActivationSample[] {
  const vector = (scale: number) => Float64Array.from({ length: width }, () => scale * normal(random));
  const mixing = Array.from({ length: 24 }, () => vector(0.35));
  const centres = Array.from({ length: sourceCount }, () => vector(0.3));
  const directions = labels.map(() => unit(vector(1)));
  return Array.from({ length: count }, (_, n) => {
    const source = n % sourceCount;
    const intents = labels.map(() => random() < 0.15);
    const values = vector(0.5);
    for (const column of mixing) addScaled(values, column, normal(random));
    addScaled(values, centres[source] ?? values, 1);
    intents.forEach((present, label) => addScaled(values, directions[label] ?? values, present ? 3.2 + 0.6 * normal(random) : 0));
    return { source, values, intents };
  });
}

function addScaled(target: Float64Array, vector: Float64Array, scale: number): void {
  for (let n = 0; n < target.length; n += 1) target[n] = (target[n] ?? 0) + scale * (vector[n] ?? 0);
}

function unit(vector: Float64Array): Float64Array {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}
