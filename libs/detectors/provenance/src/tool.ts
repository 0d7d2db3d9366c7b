/**
 * What a tool is for, from its name, its description and the words in both.
 * TO1. An unknown tool (no definition seen) is understood from its name alone.
 */
import { stemOf, tokenKeys } from './text.js';
import { functionWords, stopWords, verbsByWord, type VerbGroup } from './words.js';
import { member } from './payload.js';
import type { Vocabulary } from './vocabulary.js';

export interface ToolWords {
  /** Stem of the main verb, or empty. */
  readonly verb: string;
  /** `!send` … of the verb and of the description's first word. */
  readonly groups: ReadonlySet<string>;
  readonly nouns: ReadonlySet<string>;
  /** Content words of the description's first sentence. */
  readonly described: ReadonlySet<string>;
}

/** How far a set of tokens asks for this tool: the action and the object, each in the unit interval. */
export interface Match {
  readonly action: number;
  readonly object: number;
}

/** A word of the description is a weaker sign of the object than one of the name. */
export const describedObject = 0.7;
const descriptionCharsMax = 600;
const moneyWords = new Set(['money', 'payment', 'transaction', 'fund', 'funds', 'invoice']);

export function toolWords(name: string, definition?: unknown): ToolWords {
  const words = nameWords(name);
  const said = member(definition, 'description');
  const description = (typeof said === 'string' ? said : '').slice(0, descriptionCharsMax);
  const opening = nameWords(description.slice(0, 80)).slice(0, 4);
  const verb = words.find(isVerb) ?? opening.find(isVerb) ?? '';
  const groups = new Set<string>();
  for (const word of [verb, opening[0] ?? '']) for (const group of groupsOf(word)) groups.add(`!${group}`);
  if (words.some((word) => moneyWords.has(word)) && !groups.has('!get')) groups.add('!pay');
  const nouns = words.filter((word) => word !== verb && !stopWords.has(word)).map(stemOf);
  const sentence = description.split(/\.\s|\n/, 1)[0] ?? '';
  const described = [...tokenKeys(sentence)].filter((key) => !key.startsWith('!') && key !== stemOf(verb));
  return { verb: stemOf(verb), groups, nouns: new Set(nouns), described: new Set(described) };
}

/** The same as ids of a vocabulary. */
export interface ToolIds {
  /** Verb and groups. */
  readonly action: readonly number[];
  readonly nouns: readonly number[];
  readonly described: readonly number[];
}

export function idsOf({ verb, groups, nouns, described }: ToolWords, vocabulary: Vocabulary): ToolIds {
  const ids = (keys: Iterable<string>): number[] => [...keys].filter((key) => key !== '').map((key) => vocabulary.idOf(key));
  return { action: ids([verb, ...groups]), nouns: ids(nouns), described: ids(described) };
}

export function matchOf(tool: ToolIds, has: (id: number) => boolean): Match {
  const action = tool.action.some(has) ? 1 : 0;
  return { action, object: tool.nouns.some(has) ? 1 : tool.described.some(has) ? describedObject : 0 };
}

/** Words of an identifier in any casing. */
export function nameWords(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '' && !(functionWords.has(word) && word.length < 3));
}

function isVerb(word: string): boolean {
  return groupsOf(word).length > 0;
}

function groupsOf(word: string): readonly VerbGroup[] {
  const stem = stemOf(word);
  return verbsByWord.get(word) ?? verbsByWord.get(stem) ?? verbsByWord.get(`${stem}e`) ?? [];
}
