/**
 * A window's grammar without its words: each token's part of speech, roughly, and the runs of up to three of them.
 * SK1. Exact, not hashed: `skeletonSize` places, one for each run.
 * Why: "verb, determiner, word, preposition, name" is an order whatever the words are; a model that reads it needs no attack's vocabulary.
 */
export const skeletonBits = 5;
export const skeletonSize = 1 << (3 * skeletonBits);
/** 0 any other word · 1–13, 22–28 the lexicon's parts · 14–16 things · 17–21 by the word's ending or capital · 29 a clause begins · 30 nothing before. */
export type Category = number;
export const clauseStart: Category = 29;
export const nothingBefore: Category = 30;

/** Of a word that is in no list: by its capital, or by how it ends. `plain[start, end)` is the word. */
export function categoryOf(plain: string, start: number, end: number): Category {
  const first = plain.charCodeAt(start);
  if (first >= 65 && first <= 90) return 21;
  if (end - start < 4) return 0;
  const last = plain.charCodeAt(end - 1);
  const before = plain.charCodeAt(end - 2);
  if (last === 100 && before === 101) return 17;
  if (last === 103 && before === 110 && plain.charCodeAt(end - 3) === 105) return 18;
  if (last === 121 && before === 108) return 19;
  return last === 115 && before !== 115 ? 20 : 0;
}

/** Is it one of the few hundred words that sentences are built with, rather than what they are about? */
export function isGrammar(category: Category): boolean {
  return (category >= 2 && category <= 13) || category >= 22;
}

/** Index of the run of categories that ends here. */
export function runOf(first: Category, second: Category, third: Category): number {
  return (first << (2 * skeletonBits)) | (second << skeletonBits) | third;
}
