/**
 * The finding that an instruction stands in data, in words: which text, where, what in it speaks for it, and against what it was compared.
 */
import type { FindingDraft } from '@countersign/contracts';
import type { PValue } from './calibration.js';
import { reasonsOf, type ScoredWindow } from './content.js';
import { evidenceMax, printable, spanEvidence } from './evidence.js';
import type { Leaf } from './leaves.js';
import type { Scorer } from './model.js';
import type { FieldPast } from './novelty.js';
import type { ObserverState } from './observer.js';
import type { Vocabulary } from './vocabulary.js';

export interface Placed {
  readonly leaf: Leaf;
  readonly window: ScoredWindow;
  /** The text model's score, or its sum with the observer's. */
  readonly score: number;
  /** The observer's log-odds alone, where it was asked. */
  readonly seen?: number;
  /** What the field's own past adds. */
  readonly novelty: number;
  readonly past: FieldPast | undefined;
}

export interface RaisedScene {
  readonly observationId: string;
  readonly scorer: Scorer;
  readonly vocabulary: Vocabulary;
  readonly isExpected: boolean;
  readonly strongScore: number;
  readonly state: ObserverState;
  readonly problem?: string;
}

export interface Raise {
  readonly top: Placed;
  readonly p: PValue;
  readonly isStrong: boolean;
}

/** Windows this far under the strongest threshold are shown beside a strong one: an attack is seldom one sentence. */
const companionMargin = 1.5;

export function raised(scene: RaisedScene, placed: readonly Placed[], raise: Raise): FindingDraft {
  const { top, p, isStrong } = raise;
  const shownFrom = Math.min(top.score, scene.strongScore) - companionMargin;
  const shown = [top, ...placed.filter((entry) => entry !== top && entry.score >= shownFrom)].slice(0, evidenceMax);
  return {
    kind: 'instruction-in-data',
    severity: isStrong && !scene.isExpected ? 'high' : isStrong || p.pValue < 0.01 ? 'medium' : 'low',
    score: top.score,
    pValue: p.pValue,
    sampleSize: p.sampleSize,
    sentence: sentenceOf(scene, raise).slice(0, 1000),
    features: {
      score: top.score, textModel: top.window.score, novelty: top.novelty, strong: isStrong ? 1 : 0, uncalibrated: p.isCalibrated ? 0 : 1, wrapped: top.window.wrapped ? 1 : 0, windows: shown.length,
      observerAbsent: scene.state === 'absent' ? 1 : 0, observerLate: scene.state === 'late' ? 1 : 0, ...(top.seen !== undefined && { observer: top.seen }),
    },
    evidence: shown.map(({ leaf, window }) => spanEvidence({ observationId: scene.observationId, leaf, start: window.start, end: window.end, text: window.plain })),
  };
}

function sentenceOf(scene: RaisedScene, { top, p }: Raise): string {
  const { window, leaf, novelty, score } = top;
  const place = scene.isExpected ? 'a text that may instruct the agent' : 'data';
  const reasons = [...reasonsOf(window.plain, scene), ...(novelty > 0.5 ? ['unlike what this field held before'] : []), ...(window.wrapped ? ['it was packed or hidden'] : [])];
  const why = reasons.length === 0 ? '' : ` What speaks for it: ${reasons.join('; ')}.`;
  const compared = p.isCalibrated ? `${p.sampleSize} clean results of this tool` : `${p.sampleSize} clean results of other tools (uncalibrated: this tool has too little history)`;
  return `An instruction seems to stand in ${place}, at ${leaf.path.slice(0, 120)}: "${printable(window.plain).slice(0, 200)}" (score ${score.toFixed(1)}; p = ${p.pValue.toPrecision(2)} against ${compared}).${why} ${observerWords(scene, top)}`;
}

function observerWords({ state, problem }: RaisedScene, { seen }: Placed): string {
  if (state === 'absent') return 'Observer: absent.';
  if (state === 'late') return `Observer: no answer (${problem ?? 'unknown'}).`;
  if (seen === undefined) return 'Observer: not asked, the text model was sure.';
  return `Observer: ${seen > 0 ? 'reads it as an instruction' : 'reads no instruction in it'} (${seen.toFixed(1)}).`;
}
