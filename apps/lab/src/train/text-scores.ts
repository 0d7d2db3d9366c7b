/** Scores of whole texts as the detector would give them: the highest window, by the text model alone or with the observer. */
import { createObserverReader, observerHead, readText, scorerOf, textModel, windowsMax, type Observer, type ScoredWindow, type Vocabulary } from '@countersign/detector-injection';
import { thresholdAt } from './text-figures.js';

export interface TextScore {
  readonly score: number;
  /** The window that got it. */
  readonly window: string;
}

export interface TextScores {
  readonly name: string;
  /** The score that at most one clean tune text in a hundred reaches, from sources left out; and the strong score. */
  readonly atOne: number;
  readonly strong: number;
  of(text: string, vocabulary: Vocabulary): Promise<TextScore>;
}

const scorer = scorerOf(textModel);
const nothing: TextScore = { score: -8, window: '' };

export function textModelScores(): TextScores {
  return {
    name: `text model ${textModel.version} alone`,
    atOne: quantileOf(textModel.cleanHistogram, 0.01),
    strong: textModel.strongScore,
    of: (text, vocabulary) => Promise.resolve(topOf(readText(text, { scorer, vocabulary }).windows)),
  };
}

export function observedScores(observer: Observer): TextScores {
  const reader = createObserverReader(observer, observerHead);
  return {
    name: `text model ${textModel.version} and observer ${observer.id.slice(0, 8)}`,
    atOne: quantileOf(observerHead.cleanHistogram, 0.01),
    strong: observerHead.strongScore,
    async of(text, vocabulary) {
      const windows = readText(text, { scorer, vocabulary }).windows.slice(0, windowsMax);
      const seen = reader.asks(windows) ? await reader.read(windows) : reader.settled(windows);
      if ('problem' in seen) throw new Error(`The observer gave no answer: ${seen.problem}`);
      return topOf(windows.map((window, n) => ({ ...window, score: seen[n]?.score ?? window.score })));
    },
  };
}

function topOf(windows: readonly ScoredWindow[]): TextScore {
  return windows.reduce((top, { score, plain }) => (score > top.score ? { score, window: plain } : top), nothing);
}

/** The prior's own quantile: the upper edge of the bin that at most `share` of clean documents pass. */
function quantileOf(histogram: readonly number[], share: number): number {
  const scores = histogram.flatMap((count, bin) => new Array<number>(Math.round(count)).fill(-8 + (bin + 1) / 8));
  return thresholdAt(scores, share);
}
