/**
 * A call's arguments as its rules see them: the tokens of each leaf, what they weigh, and who brought them in.
 * CV1. Work is bounded: at most `leafTokensMax` tokens of a leaf count for the score, and `distinctMax` of a call at all.
 */
import type { Document } from './document.js';
import { folded } from './text.js';
import type { Session } from './memory.js';
import type { Indexer } from './content.js';
import { addTargets, type Target } from './targets.js';

export const leafTokensMax = 64;
const leafScanMax = leafTokensMax * 8;
const distinctMax = 4_096;
const longLeafChars = 80;
const leafWeightMax = 2;

export interface LeafView {
  readonly ordinal: number;
  /** Ordinals of its distinct tokens in `CallView.ids`; marks left out. */
  readonly tokens: readonly number[];
  readonly long: boolean;
}

export interface CallView {
  readonly document: Document;
  /** Distinct tokens of all leaves, those that count for the score first. */
  readonly ids: readonly number[];
  /** How many of `ids` count for the score. */
  readonly scored: number;
  /** Of each scored token: a leaf weighs at most `leafWeightMax`, so that a long text does not drown an address. */
  readonly weights: readonly number[];
  /** Of each scored token: did the task or the agent bring it in, or does an operator vouch for it? */
  readonly users: readonly boolean[];
  readonly leaves: readonly LeafView[];
  readonly targets: readonly Target[];
}

export function callView(document: Document, { session, indexer, isKnown }: { session: Session; indexer: Indexer; isKnown: ((id: number) => boolean) | undefined }): CallView {
  const { vocabulary, buffer } = indexer;
  const ordinals = new Map<number, number>();
  const ids: number[] = [];
  const weights: number[] = [];
  const leaves: LeafView[] = [];
  const rest: number[] = [];
  const targets: Target[] = [];
  document.leaves.forEach((leaf, ordinal) => {
    const lower = folded(leaf.text);
    buffer.count = 0;
    vocabulary.scan(lower, { start: 0, end: lower.length }, buffer);
    addTargets({ leaf, ordinal, lower, tokens: buffer, vocabulary }, targets);
    const tokens: number[] = [];
    let raw = 0;
    for (let at = 0; at < buffer.count; at++) {
      const id = buffer.ids[at] ?? 0;
      if (vocabulary.isMark(id) || at >= leafScanMax || tokens.length >= leafTokensMax) {
        if (rest.length < distinctMax) rest.push(id);
        continue;
      }
      const known = ordinals.get(id);
      const token = known ?? ids.length;
      if (known === undefined) {
        ordinals.set(id, token);
        ids.push(id);
        weights.push(0);
      }
      if (tokens.includes(token)) continue;
      tokens.push(token);
      raw += vocabulary.weightOf(id);
    }
    if (tokens.length === 0) return;
    const scale = raw > leafWeightMax ? leafWeightMax / raw : 1;
    for (const token of tokens) weights[token] = Math.max(weights[token] ?? 0, vocabulary.weightOf(ids[token] ?? 0) * scale);
    leaves.push({ ordinal, tokens, long: leaf.text.length > longLeafChars });
  });
  const scored = ids.length;
  const users = ids.map((id) => session.taskTokens.has(id) || session.own.has(id) || isKnown?.(id) === true);
  for (const id of new Set(rest)) if (!ordinals.has(id) && ids.length < scored + distinctMax) ids.push(id);
  return { document, ids, scored, weights, users, leaves, targets };
}
