/**
 * Linear discriminant analysis with a shrunken covariance: w = Σ⁻¹(μ₁ − μ₀), bias halfway. Closed form, so nothing depends on an order.
 */
export interface Discriminant {
  readonly weights: Float64Array;
  readonly bias: number;
}

export interface Point {
  readonly vector: Float32Array;
  readonly isPositive: boolean;
  readonly weight: number;
}

/** @param shrinkage 0–1: how much of the covariance is replaced by its mean variance. */
export function discriminant(points: readonly Point[], shrinkage: number): Discriminant {
  const width = points[0]?.vector.length ?? 0;
  const means = [false, true].map((isPositive) => meanOf(points.filter((point) => point.isPositive === isPositive), width));
  const covariance = covarianceOf(points, means, width);
  let trace = 0;
  for (let n = 0; n < width; n += 1) trace += covariance[n * width + n] ?? 0;
  for (let n = 0; n < covariance.length; n += 1) covariance[n] = (covariance[n] ?? 0) * (1 - shrinkage);
  for (let n = 0; n < width; n += 1) covariance[n * width + n] = (covariance[n * width + n] ?? 0) + (shrinkage * trace) / width;
  const [negative = new Float64Array(width), positive = new Float64Array(width)] = means;
  const weights = solved(covariance, positive.map((value, n) => value - (negative[n] ?? 0)));
  let bias = 0;
  for (let n = 0; n < width; n += 1) bias -= 0.5 * (weights[n] ?? 0) * ((positive[n] ?? 0) + (negative[n] ?? 0));
  return { weights, bias };
}

export function projected({ weights, bias }: Discriminant, vector: Float32Array): number {
  let sum = bias;
  for (let n = 0; n < weights.length; n += 1) sum += (weights[n] ?? 0) * (vector[n] ?? 0);
  return sum;
}

function meanOf(points: readonly Point[], width: number): Float64Array {
  const mean = new Float64Array(width);
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  for (const { vector, weight } of points) for (let n = 0; n < width; n += 1) mean[n] = (mean[n] ?? 0) + ((vector[n] ?? 0) * weight) / total;
  return mean;
}

function covarianceOf(points: readonly Point[], means: readonly Float64Array[], width: number): Float64Array {
  const covariance = new Float64Array(width * width);
  const total = points.reduce((sum, { weight }) => sum + weight, 0);
  const centred = new Float64Array(width);
  for (const { vector, isPositive, weight } of points) {
    const mean = means[isPositive ? 1 : 0];
    for (let n = 0; n < width; n += 1) centred[n] = (vector[n] ?? 0) - (mean?.[n] ?? 0);
    for (let row = 0; row < width; row += 1) {
      const scaled = ((centred[row] ?? 0) * weight) / total;
      for (let column = 0; column <= row; column += 1) covariance[row * width + column] = (covariance[row * width + column] ?? 0) + scaled * (centred[column] ?? 0);
    }
  }
  for (let row = 0; row < width; row += 1) for (let column = 0; column < row; column += 1) covariance[column * width + row] = covariance[row * width + column] ?? 0;
  return covariance;
}

/** Cholesky; the shrinkage keeps the matrix positive definite. */
function solved(matrix: Float64Array, right: Float64Array): Float64Array {
  const width = right.length;
  const lower = new Float64Array(matrix.length);
  for (let row = 0; row < width; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let sum = matrix[row * width + column] ?? 0;
      for (let n = 0; n < column; n += 1) sum -= (lower[row * width + n] ?? 0) * (lower[column * width + n] ?? 0);
      lower[row * width + column] = row === column ? Math.sqrt(sum) : sum / (lower[column * width + column] ?? 1);
    }
  }
  const half = new Float64Array(width);
  for (let row = 0; row < width; row += 1) {
    let sum = right[row] ?? 0;
    for (let n = 0; n < row; n += 1) sum -= (lower[row * width + n] ?? 0) * (half[n] ?? 0);
    half[row] = sum / (lower[row * width + row] ?? 1);
  }
  const solution = new Float64Array(width);
  for (let row = width - 1; row >= 0; row -= 1) {
    let sum = half[row] ?? 0;
    for (let n = row + 1; n < width; n += 1) sum -= (lower[n * width + row] ?? 0) * (solution[n] ?? 0);
    solution[row] = sum / (lower[row * width + row] ?? 1);
  }
  return solution;
}
