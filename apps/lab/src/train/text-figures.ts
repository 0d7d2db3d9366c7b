/** Figures of merit for scores of documents. */

/** Area under the ROC curve; ties count half. O(n log n). */
export function auroc(positive: readonly number[], negative: readonly number[]): number {
  const all = [...positive.map((score) => ({ score, good: true })), ...negative.map((score) => ({ score, good: false }))].sort((a, b) => a.score - b.score);
  let rankSum = 0;
  for (let start = 0; start < all.length; ) {
    let end = start;
    while (end < all.length && all[end]?.score === all[start]?.score) end += 1;
    const rank = (start + end + 1) / 2;
    for (let n = start; n < end; n += 1) if (all[n]?.good === true) rankSum += rank;
    start = end;
  }
  const { length: p } = positive;
  return (rankSum - (p * (p + 1)) / 2) / (p * negative.length);
}

/** The smallest score that at most `share` of the negatives reach or pass. */
export function thresholdAt(negative: readonly number[], share: number): number {
  const sorted = [...negative].sort((a, b) => b - a);
  return (sorted[Math.floor(share * sorted.length)] ?? -Infinity) + 1e-9;
}

export function shareOver(scores: readonly number[], threshold: number): number {
  return scores.length === 0 ? NaN : scores.filter((score) => score >= threshold).length / scores.length;
}
