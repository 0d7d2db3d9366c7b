/**
 * Memory as text, and back.
 * SN1. Only what cannot be recomputed is written: texts with their origins, own tokens, histories, tools.
 * SN2. A restored memory answers as the original would: sessions share the ring's documents again, by `seq`. Only since when a word stands in
 *      the open is known no longer than the texts are.
 */
import type { Member, TaskRun } from '@countersign/pipeline';
import { Document, type Origin } from './document.js';
import { entitiesMax, valuesMax, type History } from './history.js';
import { KnownSet } from './known-set.js';
import type { LabelledValues } from './labelled-values.js';
import { leavesOfText } from './leaves.js';
import { emptyMemory, emptySession, type Memory, type Session } from './memory.js';
import { folded } from './text.js';

const format = 'provenance/3';

/** Path, whole string, was it the value of a key. */
type StoredText = readonly [string, string, boolean];
interface StoredDocument extends Omit<Origin, 'labels'> {
  readonly labels: readonly (readonly [number, readonly string[]])[];
  readonly texts: readonly StoredText[];
}
interface StoredSession extends Pick<Session, 'agent' | 'lastAtMs' | 'evictedChars' | 'calls' | 'lessons' | 'vouched' | 'condemned'> {
  readonly read: readonly number[];
  readonly own: readonly string[];
  readonly ownHosts: readonly string[];
  readonly ownValues: readonly string[];
  readonly declassified: readonly (readonly [string, number])[];
  readonly members: readonly (readonly [string, Member])[];
  readonly alarms: readonly string[];
  readonly taskText: string | null;
  readonly score: number | null;
}
interface StoredHistory extends Omit<History, 'tools' | 'values' | 'entities'> {
  readonly tools: readonly (readonly [string, number])[];
  readonly values: ReturnType<KnownSet['entries']>;
  readonly entities: ReturnType<KnownSet['entries']>;
}
interface StoredLabels {
  readonly forgottenChars: number;
  readonly open: readonly string[];
  readonly leaves: readonly { readonly seq: number; readonly leaf: number; readonly names: readonly string[] }[];
}
interface Stored {
  readonly format: string;
  readonly seq: number;
  readonly evictedChars: number;
  readonly documents: readonly StoredDocument[];
  readonly ring: readonly number[];
  readonly labelled: StoredLabels;
  readonly recalled: StoredLabels;
  readonly condemned: readonly string[];
  readonly sessions: readonly (readonly [string, StoredSession])[];
  readonly tasks: readonly (readonly [string, readonly (readonly [string, TaskRun<StoredSession>])[]])[];
  readonly tools: readonly (readonly [string, unknown])[];
  readonly roles: readonly (readonly [string, string])[];
  readonly histories: readonly (readonly [string, StoredHistory])[];
}

export function snapshotOf(memory: Memory): string {
  const ordinals = new Map<Document, number>();
  const ordinal = (document: Document): number => {
    const known = ordinals.get(document) ?? ordinals.size;
    ordinals.set(document, known);
    return known;
  };
  const session = (one: Session): StoredSession => storedSession(one, memory, ordinal);
  const stored: Omit<Stored, 'documents'> = {
    format, seq: memory.seq, evictedChars: memory.evictedChars,
    ring: memory.ring.map(ordinal),
    labelled: storedLabels(memory.labelled, ordinal), recalled: storedLabels(memory.recalled, ordinal), condemned: [...memory.condemned],
    sessions: [...memory.sessions].map(([key, one]) => [key, session(one)]),
    tasks: [...memory.tasks].map(([agent, runs]) => [agent, [...runs].map(([name, run]) => [name, { ...run, session: session(run.session) }])]),
    tools: [...memory.tools], roles: [...memory.roles],
    histories: [...memory.histories].map(([agent, history]) => [agent, { ...history, tools: [...history.tools], values: history.values.entries(), entities: history.entities.entries() }]),
  };
  return JSON.stringify({ ...stored, documents: [...ordinals.keys()].map(storedDocument) });
}

/** @throws when the text is not a snapshot of this version. */
export function restored(text: string): Memory {
  const stored = JSON.parse(text) as Stored;
  if (stored.format !== format) throw new Error(`The snapshot is "${String(stored.format)}", not "${format}"; provenance starts from an empty memory.`);
  const memory = emptyMemory();
  const documents = stored.documents.map((document) => openedDocument(document, memory));
  const pick = (ordinal: number): Document[] => documents.slice(ordinal, ordinal + 1);
  memory.seq = stored.seq;
  memory.evictedChars = stored.evictedChars;
  memory.ring.push(...stored.ring.flatMap(pick));
  memory.ringChars = memory.ring.reduce((sum, { chars }) => sum + chars, 0);
  openLabels(memory.labelled, stored.labelled, pick);
  openLabels(memory.recalled, stored.recalled, pick);
  for (const id of stored.condemned) memory.condemned.add(id);
  for (const [key, session] of stored.sessions) memory.sessions.set(key, openedSession(session, memory, pick));
  for (const [agent, runs] of stored.tasks) memory.tasks.set(agent, new Map(runs.map(([name, run]) => [name, { ...run, session: openedSession(run.session, memory, pick) }])));
  for (const [key, definition] of stored.tools) memory.tools.set(key, definition);
  for (const [agent, role] of stored.roles) memory.roles.set(agent, role);
  for (const [agent, history] of stored.histories) memory.histories.set(agent, openedHistory(history));
  for (const document of memory.ring) noteWords(memory, document);
  return memory;
}

