/**
 * Puts taps in front of the servers of one configuration text, and takes them away. Pure.
 * ET1. Outside the command and the arguments of an edited entry no character changes.
 * ET2. An edited text is read again and compared: but for the edited members it must say what it said before, else nothing is returned.
 * ET3. An entry that already starts a tap is left as it is, so that twice is once.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Format } from './client-table.js';
import { notations } from './notations.js';
import { privateValues, secretWords } from './secrets.js';
import { serverEntries, valueAt, type ServerEntry } from './server-entries.js';
import { unwrapSplices, wrapSplices } from './splice-words.js';
import { parseTapWords, tapWords, type TapCommand, type TapOptions } from './tap-words.js';
import { spliced, type Splice } from './text-tree.js';

export type EntryState =
  | { readonly state: 'wrapped'; readonly before: readonly string[]; readonly after: readonly string[]; readonly commandText: string; readonly hadArgs: boolean; readonly secrets: readonly string[] }
  | { readonly state: 'unwrapped'; readonly before: readonly string[]; readonly after: readonly string[] }
  | { readonly state: 'already'; readonly tap: TapCommand }
  | { readonly state: 'bare'; readonly words: readonly string[] }
  | { readonly state: 'remote'; readonly url: string; readonly urlMember: string; readonly signIn: string | undefined }
  | { readonly state: 'other'; readonly why: string };

export type EntryReport = EntryState & { readonly name: string; readonly path: readonly string[]; /** Never to be printed. */ readonly privateValues: readonly string[] };

export type Edited =
  | { readonly ok: true; readonly text: string; readonly entries: readonly EntryReport[] }
  | { readonly ok: false; readonly problem: string };

/** Where the entries are, and how the text is written. */
export interface Shape {
  readonly format: Format;
  readonly servers: readonly (readonly string[])[];
}

const serverNameCharactersMax = 128;

/** What is there, without an edit. */
export function readText(text: string, shape: Shape): Edited {
  return edited(text, shape, (entry) => ({ report: reported(entry), splices: [] }));
}

/** @param only names of servers; absent: all. */
export function wrapText(text: string, shape: Shape, options: { readonly tap: TapOptions; readonly only?: ReadonlySet<string> | undefined }): Edited {
  const notation = notations[shape.format];
  return edited(text, shape, (entry) => {
    const report = reported(entry);
    if (entry.is.kind !== 'stdio' || report.state !== 'bare' || options.only?.has(entry.name) === false) return { report, splices: [] };
    if (entry.name.length === 0 || entry.name.length > serverNameCharactersMax) return { report: named(entry, { state: 'other', why: `its name is not 1 to ${serverNameCharactersMax} characters long` }), splices: [] };
    const { place, words } = entry.is;
    const prefix = tapWords(entry.name, options.tap);
    const commandText = place.kind === 'text' ? text.slice(place.scalar.span.start, place.scalar.span.end) : '';
    const hadArgs = place.kind === 'list' || place.args !== undefined;
    const state = { state: 'wrapped' as const, before: words, after: [...prefix, ...words], commandText, hadArgs, secrets: secretWords(words) };
    return { report: named(entry, state), splices: wrapSplices({ text, notation }, place, prefix) };
  });
}

/** How an entry was written before it was wrapped, where that is known. */
export interface FormerEntry {
  readonly path: readonly string[];
  readonly commandText: string;
  readonly hadArgs: boolean;
}

export function unwrapText(text: string, shape: Shape, options: { readonly former?: readonly FormerEntry[]; readonly only?: ReadonlySet<string> | undefined } = {}): Edited {
  const notation = notations[shape.format];
  return edited(text, shape, (entry) => {
    const report = reported(entry);
    if (entry.is.kind !== 'stdio' || report.state !== 'already' || options.only?.has(entry.name) === false) return { report, splices: [] };
    const { prefixWords, inner } = report.tap;
    const [program] = inner;
    if (prefixWords === undefined || program === undefined) return { report: named(entry, { state: 'other', why: 'its tap has no command of its own behind `--`; change it by hand' }), splices: [] };
    const former = options.former?.find(({ path }) => isDeepStrictEqual(path, entry.path));
    const commandText = former !== undefined && says(former.commandText, program, shape) ? former.commandText : notation.quote(program);
    const splices = unwrapSplices({ text, notation }, entry.is.place, { commandText, hadArgs: former?.hadArgs ?? true, prefixWords });
    return { report: named(entry, { state: 'unwrapped', before: entry.is.words, after: inner }), splices };
  });
}

