/** Order statistics of a sample; the sample is sorted in place. @param q unit interval. */
export function quantile(sample: number[], q: number): number {
  sample.sort((a, b) => a - b);
  return sample[Math.min(sample.length - 1, Math.floor(q * sample.length))] ?? Number.NaN;
}

export const median = (sample: readonly number[]): number => quantile([...sample], 0.5);
