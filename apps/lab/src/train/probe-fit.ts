/** A linear probe by gradient descent, and the whitened subspace in which "unlike anything seen" is measured. */
import type { ActivationSample } from './stand-in-activations.js';

export interface ProbeWeights {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** `labels × width`, row by row. */
  readonly directions: readonly Float64Array[];
  readonly bias: Float64Array;
}

export function fitProbe(samples: readonly ActivationSample[], labelCount: number): ProbeWeights {
  const scale = momentsOf(samples.map(({ values }) => values));
  const rows = samples.map(({ values, intents }) => ({ values: standardised(values, scale), intents }));
  const fits = Array.from({ length: labelCount }, (_, label) => fitLabel(rows.map(({ values, intents }) => ({ values, target: intents[label] === true ? 1 : 0 }))));
  return { ...scale, directions: fits.map(({ direction }) => direction), bias: Float64Array.from(fits, ({ bias }) => bias) };
}

export function probeScores({ directions, bias, ...scale }: ProbeWeights, values: Float64Array): number[] {
  const row = standardised(values, scale);
  return directions.map((direction, label) => 1 / (1 + Math.exp(-(dot(direction, row) + (bias[label] ?? 0)))));
}

type Moments = Pick<ProbeWeights, 'mean' | 'deviation'>;

export function standardised(values: Float64Array, { mean, deviation }: Moments): Float64Array {
  return values.map((value, n) => (value - (mean[n] ?? 0)) / (deviation[n] ?? 1));
}

/** Principal directions by power iteration with deflation, each divided by its standard deviation. */
export function whitening(rows: readonly Float64Array[], rank: number): Float64Array[] {
  const width = rows[0]?.length ?? 0;
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows) row.forEach((left, i) => row.forEach((right, j) => addTo(covariance[i], j, (left * right) / rows.length)));
  return Array.from({ length: rank }, (_, n) => {
    let vector = Float64Array.from({ length: width }, (_unused, i) => 1 / (1 + ((i + n) % width)));
    let value = 1;
    for (let turn = 0; turn < 300; turn += 1) {
      const image = Float64Array.from(covariance, (row) => dot(row, vector));
      value = Math.hypot(...image) || 1;
      vector = image.map((part) => part / value);
    }
    covariance.forEach((row, i) => row.forEach((_entry, j) => addTo(row, j, -value * (vector[i] ?? 0) * (vector[j] ?? 0))));
    return vector.map((part) => part / Math.sqrt(value));
  });
}

function fitLabel(rows: readonly { readonly values: Float64Array; readonly target: number }[]): { direction: Float64Array; bias: number } {
  const width = rows[0]?.values.length ?? 0;
  const direction = new Float64Array(width);
  let bias = 0;
  for (let turn = 0; turn < 400; turn += 1) {
    const gradient = new Float64Array(width);
    let gradientOfBias = 0;
    for (const { values, target } of rows) {
      const error = 1 / (1 + Math.exp(-(dot(direction, values) + bias))) - target;
      gradientOfBias += error / rows.length;
      for (let n = 0; n < width; n += 1) addTo(gradient, n, (error * (values[n] ?? 0)) / rows.length);
    }
    bias -= gradientOfBias;
    for (let n = 0; n < width; n += 1) addTo(direction, n, -((gradient[n] ?? 0) + 1e-3 * (direction[n] ?? 0)));
  }
  return { direction, bias };
}

function momentsOf(rows: readonly Float64Array[]): Moments {
  const width = rows[0]?.length ?? 0;
  const mean = new Float64Array(width);
  for (const row of rows) row.forEach((value, n) => addTo(mean, n, value / rows.length));
  const variance = new Float64Array(width);
  for (const row of rows) row.forEach((value, n) => addTo(variance, n, (value - (mean[n] ?? 0)) ** 2 / rows.length));
  return { mean, deviation: variance.map((value) => Math.sqrt(value) || 1) };
}

function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let n = 0; n < left.length; n += 1) sum += (left[n] ?? 0) * (right[n] ?? 0);
  return sum;
}

function addTo(row: Float64Array | undefined, n: number, value: number): void {
  if (row !== undefined) row[n] = (row[n] ?? 0) + value;
}