interface Step {
  readonly report: EntryReport;
  readonly splices: readonly Splice[];
}

function edited(text: string, shape: Shape, step: (entry: ServerEntry) => Step): Edited {
  const notation = notations[shape.format];
  const parsed = notation.parse(text);
  if (!parsed.ok) return { ok: false, problem: `it cannot be read as ${shape.format.toUpperCase()}: ${parsed.problem}` };
  const entries = serverEntries(parsed, shape.servers);
  if (typeof entries === 'string') return { ok: false, problem: entries };
  const isSound = (some: readonly Step[]): boolean => saysTheSame({ value: parsed.value, fresh: freshText(text, some), shape }, some.flatMap(({ report, splices }) => (splices.length === 0 ? [] : [report])));
  const all = entries.map(step);
  // One entry that is written in a way that cannot be edited keeps no other from being edited.
  const steps = isSound(all) ? all : all.map((one, at) => (one.splices.length === 0 || isSound([one]) ? one : { report: leftAlone(entries[at], one), splices: [] }));
  if (!isSound(steps)) return { ok: false, problem: 'an edit would have changed more than the commands, because of the way the file is written; it was left alone' };
  return { ok: true, text: freshText(text, steps), entries: steps.map(({ report }) => report) };
}

function freshText(text: string, steps: readonly Step[]): string {
  return spliced(text, steps.flatMap(({ splices }) => splices));
}

function leftAlone(entry: ServerEntry | undefined, { report }: Step): EntryReport {
  const why = 'it is written in a way that cannot be edited without changing more than its command; change it by hand';
  return entry === undefined ? report : named(entry, { state: 'other', why });
}

/** ET2: the new text with the old commands put back says what the old text said, and the new commands are the ones meant. */
function saysTheSame({ value, fresh, shape }: { readonly value: unknown; readonly fresh: string; readonly shape: Shape }, changed: readonly EntryReport[]): boolean {
  if (changed.length === 0) return true;
  const parsed = notations[shape.format].parse(fresh);
  if (!parsed.ok) return false;
  const entries = serverEntries(parsed, shape.servers);
  if (typeof entries === 'string') return false;
  for (const report of changed) {
    const now = entries.find(({ path }) => isDeepStrictEqual(path, report.path));
    if (now?.is.kind !== 'stdio' || !('after' in report) || !isDeepStrictEqual(now.is.words, report.after)) return false;
    putBack(valueAt(parsed.value, report.path), valueAt(value, report.path));
  }
  return isDeepStrictEqual(parsed.value, value);
}

function putBack(now: unknown, before: unknown): void {
  if (typeof now !== 'object' || now === null || typeof before !== 'object' || before === null) return;
  for (const key of ['command', 'cmd', 'args']) {
    if (Object.hasOwn(before, key)) Object.assign(now, { [key]: (before as Readonly<Record<string, unknown>>)[key] });
    else Reflect.deleteProperty(now, key);
  }
}

function reported(entry: ServerEntry): EntryReport {
  const { is } = entry;
  if (is.kind === 'other') return named(entry, { state: 'other', why: is.why });
  if (is.kind === 'remote') return named(entry, { state: 'remote', url: is.url, urlMember: is.urlMember, signIn: is.signIn });
  const tap = parseTapWords(is.words);
  return named(entry, tap === undefined ? { state: 'bare', words: is.words } : { state: 'already', tap });
}

function named({ name, path, value, is }: ServerEntry, state: EntryState): EntryReport {
  const words = is.kind === 'stdio' ? secretWords(is.words) : is.kind === 'remote' ? secretWords([is.url]) : [];
  return { ...state, name, path, privateValues: [...words, ...privateValues(value)] };
}

/** Is this text, as a value of the notation, the program it should be? */
function says(commandText: string, program: string, { format }: Shape): boolean {
  const sample = { json: `{"command":${commandText}}`, toml: `command = ${commandText}`, yaml: `command: ${commandText}` }[format];
  const parsed = notations[format].parse(sample);
  return parsed.ok && valueAt(parsed.value, ['command']) === program;
}
