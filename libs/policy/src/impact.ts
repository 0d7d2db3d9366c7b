/**
 * What a tool can do to the world, guessed from its definition; the worst reading wins.
 * IM1. irreversible > egress > write > read.
 * IM2. A read with a parameter named like an address is egress: the request itself carries data out.
 *      So is a free question to the open web, and a read from a host and port of the caller's choosing.
 * IM3. A server's word lowers nothing: `readOnlyHint` alone never makes a tool a read, `destructiveHint: true` makes a non-read irreversible.
 * IM4. What cannot be recognised is a write at least, and open-world.
 * Source: the measured call score's impact class (verb lists, grave nouns, address-like parameters). English names only; an
 * administrator's `tools` entry in the policy beats every guess.
 */
import type { Impact } from '@countersign/contracts';
import type { ToolDefinition } from './call-facts.js';
import {
  codeParameter, egressVerbs, graveNouns, irreversibleVerbs, openQuestion, openWords, outputParameter, questionParameter, readVerbs, recipientParameter, runVerbs,
  urlParameter, vagueVerbs, writeVerbs,
} from './impact-words.js';

export interface ToolClass {
  readonly impact: Impact;
  /** May strangers have written what this tool returns? */
  readonly openWorld: boolean;
  /** One sentence for people: which word decided. */
  readonly why: string;
}

interface Reading {
  readonly impact: Impact;
  readonly why: string;
}

const worst: readonly Impact[] = ['read', 'write', 'egress', 'irreversible'];
const parametersMax = 200;
const schemaDepthMax = 6;

/**
 * @param definition as the server lists it, unchecked; undefined when it was never seen.
 * @param name the called name, which need not exist.
 * O(size of the schema), at most 200 parameters and 6 levels; a schema larger than that is read as far as it goes.
 */
export function classifyTool(definition: ToolDefinition | undefined, name: string): ToolClass {
  const nameWords = wordsOf(name);
  const sentence = firstSentence(definition?.description);
  const sentenceWords = wordsOf(sentence);
  const verb = verbReading(nameWords, sentenceWords);
  const names = [...parameterNames(definition?.inputSchema)];
  const asks = openQuestion.test(`${nameWords.join(' ')} ${sentence}`) ? questionReadings(names, verb) : [];
  const readings = [verb, ...asks, ...parameterReadings(names, verb, definition?.description), ...hintReadings(definition, verb), ...nounReadings(nameWords, verb)];
  const decided = readings.reduce((a, b) => (worst.indexOf(b.impact) > worst.indexOf(a.impact) ? b : a));
  return { ...decided, openWorld: isOpenWorld(definition, nameWords, sentenceWords) };
}

/** IM1: the name's first known verb, the description's first word beside it when it is a verb, else the first four words. */
function verbReading(nameWords: readonly string[], sentenceWords: readonly string[]): Reading {
  const fromName = firstVerb(nameWords, 'its name says');
  const isVague = nameWords.some((word) => vagueVerbs.has(word));
  if (isVague) return worstVerb(sentenceWords.map(verbForm)) ?? { impact: 'irreversible', why: 'its name says only that it manages something, and its description names no verb' };
  const beginning = sentenceWords.slice(0, fromName === undefined ? 4 : 1).map(verbForm);
  const first = firstVerb(fromName?.impact === 'read' ? beginning.filter((word) => !runVerbs.has(word)) : beginning, 'its description says');
  if (fromName === undefined && first === undefined) return { impact: 'write', why: 'no known verb in its name or description, so it is taken to write' };
  if (fromName === undefined || first === undefined) return (fromName ?? first) as Reading;
  return worst.indexOf(first.impact) > worst.indexOf(fromName.impact) ? first : fromName;
}

/** Of a tool that does many things, the worst of them. */
function worstVerb(words: readonly string[]): Reading | undefined {
  const readings = words.flatMap((word) => firstVerb([word], 'among what its description lists is') ?? []);
  return readings.length === 0 ? undefined : readings.reduce((a, b) => (worst.indexOf(b.impact) > worst.indexOf(a.impact) ? b : a));
}

function firstVerb(words: readonly string[], prefix: string): Reading | undefined {
  for (const word of words) {
    const impact = impactOfVerb(word);
    if (impact !== undefined) return { impact, why: `${prefix} "${word}"` };
  }
  return undefined;
}

