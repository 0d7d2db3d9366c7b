/**
 * Memory as text, and back.
 * SN1. Only what cannot be recomputed is written: texts with their origins, own tokens, histories, tools.
 * SN2. A restored memory answers as the original would: sessions share the ring's documents again, by `seq`.
 */
import { contentOf, type Document } from './document.js';
import type { History } from './history.js';
import { leavesOfText } from './leaves.js';
import type { Member } from '@countersign/pipeline';
import { emptyMemory, emptySession, type Memory, type Session } from './memory.js';
import { tokenKeys } from './text.js';

const format = 'provenance/1';

/** Path, whole string, was it the value of a key. */
type StoredText = readonly [string, string, boolean];
interface StoredDocument extends Omit<Document, 'content' | 'labels'> {
  readonly labels: readonly (readonly [number, readonly string[]])[];
  readonly texts: readonly StoredText[];
}
interface StoredSession extends Omit<Session, 'read' | 'members' | 'own' | 'ownValues' | 'taskTokens' | 'scoreMax' | 'task' | 'alarms'> {
  readonly read: readonly number[];
  readonly own: readonly string[];
  readonly ownValues: readonly string[];
  readonly members: readonly (readonly [string, Member])[];
  readonly alarms: readonly string[];
  readonly taskText: string | null;
  readonly score: number | null;
}
interface StoredHistory extends Omit<History, 'tools' | 'values' | 'entities'> {
  readonly tools: readonly (readonly [string, number])[];
  readonly values: readonly string[];
  readonly entities: readonly string[];
}
interface Stored {
  readonly format: string;
  readonly seq: number;
  readonly evictedChars: number;
  readonly forgottenChars: number;
  readonly documents: readonly StoredDocument[];
  readonly ring: readonly number[];
  readonly labelled: readonly { readonly seq: number; readonly leaf: number; readonly names: readonly string[] }[];
  readonly sessions: readonly (readonly [string, StoredSession])[];
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
  const stored: Omit<Stored, 'documents'> = {
    format, seq: memory.seq, evictedChars: memory.evictedChars, forgottenChars: memory.labelled.forgottenChars,
    ring: memory.ring.map(ordinal),
    labelled: memory.labelled.entries().map((entry) => ({ seq: ordinal(entry.document), leaf: entry.leaf, names: entry.names })),
    sessions: [...memory.sessions].map(([key, session]) => [key, storedSession(session, ordinal)]),
    tools: [...memory.tools], roles: [...memory.roles],
    histories: [...memory.histories].map(([agent, history]) => [agent, { ...history, tools: [...history.tools], values: [...history.values], entities: [...history.entities] }]),
  };
  return JSON.stringify({ ...stored, documents: [...ordinals.keys()].map(storedDocument) });
}

/** @throws when the text is not a snapshot of this version. */
export function restored(text: string): Memory {
  const stored = JSON.parse(text) as Stored;
  if (stored.format !== format) throw new Error(`The snapshot is "${String(stored.format)}", not "${format}"; provenance starts from an empty memory.`);
  const documents = stored.documents.map(openedDocument);
  const memory = emptyMemory();
  const pick = (ordinal: number): Document[] => documents.slice(ordinal, ordinal + 1);
  memory.seq = stored.seq;
  memory.evictedChars = stored.evictedChars;
  memory.ring.push(...stored.ring.flatMap(pick));
  memory.ringChars = memory.ring.reduce((sum, document) => sum + document.content.chars, 0);
  for (const entry of stored.labelled) for (const document of pick(entry.seq)) memory.labelled.add({ document, leaf: entry.leaf, names: entry.names });
  memory.labelled.forgottenChars = stored.forgottenChars;
  for (const [key, session] of stored.sessions) memory.sessions.set(key, openedSession(session, pick));
  for (const [key, definition] of stored.tools) memory.tools.set(key, definition);
  for (const [agent, role] of stored.roles) memory.roles.set(agent, role);
  for (const [agent, history] of stored.histories) {
    memory.histories.set(agent, { ...history, tools: new Map(history.tools), values: new Set(history.values), entities: new Set(history.entities), sessionScores: [...history.sessionScores] });
  }
  return memory;
}

function storedSession(session: Session, ordinal: (document: Document) => number): StoredSession {
  const { agent, members, lastAtMs, readChars, evictedChars, calls, lessons, read, own, ownValues, scoreMax, task, alarms, vouched } = session;
  return { agent, members: [...members], lastAtMs, readChars, evictedChars, calls, lessons, vouched, alarms: [...alarms], read: read.map(ordinal), own: [...own], ownValues: [...ownValues], taskText: task ?? null, score: Number.isFinite(scoreMax) ? scoreMax : null };
}

function openedSession(stored: StoredSession, pick: (ordinal: number) => Document[]): Session {
  const { read, members, own, ownValues, taskText, score, lessons, alarms, ...rest } = stored;
  return {
    ...emptySession(rest.agent), ...rest, members: new Map(members), read: read.flatMap(pick), own: new Set(own), ownValues: new Set(ownValues), lessons: [...lessons], alarms: new Set(alarms),
    task: taskText ?? undefined, taskTokens: tokenKeys(taskText ?? ''), scoreMax: score ?? Number.NEGATIVE_INFINITY,
  };
}

function storedDocument(document: Document): StoredDocument {
  const { content, labels, ...rest } = document;
  const texts = new Map<string, StoredText>();
  for (const { path, raw, keyed } of content.leaves) if (!texts.has(path)) texts.set(path, [path, raw, keyed]);
  return { ...rest, labels: [...labels], texts: [...texts.values()] };
}

function openedDocument(stored: StoredDocument): Document {
  const { texts, labels, ...rest } = stored;
  return { ...rest, labels: new Map(labels), content: contentOf(texts.flatMap(([path, raw, keyed]) => leavesOfText(raw, path, keyed))) };
}
