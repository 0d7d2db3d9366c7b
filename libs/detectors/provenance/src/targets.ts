/** What a call acts on or where it sends: whole values of target-like parameters, and addresses, links and ids anywhere in its arguments. */
import type { Leaf } from './leaves.js';
import { folded } from './text.js';
import { nameWords } from './tool.js';
import type { TokenBuffer, Vocabulary } from './vocabulary.js';
import { contentWords, targetWords } from './words.js';

const targetCharsMin = 2;
const targetCharsMax = 200;
export const targetsMax = 64;

export interface Target {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
  /** Folded characters as written. */
  readonly value: string;
  /** Id of the token when the target is an entity, compared instead of characters; else 0. */
  readonly id: number;
}

/** Adds the targets of one leaf, whose tokens stand in `tokens`. */
export function addTargets(from: { leaf: Leaf; ordinal: number; lower: string; tokens: TokenBuffer; vocabulary: Vocabulary }, into: Target[]): void {
  const { leaf, ordinal, lower, tokens, vocabulary } = from;
  let named = false;
  for (let at = 0; at < tokens.count && into.length < targetsMax; at++) {
    const id = tokens.ids[at] ?? 0;
    if (!vocabulary.isNaming(id)) continue;
    named = true;
    const [start, end] = [tokens.starts[at] ?? 0, tokens.ends[at] ?? 0];
    into.push({ leaf: ordinal, start, end, value: lower.slice(start, end), id });
  }
  if (named || into.length >= targetsMax || !namesTarget(leaf.path)) return;
  const value = folded(leaf.text.trim());
  if (value.length < targetCharsMin || value.length > targetCharsMax) return;
  const start = leaf.text.search(/\S/);
  into.push({ leaf: ordinal, start, end: start + value.length, value, id: 0 });
}

const pathsKept = 4_096;
const answers = new Map<string, boolean>();

/** Pure; remembered because calls repeat their parameters. */
function namesTarget(path: string): boolean {
  const known = answers.get(path);
  if (known !== undefined) return known;
  if (answers.size >= pathsKept) answers.clear();
  const answer = lastNameIsTarget(path);
  answers.set(path, answer);
  return answer;
}

/** The last name in a path decides: `to`, `recipients[0]`, `file_id`, `channelName`. */
function lastNameIsTarget(path: string): boolean {
  const last = /([A-Za-z_$][\w$]*)(?:\[\d+\])*$/.exec(path)?.[1] ?? '';
  const words = nameWords(last);
  return words.some((word) => targetWords.has(word)) || (targetWords.has(last.toLowerCase()) && !contentWords.has(last.toLowerCase()));
}
