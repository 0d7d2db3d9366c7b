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
  const scored = inCompany(windowsOf(text).map((span) => scoredWindow(text.slice(span.start, span.end), { span, wrapped: isInside(span, hidden) }, eyes)));
  const windowCount = scored.length;
  for (const { text: inner, start, end } of [...decodedIn(text), ...hidden.filter((region) => region.text !== '')]) {
    scored.push(...inCompany(windowsOf(inner).map((window) => scoredWindow(inner.slice(window.start, window.end), { span: { start, end }, wrapped: true }, eyes))));
  }
  return { windows: highest(scored), hidden, windowCount };
}

/** The `topWindows` highest, highest first, earlier before later; one pass. */
function highest(windows: readonly ScoredWindow[]): ScoredWindow[] {
  const top: ScoredWindow[] = [];
  for (const window of windows) {
    if (top.length === topWindows && window.score <= (top.at(-1)?.score ?? 0)) continue;
    const at = top.findIndex((other) => other.score < window.score);
    top.splice(at < 0 ? top.length : at, 0, window);
    if (top.length > topWindows) top.pop();
  }
  return top;
}

const neighbourShare = 0.4;

/** Orders come in company: a suspicious sentence beside another one weighs more than either alone. Harmless neighbours take nothing away. */
function inCompany(windows: readonly ScoredWindow[]): ScoredWindow[] {
  return windows.map((window, n) => {
    const neighbour = Math.max(0, windows[n - 1]?.score ?? 0, windows[n + 1]?.score ?? 0);
    return window.score > 0 ? { ...window, score: window.score + neighbourShare * neighbour } : window;
  });
}

function scoredWindow(raw: string, where: { span: Span; wrapped: boolean }, { scorer, vocabulary }: Eyes): ScoredWindow {
  const plain = plainText(raw);
  const features = featuresOf(plain, vocabulary);
  const words = features.tokens.hashes;
  // A single word orders nothing, whatever headings like it stood over in training.
  const score = words.length < 2 ? Math.min(0, scorer.score(features)) - 2 : scorer.score(features);
  return { ...where.span, score, plain, words, wrapped: where.wrapped };
}

function isInside(span: Span, regions: readonly HiddenRegion[]): boolean {
  return regions.some((region) => span.start >= region.start && span.end <= region.end);
}
