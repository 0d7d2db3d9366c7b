/**
 * Reads one text: what is hidden in it, and which of its windows speak like an instruction.
 * CT1. The same text under the same vocabulary gives the same reading, so readings are kept by digest.
 * CT2. Spans are those of the text as it came, whatever had to be unwrapped to see them.
 * CT3. Linear in the text's length.
 */
import { createHash } from 'node:crypto';
import { decodedIn } from './encoded.js';
import { emptyPage, fillFeatures } from './features.js';
import { hiddenIn, type HiddenRegion } from './hidden.js';
import type { Scorer } from './model.js';
import { beyondAscii, plainText } from './plain.js';
import { wordsOf } from './tokens.js';
import type { Vocabulary } from './vocabulary.js';
import { cutsOf, type Span } from './windows.js';

export interface ScoredWindow extends Span {
  readonly score: number;
  /** What was scored: plain letters, unpacked; at most 240 characters. */
  readonly plain: string;
  /** Hashes of its words, in order. */
  readonly words: readonly number[];
  /** Was it packed (base64, percent) or hidden (comment, style) in the text? */
  readonly wrapped: boolean;
}

export interface Reading {
  /** Highest first, at most `topWindows`. */
  readonly windows: readonly ScoredWindow[];
  readonly hidden: readonly HiddenRegion[];
  readonly windowCount: number;
}

export const topWindows = 8;
const readingsMax = 1_024;
/** Under this, reading costs less than hashing. */
const keptFromCharacters = 256;

export interface Reader {
  read(text: string, vocabulary: Vocabulary & { readonly generation: number }): Reading;
}

export function createReader(scorer: Scorer): Reader {
  const kept = new Map<string, Reading>();
  return {
    read(text, vocabulary) {
      if (text.length < keptFromCharacters) return readText(text, { scorer, vocabulary });
      const key = `${vocabulary.generation}:${createHash('sha256').update(text).digest('base64')}`;
      const before = kept.get(key);
      if (before !== undefined) return before;
      const reading = readText(text, { scorer, vocabulary });
      kept.set(key, reading);
      if (kept.size > readingsMax) for (const oldest of kept.keys()) {
        kept.delete(oldest);
        break;
      }
      return reading;
    },
  };
}

export interface Eyes {
  readonly scorer: Scorer;
  readonly vocabulary: Vocabulary;
}

export function readText(text: string, eyes: Eyes): Reading {
  const hidden = hiddenIn(text);
  const top: ScoredWindow[] = [];
  const windowCount = collect(top, { text, eyes }, (start, end) => ({ start, end, wrapped: isInside(start, end, hidden) }));
  for (const { text: inner, start, end } of [...decodedIn(text), ...hidden.filter((region) => region.text !== '')]) {
    collect(top, { text: inner, eyes }, () => ({ start, end, wrapped: true }));
  }
  return { windows: top, hidden, windowCount };
}

interface Page {
  readonly text: string;
  readonly eyes: Eyes;
}

type Place = (start: number, end: number) => Span & { readonly wrapped: boolean };

const features = emptyPage();
const reasonsMax = 3;
/** Scores of a page's windows, taken again for each page; longer pages make their own. */
const scratch = new Float64Array(4_096);

/** Adds a page's windows to the `topWindows` highest, highest first, earlier before later. Only those that stay are made into objects. @returns how many windows there are. */
function collect(top: ScoredWindow[], { text, eyes }: Page, place: Place): number {
  const cuts = cutsOf(text);
  const isAscii = !beyondAscii.test(text);
  const count = cuts.length / 2;
  const alone = count <= scratch.length ? scratch : new Float64Array(count);
  for (let n = 0; n < count; n += 1) alone[n] = scoreAlone(text, { start: cuts[2 * n] ?? 0, end: cuts[2 * n + 1] ?? 0, isAscii, eyes });
  const best: { n: number; score: number }[] = [];
  for (let n = 0; n < count; n += 1) {
    const score = inCompany(alone, n, count);
    if (best.length < topWindows || score > (best[topWindows - 1]?.score ?? 0)) insertBest(best, { n, score });
  }
  for (const { n, score } of best) {
    if (top.length === topWindows && score <= (top[topWindows - 1]?.score ?? 0)) return count;
    const start = cuts[2 * n] ?? 0;
    const end = cuts[2 * n + 1] ?? 0;
    const plain = plainText(text.slice(start, end));
    insertBest(top, { ...place(start, end), score, plain, words: wordsOf(plain) });
  }
  return count;
}

/** Keeps `best` in falling order, equals in order of arrival, at most `topWindows` long. */
function insertBest<T extends { readonly score: number }>(best: T[], entry: T): void {
  if (best.length === topWindows && entry.score <= (best[topWindows - 1]?.score ?? 0)) return;
  let at = best.length;
  while (at > 0 && (best[at - 1]?.score ?? 0) < entry.score) at -= 1;
  best.splice(at, 0, entry);
  if (best.length > topWindows) best.pop();
}

/** What in a window's structure spoke for its score, in words, strongest first. */
export function reasonsOf(plain: string, { scorer, vocabulary }: Eyes): readonly string[] {
  fillFeatures(features, plain, { start: 0, end: plain.length, vocabulary });
  return scorer.reasons(features, reasonsMax);
}

interface Cut extends Span {
  readonly isAscii: boolean;
  readonly eyes: Eyes;
}

function scoreAlone(text: string, { start, end, isAscii, eyes }: Cut): number {
  if (isAscii) fillFeatures(features, text, { start, end, vocabulary: eyes.vocabulary });
  else {
    const plain = plainText(text.slice(start, end));
    fillFeatures(features, plain, { start: 0, end: plain.length, vocabulary: eyes.vocabulary });
  }
  const score = eyes.scorer.score(features);
  // A single word orders nothing, whatever headings like it stood over in training.
  return features.tokens.count < 2 ? Math.min(0, score) - 2 : score;
}

const neighbourShare = 0.4;

/** Orders come in company: a suspicious sentence beside another one weighs more than either alone. Harmless neighbours take nothing away. */
function inCompany(scores: Float64Array, n: number, count: number): number {
  const score = scores[n] ?? 0;
  if (score <= 0) return score;
  return score + neighbourShare * Math.max(0, n > 0 ? (scores[n - 1] ?? 0) : 0, n + 1 < count ? (scores[n + 1] ?? 0) : 0);
}

function isInside(start: number, end: number, regions: readonly HiddenRegion[]): boolean {
  return regions.some((region) => start >= region.start && end <= region.end);
}