function impactOfVerb(word: string): Impact | undefined {
  if (irreversibleVerbs.has(word)) return 'irreversible';
  if (egressVerbs.has(word)) return 'egress';
  if (writeVerbs.has(word)) return 'write';
  return readVerbs.has(word) ? 'read' : undefined;
}

function parameterReadings(names: readonly string[], verb: Reading, description = ''): Reading[] {
  const isRead = verb.impact === 'read';
  const address = names.find((name) => urlParameter.test(name)) ?? (names.includes('port') ? names.find((name) => /^(address|ip|server)$/i.test(name)) : undefined);
  const recipient = isRead ? undefined : names.find((name) => recipientParameter.test(name));
  const code = /\bread[- ]?only\b|\bselect\b|\bmath(s|ematical)?\b/i.test(description) ? undefined : names.find((name) => codeParameter.test(name));
  const output = isRead ? names.find((name) => outputParameter.test(name)) : undefined;
  return [
    ...reading(address, 'egress', 'is an address'),
    ...reading(recipient, 'egress', 'names a recipient'),
    ...reading(code, 'write', 'is run as code'),
    ...reading(output, 'write', 'is where it writes its answer'),
  ];
}

function questionReadings(names: readonly string[], verb: Reading): Reading[] {
  return verb.impact === 'irreversible' ? [] : reading(names.find((name) => questionParameter.test(name)), 'egress', 'is a free question to the open web');
}

function reading(parameter: string | undefined, impact: Impact, what: string): Reading[] {
  return parameter === undefined ? [] : [{ impact, why: `its parameter "${parameter}" ${what}` }];
}

function hintReadings(definition: ToolDefinition | undefined, verb: Reading): Reading[] {
  const destructive = hint(definition, 'destructiveHint') === true && verb.impact !== 'read';
  return destructive ? [{ impact: 'irreversible', why: 'its server calls it destructive' }] : [];
}

function nounReadings(nameWords: readonly string[], verb: Reading): Reading[] {
  const noun = verb.impact === 'read' ? undefined : nameWords.find((word) => graveNouns.has(word));
  return noun === undefined ? [] : [{ impact: 'irreversible', why: `it changes something named "${noun}"` }];
}

/** IM4, and the server's own admission. A `false` hint is not believed: its text may still quote strangers. */
function isOpenWorld(definition: ToolDefinition | undefined, nameWords: readonly string[], sentenceWords: readonly string[]): boolean {
  if (definition === undefined || hint(definition, 'openWorldHint') === true) return true;
  return [...nameWords, ...sentenceWords].some((word) => openWords.has(word)) || firstVerb(nameWords, '') === undefined;
}

function hint(definition: ToolDefinition | undefined, name: string): unknown {
  const annotations = definition?.annotations;
  return typeof annotations === 'object' && annotations !== null ? (annotations as Record<string, unknown>)[name] : undefined;
}

/** Property names of a JSON schema, nested ones too; bounded. */
function parameterNames(schema: unknown): ReadonlySet<string> {
  const names = new Set<string>();
  const visit = (node: unknown, depth: number): void => {
    if (typeof node !== 'object' || node === null || depth > schemaDepthMax || names.size >= parametersMax) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties' && typeof value === 'object' && value !== null && !Array.isArray(value)) {
        for (const name of Object.keys(value).slice(0, parametersMax)) names.add(name);
      }
      visit(value, depth + 1);
    }
  };
  visit(schema, 0);
  return names;
}

/** `sendMail2All`, `send-mail`, `mail.send` → lower-case words. */
function wordsOf(text: string): string[] {
  return text
    .slice(0, 400)
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');
}

/** `sends` → `send`. Only in descriptions: a plural in a name (`list_messages`) is a thing, not a verb. */
function verbForm(word: string): string {
  if (impactOfVerb(word) !== undefined) return word;
  if (word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (word.endsWith('ches') || word.endsWith('shes')) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function firstSentence(description: string | undefined): string {
  const text = (description ?? '').slice(0, 600);
  const end = text.search(/[.!?\n](\s|$)/);
  return end < 0 ? text : text.slice(0, end);
}
