/**
 * Reads one text: what is hidden in it, and which of its windows speak like an instruction.
 * CT1. The same text under the same vocabulary gives the same reading, so readings are kept by digest.
 * CT2. Spans are those of the text as it came, whatever had to be unwrapped to see them.
 * CT3. Linear in the text's length.
 */
import { createHash } from 'node:crypto';
import { decodedIn } from './encoded.js';
import { featuresOf, type Vocabulary } from './features.js';
import { hiddenIn, type HiddenRegion } from './hidden.js';
import type { Scorer } from './model.js';
import { plainText } from './plain.js';
import { tokensOf } from './tokens.js';
import { windowsOf, type Span } from './windows.js';

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

interface Eyes {
  readonly scorer: Scorer;
  readonly vocabulary: Vocabulary;
}

export function readText(text: string, eyes: Eyes): Reading {
  const hidden = hiddenIn(text);
  const spans = windowsOf(text);
  const top: ScoredWindow[] = [];
  collect(top, { text, spans, eyes }, (span) => ({ ...span, wrapped: isInside(span, hidden) }));
  for (const { text: inner, start, end } of [...decodedIn(text), ...hidden.filter((region) => region.text !== '')]) {
    collect(top, { text: inner, spans: windowsOf(inner), eyes }, () => ({ start, end, wrapped: true }));
  }
  return { windows: top, hidden, windowCount: spans.length };
}

interface Page {
  readonly text: string;
  readonly spans: readonly Span[];
  readonly eyes: Eyes;
}

/** Adds a page's windows to the `topWindows` highest, highest first, earlier before later. Only those that get in are made into objects. */
function collect(top: ScoredWindow[], page: Page, place: (span: Span) => Span & { readonly wrapped: boolean }): void {
  const alone = Float64Array.from(page.spans, (span) => scoreAlone(page, span));
  for (let n = 0; n < alone.length; n += 1) {
    const score = inCompany(alone, n);
    const span = page.spans[n];
    if (span === undefined || (top.length === topWindows && score <= (top.at(-1)?.score ?? 0))) continue;
    const plain = plainText(page.text.slice(span.start, span.end));
    const at = top.findIndex((other) => other.score < score);
    top.splice(at < 0 ? top.length : at, 0, { ...place(span), score, plain, words: tokensOf(plain).hashes });
    if (top.length > topWindows) top.pop();
  }
}

function scoreAlone({ text, eyes }: Page, { start, end }: Span): number {
  const features = featuresOf(plainText(text.slice(start, end)), eyes.vocabulary);
  const score = eyes.scorer.score(features);
  // A single word orders nothing, whatever headings like it stood over in training.
  return features.tokens.hashes.length < 2 ? Math.min(0, score) - 2 : score;
}

const neighbourShare = 0.4;

/** Orders come in company: a suspicious sentence beside another one weighs more than either alone. Harmless neighbours take nothing away. */
function inCompany(scores: Float64Array, n: number): number {
  const score = scores[n] ?? 0;
  return score > 0 ? score + neighbourShare * Math.max(0, scores[n - 1] ?? 0, scores[n + 1] ?? 0) : score;
}

function isInside(span: Span, regions: readonly HiddenRegion[]): boolean {
  return regions.some((region) => span.start >= region.start && span.end <= region.end);
}
