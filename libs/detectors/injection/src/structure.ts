/**
 * Structure that any instruction has, whoever wrote it: moods, addressees, order of steps, things to act on.
 * ST1. `structureNames` names each number, and `structureWords` says it to a person.
 */
import { classBits, wordClass } from './lexicon.js';
import type { TokenScan } from './tokens.js';
import type { Vocabulary } from './vocabulary.js';
import { mixed } from './word-hash.js';

/** Each feature, in the words a finding uses for it. */
export const structureWords = {
  opensWithCommand: 'opens with a command', commands: 'commands', commandAfterPause: 'a command after a courtesy or a pause', you: 'speaks to "you"', duty: 'must or should',
  order: 'words that put steps in order', secrecy: 'words of secrecy', machine: 'speaks of assistants, tasks or instructions', override: 'words that set something aside', please: 'please',
  credential: 'secrets or accounts', self: 'speaks as "I" or "we"', subject: 'speaks of a user or a person', urgency: 'urgency', commandOnThing: 'a command with an address, link, path or number',
  email: 'mail addresses', link: 'links', path: 'paths', identifier: 'identifiers', ownTool: 'names of this agent\'s tools or arguments', ownWords: 'words of this agent\'s tool names',
  roleMarker: 'a header that speaks as a party of the conversation', shouted: 'capitals', short: 'few words', long: 'many words', commandAndMachine: 'a command to an assistant',
  overrideAndMachine: 'setting aside instructions', youAndDuty: '"you" with must or should', negation: 'not or never', commandClauses: 'clauses that open with a command',
  question: 'a question', modal: 'can, could or would', third: 'he, she, it or they', past: 'words in the past', going: 'words in -ing', named: 'a command and a name', opensAsPerson: 'opens with somebody acting',
} as const;
export const structureNames = Object.keys(structureWords) as (keyof typeof structureWords)[];

const saturatedAt = [0, 0.6, 0.85, 1] as const;
const saturated = (count: number): number => saturatedAt[count < 3 ? count : 3] ?? 1;

const bits = Object.fromEntries(Object.entries(wordClass).map(([name, mask]) => [name, 31 - Math.clz32(mask)])) as Record<keyof typeof wordClass, number>;
const counts = new Uint8Array(classBits);

/** Fills `structure` in the order of `structureNames`. */
export function structureOf(structure: Float64Array, tokens: TokenScan, vocabulary: Vocabulary): void {
  const { email, link, path, number, identifierCount, shouted, roleMarker, count } = tokens;
  countClasses(tokens);
  const of = (bit: number): number => saturated(counts[bit] ?? 0);
  const opens = opensWithCommand(tokens) ? 1 : 0;
  const { afterPause, clauses } = placesOfCommands(tokens);
  const commanded = opens + afterPause > 0 ? 1 : 0;
  const machine = of(bits.machine);
  const override = of(bits.override);
  const you = of(bits.you);
  const duty = of(bits.duty);
  const { past, going, names } = endings(tokens);
  let n = 0;
  structure[n++] = opens;
  structure[n++] = of(bits.command);
  structure[n++] = saturated(afterPause);
  structure[n++] = you;
  structure[n++] = duty;
  structure[n++] = of(bits.order);
  structure[n++] = of(bits.secrecy);
  structure[n++] = machine;
  structure[n++] = override;
  structure[n++] = of(bits.please);
  structure[n++] = of(bits.credential);
  structure[n++] = of(bits.self);
  structure[n++] = of(bits.subject);
  structure[n++] = of(bits.urgency);
  structure[n++] = commanded === 1 && email + link + path + number > 0 ? 1 : 0;
  structure[n++] = saturated(email);
  structure[n++] = saturated(link);
  structure[n++] = saturated(path);
  structure[n++] = saturated(identifierCount);
  structure[n++] = saturated(ownNames(tokens, vocabulary));
  structure[n++] = saturated(ownPairs(tokens, vocabulary));
  structure[n++] = roleMarker ? 1 : 0;
  structure[n++] = saturated(shouted);
  structure[n++] = count < 5 ? 1 : 0;
  structure[n++] = Math.min(1, count / 40);
  structure[n++] = commanded * machine;
  structure[n++] = override * machine;
  structure[n++] = you * duty;
  structure[n++] = of(bits.negation);
  structure[n++] = saturated(clauses);
  structure[n++] = of(bits.question);
  structure[n++] = of(bits.modal);
  structure[n++] = of(bits.third);
  structure[n++] = saturated(past);
  structure[n++] = saturated(going);
  structure[n++] = commanded === 1 && names > 0 ? 1 : 0;
  structure[n] = opensAsPerson(tokens) ? 1 : 0;
}

function countClasses({ classes, count }: TokenScan): void {
  counts.fill(0);
  for (let at = 0; at < count; at += 1) {
    for (let left = classes[at] ?? 0; left !== 0; left &= left - 1) {
      const bit = 31 - Math.clz32(left & -left);
      counts[bit] = (counts[bit] ?? 0) + 1;
    }
  }
}

function placesOfCommands({ classes, opensClause, count }: TokenScan): { afterPause: number; clauses: number } {
  let afterPause = 0;
  let clauses = 0;
  let previous = 0;
  for (let at = 0; at < count; at += 1) {
    const mask = classes[at] ?? 0;
    if ((mask & wordClass.command) !== 0) {
      if ((previous & wordClass.pause) !== 0) afterPause += 1;
      if (opensClause[at] === 1) clauses += 1;
    }
    previous = mask;
  }
  return { afterPause, clauses };
}

/** A bare verb first (after courtesies and headers), followed by something that is not a verb of a clause: "Send the file", not "Reply was sent". */
function opensWithCommand({ classes, count }: TokenScan): boolean {
  for (let at = 0; at < Math.min(count - 1, 4); at += 1) {
    const mask = classes[at] ?? 0;
    if ((mask & wordClass.command) !== 0) return ((classes[at + 1] ?? 0) & wordClass.being) === 0;
    if ((mask & wordClass.pause) === 0 && at > 1) return false;
  }
  return false;
}

function opensAsPerson({ classes, categories, count }: TokenScan): boolean {
  if (count < 2) return false;
  const first = classes[0] ?? 0;
  const next = categories[1] ?? 0;
  return (first & (wordClass.self | wordClass.third | wordClass.article)) !== 0 || (categories[0] === 21 && (next === 17 || next === 8 || next === 20 || next === 27));
}

function endings({ categories, count }: TokenScan): { past: number; going: number; names: number } {
  let past = 0;
  let going = 0;
  let names = 0;
  for (let at = 0; at < count; at += 1) {
    const category = categories[at] ?? 0;
    if (category === 17) past += 1;
    else if (category === 18) going += 1;
    else if (category === 21 && at > 0) names += 1;
  }
  return { past, going, names };
}

function ownNames({ identifiers, identifierCount, hashes, count }: TokenScan, { names }: Vocabulary): number {
  if (names.size === 0) return 0;
  let found = 0;
  for (let at = 0; at < identifierCount; at += 1) if (names.has(identifiers[at] ?? 0)) found += 1;
  for (let at = 0; at < count; at += 1) if (names.has(hashes[at] ?? 0)) found += 1;
  return found;
}

function ownPairs({ hashes, count }: TokenScan, { pairs }: Vocabulary): number {
  if (pairs.size === 0) return 0;
  let found = 0;
  for (let at = 1; at < count; at += 1) if (pairs.has(mixed(hashes[at - 1] ?? 0, hashes[at] ?? 0))) found += 1;
  return found;
}
