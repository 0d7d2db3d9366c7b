/**
 * What a window looks like, in numbers: structure that any instruction has, and hashed word n-grams.
 * FT1. Attack-agnostic: nothing here knows a phrase of any attack or benchmark.
 * FT2. Deterministic and bounded: `structureNames.length` numbers, at most three n-grams per token.
 */
import { classBits, wordClass } from './lexicon.js';
import { tokensOf, type Tokens } from './tokens.js';
import { mixed } from './word-hash.js';

export const gramBits = 16;

export const structureNames = [
  'opensWithCommand', 'commands', 'commandAfterPause', 'you', 'duty', 'order', 'secrecy', 'machine', 'override', 'please', 'credential', 'self',
  'subject', 'urgency', 'commandOnThing', 'email', 'link', 'path', 'identifier', 'ownTool', 'ownWords', 'roleMarker', 'shouted', 'short', 'long',
  'commandAndMachine', 'overrideAndMachine', 'youAndDuty', 'negation',
] as const;

/** The names of this domain's own tools and arguments, as the agent could be told them; hashed (see `word-hash`). */
export interface Vocabulary {
  /** Names as listed, lower case. */
  readonly names: ReadonlySet<number>;
  /** Adjacent words of tool names, e.g. `send email` for `send_email`. */
  readonly pairs: ReadonlySet<number>;
}

export interface WindowFeatures {
  /** In the order of `structureNames`. */
  readonly structure: readonly number[];
  /** Hashed 1–3-grams, `0..2^gramBits`, with repeats. */
  readonly grams: readonly number[];
  readonly tokens: Tokens;
}

export function featuresOf(plain: string, vocabulary: Vocabulary): WindowFeatures {
  const tokens = tokensOf(plain);
  return { structure: structureOf(tokens, vocabulary), grams: gramsOf(tokens.hashes), tokens };
}

const saturated = (count: number) => (count === 0 ? 0 : count === 1 ? 0.6 : count === 2 ? 0.85 : 1);

function structureOf(tokens: Tokens, vocabulary: Vocabulary): number[] {
  const { classes, email, link, path, number, identifiers, shouted, roleMarker } = tokens;
  const counts = countClasses(classes);
  const of = (bit: number) => saturated(counts[bit] ?? 0);
  const opens = opensWithCommand(classes) ? 1 : 0;
  const afterPause = counts[classBits] ?? 0;
  const commanded = opens + afterPause > 0 ? 1 : 0;
  const machine = of(bits.machine);
  const override = of(bits.override);
  const you = of(bits.you);
  const duty = of(bits.duty);
  return [
    opens, of(bits.command), saturated(afterPause), you, duty, of(bits.order), of(bits.secrecy), machine, override,
    of(bits.please), of(bits.credential), of(bits.self), of(bits.subject), of(bits.urgency),
    commanded === 1 && email + link + path + number > 0 ? 1 : 0, saturated(email), saturated(link), saturated(path), saturated(identifiers.length),
    saturated(ownNames(tokens, vocabulary)), saturated(ownPairs(tokens, vocabulary)), roleMarker ? 1 : 0, saturated(shouted),
    classes.length < 5 ? 1 : 0, Math.min(1, classes.length / 40), commanded * machine, override * machine, you * duty, of(bits.negation),
  ];
}

const bits = Object.fromEntries(Object.entries(wordClass).map(([name, mask]) => [name, 31 - Math.clz32(mask)])) as Record<keyof typeof wordClass, number>;

/** Words by class bit; one more place for commands right after a pause. */
function countClasses(classes: readonly number[]): Uint8Array {
  const counts = new Uint8Array(classBits + 1);
  let previous = 0;
  for (const mask of classes) {
    for (let left = mask; left !== 0; left &= left - 1) {
      const bit = 31 - Math.clz32(left & -left);
      counts[bit] = (counts[bit] ?? 0) + 1;
    }
    if ((mask & wordClass.command) !== 0 && (previous & wordClass.pause) !== 0) counts[classBits] = (counts[classBits] ?? 0) + 1;
    previous = mask;
  }
  return counts;
}

/** A bare verb first (after courtesies and headers), followed by something that is not a verb of a clause: "Send the file", not "Reply was sent". */
function opensWithCommand(classes: readonly number[]): boolean {
  for (let at = 0; at < Math.min(classes.length - 1, 4); at += 1) {
    const mask = classes[at] ?? 0;
    if ((mask & wordClass.command) !== 0) return ((classes[at + 1] ?? 0) & wordClass.being) === 0;
    if ((mask & wordClass.pause) === 0 && at > 1) return false;
  }
  return false;
}

function ownNames({ identifiers, hashes }: Tokens, { names }: Vocabulary): number {
  if (names.size === 0) return 0;
  let found = 0;
  for (const name of identifiers) if (names.has(name)) found += 1;
  for (const word of hashes) if (names.has(word)) found += 1;
  return found;
}

function ownPairs({ hashes }: Tokens, { pairs }: Vocabulary): number {
  if (pairs.size === 0) return 0;
  let found = 0;
  for (let at = 1; at < hashes.length; at += 1) if (pairs.has(mixed(hashes[at - 1] ?? 0, hashes[at] ?? 0))) found += 1;
  return found;
}

const gramMask = (1 << gramBits) - 1;

function gramsOf(hashes: readonly number[]): number[] {
  const grams: number[] = [];
  let before = 0;
  let pairBefore = 0;
  for (const hash of hashes) {
    grams.push(hash & gramMask);
    const pair = before === 0 ? 0 : mixed(before, hash);
    if (before !== 0) grams.push(pair & gramMask);
    if (pairBefore !== 0) grams.push(mixed(pairBefore, hash) & gramMask);
    pairBefore = pair;
    before = hash;
  }
  return grams;
}