function noteWords(memory: Memory, document: Document): void {
  const ids = [...memory.indexer.idsOf(document.leaves)];
  memory.seen.note(document, ids);
  if (document.origin.writes === true) memory.writers.note(document, ids);
}

function openedHistory(stored: StoredHistory): History {
  const set = (entries: StoredHistory['values'], max: number): KnownSet => {
    const known = new KnownSet(max);
    for (const [low, high, session] of entries) known.add({ low, high }, session);
    return known;
  };
  return { ...stored, tools: new Map(stored.tools), values: set(stored.values, valuesMax), entities: set(stored.entities, entitiesMax) };
}

function storedLabels(labelled: LabelledValues, ordinal: (document: Document) => number): StoredLabels {
  return { forgottenChars: labelled.forgottenChars, open: labelled.openKeys(), leaves: labelled.entries().map((entry) => ({ seq: ordinal(entry.document), leaf: entry.leaf, names: entry.names })) };
}

function openLabels(labelled: LabelledValues, stored: StoredLabels, pick: (ordinal: number) => Document[]): void {
  for (const { seq, leaf, names } of stored.leaves) for (const document of pick(seq)) labelled.add({ document, leaf, names });
  labelled.markOpen(stored.open);
  labelled.forgottenChars = stored.forgottenChars;
}

function storedSession(session: Session, { indexer: { vocabulary } }: Memory, ordinal: (document: Document) => number): StoredSession {
  const { agent, lastAtMs, evictedChars, calls, lessons, vouched, condemned, members, alarms, read, own, ownHosts, ownValues, declassified, scoreMax, taskText } = session;
  const keys = (ids: ReadonlySet<number>): string[] => [...ids].map((id) => vocabulary.keyOf(id));
  return {
    agent, lastAtMs, evictedChars, calls, lessons, vouched, condemned, members: [...members], alarms: [...alarms], read: read.map(ordinal), own: keys(own), ownHosts: keys(ownHosts),
    ownValues: [...ownValues], declassified: [...declassified], taskText: taskText ?? null, score: Number.isFinite(scoreMax) ? scoreMax : null,
  };
}

function openedSession(stored: StoredSession, { indexer }: Memory, pick: (ordinal: number) => Document[]): Session {
  const { read, members, own, ownHosts, ownValues, declassified, taskText, score, alarms, lessons, ...rest } = stored;
  const ids = (keys: readonly string[]): Set<number> => new Set(keys.map((key) => indexer.vocabulary.idOf(key)));
  const documents = read.flatMap(pick);
  return {
    ...emptySession(rest.agent), ...rest, lessons: [...lessons], members: new Map(members), read: documents, readBytes: documents.reduce((sum, { content }) => sum + content.bytes, 0),
    own: ids(own), ownHosts: ids(ownHosts), ownValues: new Set(ownValues), declassified: new Map(declassified), alarms: new Set(alarms),
    taskText: taskText ?? undefined, task: taskText === null ? undefined : folded(taskText), taskTokens: taskText === null ? new Set() : indexer.idsOfText(taskText),
    scoreMax: score ?? Number.NEGATIVE_INFINITY,
  };
}

function storedDocument({ origin, leaves }: Document): StoredDocument {
  const { labels, ...rest } = origin;
  const texts = new Map<string, StoredText>();
  for (const { path, raw, keyed } of leaves) if (!texts.has(path)) texts.set(path, [path, raw, keyed]);
  return { ...rest, labels: [...labels], texts: [...texts.values()] };
}

function openedDocument(stored: StoredDocument, memory: Memory): Document {
  const { texts, labels, ...rest } = stored;
  const wanted = rest.kept === undefined ? undefined : new Set(rest.kept.map(([path, at]) => `${at} ${path}`));
  const kept = texts.flatMap(([path, raw, keyed]) => leavesOfText(raw, path, keyed).filter((_, at) => wanted?.has(`${at} ${path}`) ?? true));
  return new Document({ ...rest, labels: new Map(labels) }, kept, (part) => memory.indexer.contentOf(part));
}
