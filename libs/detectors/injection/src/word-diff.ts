/**
 * What changed between two texts, in words: `kept … −removed +added`.
 * WD1. Bounded: the common beginning and end are cut off first, then at most `wordsMax` words a side are compared.
 */
const wordsMax = 400;

export interface WordDiff {
  readonly removed: string;
  readonly added: string;
}

export function wordDiff(before: string, after: string): WordDiff {
  const left = wordsOf(before);
  const right = wordsOf(after);
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  while (end < left.length - start && end < right.length - start && left.at(-1 - end) === right.at(-1 - end)) end += 1;
  const removed = left.slice(start, left.length - end).slice(0, wordsMax);
  const added = right.slice(start, right.length - end).slice(0, wordsMax);
  const common = commonWords(removed, added);
  return { removed: without(removed, common.left), added: without(added, common.right) };
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

function without(words: readonly string[], common: ReadonlySet<number>): string {
  return words.filter((_, n) => !common.has(n)).join(' ');
}

/** Longest common subsequence over at most `wordsMax` words a side. */
function commonWords(left: readonly string[], right: readonly string[]): { left: Set<number>; right: Set<number> } {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      const longest = Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
      lengths[i * width + j] = left[i] === right[j] ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1 : longest;
    }
  }
  const common = { left: new Set<number>(), right: new Set<number>() };
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) {
      common.left.add(i++);
      common.right.add(j++);
    } else if ((lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  return common;
}
