/**
 * What a window looks like, in numbers: structure that any instruction has, runs of parts of speech, and hashed n-grams in which only grammar's own words are words.
 * FT1. Attack-agnostic: nothing here knows a phrase of any attack or benchmark.
 * FT2. Deterministic and bounded: `structureNames.length` numbers, at most `gramsPerToken` n-grams and three runs per token.
 * FT3. Nouns, names and verbs are never features: a model that learns a few hundred texts' words fails on the next source (0.79 against 0.95
 *      AUROC with one source left out).
 * FT4. A page is filled again and again; no memory is taken per window.
 */
import { clauseStart, isGrammar, nothingBefore, runOf } from './skeleton.js';
import { structureNames, structureOf } from './structure.js';
import { emptyScan, scanTokens, tokensMax, type TokenScan } from './tokens.js';
import type { Vocabulary } from './vocabulary.js';
import { mixed } from './word-hash.js';

export const gramBits = 16;
const gramsPerToken = 2;
const runsPerToken = 3;

/** One window's features; only the first `gramCount` and `runCount` entries mean anything. */
export interface FeaturePage {
  readonly tokens: TokenScan;
  /** In the order of `structureNames`. */
  readonly structure: Float64Array;
  /** Hashed runs of two and three words or their parts, `0..2^gramBits`, with repeats. */
  readonly grams: Int32Array;
  gramCount: number;
  /** Runs of up to three parts of speech (see `skeleton`). */
  readonly runs: Int32Array;
  runCount: number;
}

export function emptyPage(): FeaturePage {
  return { tokens: emptyScan(), structure: new Float64Array(structureNames.length), grams: new Int32Array(gramsPerToken * tokensMax), gramCount: 0, runs: new Int32Array(runsPerToken * tokensMax), runCount: 0 };
}

/** Fills `page` with the features of `plain[start, end)`. */
export function fillFeatures(page: FeaturePage, plain: string, { start, end, vocabulary }: { readonly start: number; readonly end: number; readonly vocabulary: Vocabulary }): void {
  scanTokens(page.tokens, plain, { start: afterLabel(plain, start, end), end });
  structureOf(page.structure, page.tokens, vocabulary);
  fillGrams(page);
  fillRuns(page);
}

const labelCharactersMax = 32;
const labelledMin = 8;

/**
 * Past `- ` and `name: `, as in YAML and lists: a field's name says where a text stands, not what it says.
 * Only a name in small letters is one; "Note:" and "SYSTEM:" are part of what is said.
 */
function afterLabel(plain: string, start: number, end: number): number {
  let at = start;
  while (at < end && (plain.charCodeAt(at) === 45 || plain.charCodeAt(at) <= 32)) at += 1;
  const first = at;
  while (at < end && at - first < labelCharactersMax && isNameCode(plain.charCodeAt(at))) at += 1;
  const isLabel = at > first && plain.charCodeAt(at) === 58 && plain.charCodeAt(at + 1) === 32 && end - at > labelledMin;
  return isLabel ? at + 2 : start;
}

function isNameCode(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || code === 95;
}

/** A page of its own for one text: for training, where speed matters less than keeping. */
export function featuresOf(plain: string, vocabulary: Vocabulary): WindowFeatures {
  fillFeatures(own, plain, { start: 0, end: plain.length, vocabulary });
  const { tokens, structure, grams, gramCount, runs, runCount } = own;
  return { structure: structure.slice(), grams: grams.slice(0, gramCount), runs: runs.slice(0, runCount), words: Array.from(tokens.hashes.subarray(0, tokens.count)) };
}

export interface WindowFeatures {
  readonly structure: Float64Array;
  readonly grams: Int32Array;
  readonly runs: Int32Array;
  /** Hashes of the window's words, in order. */
  readonly words: readonly number[];
}

const own = emptyPage();
const gramMask = (1 << gramBits) - 1;
const categorySalt = 0x2545f491;
const clauseSalt = 77;

/** Runs of two and three; a word that any grammar needs stands for itself, every other one for its part of speech. */
function fillGrams(page: FeaturePage): void {
  const { tokens, grams } = page;
  const { hashes, categories, opensClause, count } = tokens;
  let found = 0;
  let before = 0;
  let pairBefore = 0;
  for (let at = 0; at < count; at += 1) {
    const category = categories[at] ?? 0;
    const hash = isGrammar(category) ? (hashes[at] ?? 0) : Math.imul(category + 1, categorySalt);
    if (opensClause[at] === 1) {
      before = clauseSalt;
      pairBefore = 0;
    }
    const pair = mixed(before, hash);
    grams[found++] = pair & gramMask;
    if (pairBefore !== 0) grams[found++] = mixed(pairBefore, hash) & gramMask;
    pairBefore = pair;
    before = hash;
  }
  page.gramCount = found;
}

function fillRuns(page: FeaturePage): void {
  const { tokens, runs } = page;
  const { categories, opensClause, count } = tokens;
  let found = 0;
  let before = clauseStart;
  let earlier = nothingBefore;
  for (let at = 0; at < count; at += 1) {
    if (at > 0 && opensClause[at] === 1) {
      earlier = nothingBefore;
      before = clauseStart;
    }
    const category = categories[at] ?? 0;
    runs[found++] = runOf(nothingBefore, nothingBefore, category);
    runs[found++] = runOf(nothingBefore, before, category);
    if (earlier !== nothingBefore) runs[found++] = runOf(earlier, before, category);
    earlier = before;
    before = category;
  }
  page.runCount = found;
}
