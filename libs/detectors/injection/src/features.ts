/**
 * What a window looks like, in numbers: structure that any instruction has, and hashed word n-grams.
 * FT1. Attack-agnostic: nothing here knows a phrase of any attack or benchmark.
 * FT2. Deterministic and bounded: `structureNames.length` numbers, at most three n-grams per token.
 */
import { classesOf, wordClass } from './lexicon.js';
import { tokensOf, type Tokens } from './tokens.js';

export const gramBits = 16;

export const structureNames = [
  'opensWithCommand', 'commands', 'commandAfterPause', 'you', 'duty', 'order', 'secrecy', 'machine', 'override', 'please', 'credential', 'self',
  'subject', 'urgency', 'commandOnThing', 'email', 'link', 'path', 'identifier', 'ownTool', 'ownWords', 'roleMarker', 'shouted', 'short', 'long',
  'commandAndMachine', 'overrideAndMachine', 'youAndDuty', 'negation',
] as const;
export type StructureName = (typeof structureNames)[number];

/** The names of this domain's own tools and arguments, as the agent could be told them. */
export interface Vocabulary {
  /** Names as listed, lower case. */
  readonly names: ReadonlySet<string>;
  /** Adjacent words of tool names, e.g. `send email` for `send_email`. */
  readonly pairs: ReadonlySet<string>;
}

export interface WindowFeatures {
  readonly structure: Float64Array;
  /** Hashed 1–3-grams, `0..2^gramBits`, with repeats. */
  readonly grams: Int32Array;
  readonly tokens: Tokens;
}

export function featuresOf(plain: string, vocabulary: Vocabulary): WindowFeatures {
  const tokens = tokensOf(plain);
  return { structure: structureOf(tokens, vocabulary), grams: gramsOf(tokens.words), tokens };
}

const saturated = (count: number) => (count === 0 ? 0 : count === 1 ? 0.6 : count === 2 ? 0.85 : 1);
const pauses = new Set(['and', 'then', 'please', 'to', 'also', 'must', 'should', 'now', 'always', 'never', 'first', 'you', 'kindly', 'just', 'or']);
const negations = new Set(['not', 'never', "don't", 'don', 'dont', 'without', 'avoid', 'no']);

function structureOf({ words, things, identifiers, shouted, roleMarker }: Tokens, vocabulary: Vocabulary): Float64Array {
  const counts = countClasses(words);
  const opens = opensWithCommand(words) ? 1 : 0;
  const named = identifiers.filter((name) => vocabulary.names.has(name)).length + words.filter((word) => word.length > 5 && vocabulary.names.has(word)).length;
  const onThing = counts.commandAfterPause + opens > 0 && things.email + things.link + things.path + things.number > 0 ? 1 : 0;
  const of = (name: keyof typeof wordClass) => saturated(counts.classes.get(wordClass[name]) ?? 0);
  const commanded = opens + counts.commandAfterPause > 0 ? 1 : 0;
  const values: Record<StructureName, number> = {
    opensWithCommand: opens, commands: of('command'), commandAfterPause: saturated(counts.commandAfterPause), you: of('you'), duty: of('duty'),
    order: of('order'), secrecy: of('secrecy'), machine: of('machine'), override: of('override'), please: of('please'), credential: of('credential'),
    self: of('self'), subject: of('subject'), urgency: of('urgency'), commandOnThing: onThing,
    email: saturated(things.email), link: saturated(things.link), path: saturated(things.path), identifier: saturated(things.identifier),
    ownTool: saturated(named), ownWords: saturated(pairsIn(words, vocabulary)), roleMarker: roleMarker ? 1 : 0, shouted: saturated(shouted),
    short: words.length < 5 ? 1 : 0, long: Math.min(1, words.length / 40),
    commandAndMachine: commanded * of('machine'), overrideAndMachine: of('override') * of('machine'), youAndDuty: of('you') * of('duty'),
    negation: saturated(words.filter((word) => negations.has(word)).length),
  };
  return Float64Array.from(structureNames, (name) => values[name]);
}

function countClasses(words: readonly string[]): { classes: Map<number, number>; commandAfterPause: number } {
  const classes = new Map<number, number>();
  let commandAfterPause = 0;
  let previous = '';
  for (const word of words) {
    const mask = classesOf(word);
    for (let bit = 1; mask >= bit && bit < 1 << 13; bit <<= 1) if (mask & bit) classes.set(bit, (classes.get(bit) ?? 0) + 1);
    if (mask & wordClass.command && pauses.has(previous)) commandAfterPause += 1;
    previous = word;
  }
  return { classes, commandAfterPause };
}

/** A bare verb first (after courtesies and headers), followed by something that is not a verb of a clause: "Send the file", not "Reply was sent". */
function opensWithCommand(words: readonly string[]): boolean {
  for (let at = 0; at < Math.min(words.length - 1, 4); at += 1) {
    const mask = classesOf(words[at] ?? '');
    if (mask & wordClass.command) return !beVerbs.has(words[at + 1] ?? '');
    if (!pauses.has(words[at] ?? '') && at > 1) return false;
  }
  return false;
}

const beVerbs = new Set(['is', 'was', 'are', 'were', 'has', 'had', 'of', 'been']);

function pairsIn(words: readonly string[], { pairs }: Vocabulary): number {
  if (pairs.size === 0) return 0;
  let found = 0;
  for (let at = 1; at < words.length; at += 1) if (pairs.has(`${words[at - 1]} ${words[at]}`)) found += 1;
  return found;
}

const gramMask = (1 << gramBits) - 1;

function gramsOf(words: readonly string[]): Int32Array {
  const grams: number[] = [];
  let before = 0;
  let beforeThat = 0;
  for (const word of words) {
    const hash = hashOf(word);
    grams.push(hash & gramMask);
    if (before !== 0) grams.push(mixed(before, hash) & gramMask);
    if (beforeThat !== 0) grams.push(mixed(mixed(beforeThat, before), hash) & gramMask);
    beforeThat = before;
    before = hash;
  }
  return Int32Array.from(grams);
}

/** FNV-1a, 32 bits; never 0, so that 0 can mean "no word". */
export function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < word.length; n += 1) hash = Math.imul(hash ^ word.charCodeAt(n), 0x01000193);
  return hash ^ (hash >>> 15) || 1;
}

function mixed(left: number, right: number): number {
  const hash = Math.imul(left, 0x9e3779b1) ^ right;
  return Math.imul(hash ^ (hash >>> 13), 0x85ebca6b) ^ (hash >>> 16);
}
