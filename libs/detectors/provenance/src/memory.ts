/**
 * What provenance remembers of one domain.
 * ME1. Texts are kept in one ring for the domain and referenced by session; a session holds at most `sessionBytesMax` of them, their
 *      indexes included, and `sessionTextsMax` in number.
 * ME2. When the ring is full, the oldest text without a label goes first; every loss is counted (`evictedChars`).
 * ME3. `snapshot` holds texts and origins; indexes are rebuilt from them.
 */
import type { Members, TaskRuns } from '@countersign/pipeline';
import { Indexer, type Content } from './content.js';
import type { Document } from './document.js';
import { emptyHistory, type History, type Lesson } from './history.js';
import { LabelledValues } from './labelled-values.js';
import { Seen } from './seen.js';
import { idsOf, toolWords, type ToolIds, type ToolWords } from './tool.js';
import { Vocabulary } from './vocabulary.js';
import { Writers } from './writers.js';

/** Texts and their indexes; what else a session keeps is bounded below 60 KB. */
export const sessionBytesMax = 196_608;
/** Each call looks at every text of its session, so their number bounds its time. */
export const sessionTextsMax = 256;
export const domainCharsMax = 4_194_304;
/** A full ring is emptied down to here at once: taking texts out one by one costs the length of the ring each time. */
const domainCharsKept = domainCharsMax - domainCharsMax / 16;
export const sessionsMax = 512;
export const toolsMax = 4_096;
const ownTokensMax = 2_048;
const historiesMax = 1_024;

/** What one agent has in mind: the texts of a run over all its servers. */
export interface Session {
  readonly agent: string;
  /** Taps of the run; none: the run is over, and the texts are kept for `lingerMs` in case the agent only changed its taps. */
  readonly members: Members;
  lastAtMs: number;
  /** Results, resources and prompts this session has read; oldest first. */
  readonly read: Document[];
  readBytes: number;
  evictedChars: number;
  /** Tokens the agent itself brought in before any result held them, as ids. */
  readonly own: Set<number>;
  /** Hosts of the addresses and links among them. */
  readonly ownHosts: Set<number>;
  /** Values that policy declassified for this session, and what they say in bits. */
  readonly declassified: Map<string, number>;
  /** Folded strings (targets) the agent brought in itself. */
  readonly ownValues: Set<string>;
  /** The task as given, and folded. */
  taskText: string | undefined;
  task: string | undefined;
  taskTokens: ReadonlySet<number>;
  calls: number;
  /** Calls that were held or refused for a reason of ours; while one is left, nothing is learnt from the session. */
  readonly alarms: Set<string>;
  /** A person refused one of its calls, or a source it read was condemned: it teaches nothing. */
  condemned: boolean;
  scoreMax: number;
  /** A person approved a call of the run: what it did was meant. */
  vouched: boolean;
  /** What the session would teach when it ends without an alarm. */
  lessons: Lesson[];
}

export interface Tool {
  readonly words: ToolWords;
  readonly ids: ToolIds;
}

export interface Memory {
  seq: number;
  readonly indexer: Indexer;
  readonly ring: Document[];
  ringChars: number;
  evictedChars: number;
  /** Agent → its run over the taps that are open. */
  readonly sessions: Map<string, Session>;
  /** Agent → its runs that name their task. */
  readonly tasks: Map<string, TaskRuns<Session>>;
  /** `server\0tool` → definition, as listed. */
  readonly tools: Map<string, unknown>;
  /** The same keys → what the tool is for; recomputed when a definition changes. */
  readonly toolWords: Map<string, Tool>;
  readonly labelled: LabelledValues;
  /** What condemned sources said, and what was written from it. */
  recalled: LabelledValues;
  /** Ids of observations and calls that a person condemned. */
  readonly condemned: Set<string>;
  /** The policy's list they come from, to see that it is another one. */
  condemnedBy: readonly string[];
  /** Who wrote what last. */
  readonly writers: Writers;
  readonly seen: Seen;
  readonly histories: Map<string, History>;
  /** Agent → role, as last observed; a delegation chain may leave roles out. */
  readonly roles: Map<string, string>;
  /** Message digest → content, so that a text read twice is cut up once. */
  readonly contents: Map<string, Content>;
  contentChars: number;
}

export function emptyMemory(): Memory {
  const indexer = new Indexer(new Vocabulary());
  const seen = new Seen();
  return {
    seq: 0, indexer, ring: [], ringChars: 0, evictedChars: 0, sessions: new Map(), tasks: new Map(), tools: new Map(), toolWords: new Map(),
    labelled: new LabelledValues(indexer, seen), recalled: new LabelledValues(indexer, seen), condemned: new Set(), condemnedBy: [], writers: new Writers(), seen,
    histories: new Map(), roles: new Map(), contents: new Map(), contentChars: 0,
  };
}

export function emptySession(agent: string): Session {
  return {
    agent, members: new Map(), lastAtMs: 0, read: [], readBytes: 0, evictedChars: 0, own: new Set(), ownHosts: new Set(), declassified: new Map(), ownValues: new Set(), taskText: undefined, task: undefined, taskTokens: new Set(),
    calls: 0, alarms: new Set(), condemned: false, vouched: false, scoreMax: Number.NEGATIVE_INFINITY, lessons: [],
  };
}

/** The session of an agent, made on first sight; the agent idle longest is let go when there are too many. */
export function sessionOf(memory: Memory, agent: string): Session {
  const session = memory.sessions.get(agent) ?? emptySession(agent);
  if (!memory.sessions.delete(agent) && memory.sessions.size >= sessionsMax) memory.sessions.delete(memory.sessions.keys().next().value ?? '');
  memory.sessions.set(agent, session);
  return session;
}

/** An agent's runs that name their task, made on first sight; those of the agent idle longest are let go when there are too many. */
export function tasksOf(memory: Memory, agent: string): TaskRuns<Session> {
  const runs = memory.tasks.get(agent) ?? new Map();
  if (!memory.tasks.delete(agent) && memory.tasks.size >= sessionsMax) memory.tasks.delete(memory.tasks.keys().next().value ?? '');
  memory.tasks.set(agent, runs);
  return runs;
}

/** Every run that is going on. */
export function* runningSessions(memory: Memory): Generator<Session> {
  yield* memory.sessions.values();
  for (const runs of memory.tasks.values()) for (const { session } of runs.values()) yield session;
}

export function historyOf(memory: Memory, agent: string): History {
  let history = memory.histories.get(agent);
  if (history === undefined) {
    const oldest = memory.histories.size >= historiesMax ? memory.histories.keys().next().value : undefined;
    if (oldest !== undefined) memory.histories.delete(oldest);
    history = emptyHistory();
    memory.histories.set(agent, history);
  }
  return history;
}

export function toolOf(memory: Memory, server: string, tool: string): Tool {
  const key = `${server}\0${tool}`;
  const known = memory.toolWords.get(key);
  if (known !== undefined) return known;
  const words = toolWords(tool, memory.tools.get(key));
  const made = { words, ids: idsOf(words, memory.indexer.vocabulary) };
  if (memory.toolWords.size < toolsMax) memory.toolWords.set(key, made);
  return made;
}

/** Puts a text into the domain's ring; labelled leaves become findable by content. @param ids its words. @returns characters evicted. */
export function remember(memory: Memory, document: Document, ids: Iterable<number>): number {
  memory.seen.note(document, ids);
  memory.ring.push(document);
  memory.ringChars += document.chars;
  for (const [leaf, names] of document.origin.labels) memory.labelled.add({ document, leaf, names });
  const evicted = memory.ringChars > domainCharsMax ? evictDown(memory.ring, memory.ringChars - domainCharsKept, ({ chars }) => chars) : 0;
  memory.ringChars -= evicted;
  memory.evictedChars += evicted;
  return evicted;
}

/** Shows a text to a session, from now on. @returns characters the session had to let go. */
export function show(session: Session, document: Document): number {
  session.read.push(document);
  session.readBytes += document.content.bytes;
  const excess = Math.max(session.readBytes - sessionBytesMax, session.read.length > sessionTextsMax ? bytesOfOldest(session.read) : 0);
  if (excess <= 0) return 0;
  const before = session.read.reduce((chars, read) => chars + read.chars, 0);
  session.readBytes -= evictDown(session.read, excess, (read) => read.content.bytes);
  const evicted = before - session.read.reduce((chars, read) => chars + read.chars, 0);
  session.evictedChars += evicted;
  return evicted;
}

/** Texts let go at once, so that a full session is not swept at each call. */
const textsLetGo = 64;

function bytesOfOldest(read: readonly Document[]): number {
  return Math.max(1, read.slice(0, textsLetGo).reduce((bytes, { content }) => bytes + content.bytes, 0));
}

export function bringIn(session: Session, tokens: Iterable<number>, vocabulary: Vocabulary): void {
  for (const token of tokens) {
    if (session.own.size >= ownTokensMax) return;
    session.own.add(token);
    const host = vocabulary.hostOf(token);
    if (host !== 0) session.ownHosts.add(host);
  }
}

/** Takes out at least `amount`, the oldest without a label first, then the oldest; never the latest. @returns the amount taken out. */
function evictDown(documents: Document[], amount: number, of: (document: Document) => number): number {
  let gone = 0;
  const latest = documents.at(-1);
  for (const spared of [({ origin }: Document) => origin.labels.size > 0, () => false]) {
    if (gone >= amount) break;
    const kept = documents.filter((document) => {
      if (gone >= amount || document === latest || spared(document)) return true;
      gone += of(document);
      return false;
    });
    kept.forEach((document, at) => { documents[at] = document; });
    documents.length = kept.length;
  }
  return gone;
}

/** Forgets the words that no text, session, tool or label holds any more, when there are many. */
export function sweepWords(memory: Memory): void {
  const { vocabulary } = memory.indexer;
  if (!vocabulary.wantsSweep) return;
  vocabulary.sweep((hold) => {
    const content = (made: Content | undefined): void => made?.ids.forEach(hold);
    for (const { made } of memory.ring) content(made);
    for (const made of memory.contents.values()) content(made);
    for (const session of runningSessions(memory)) {
      for (const { made } of session.read) content(made);
      for (const ids of [session.own, session.taskTokens, session.ownHosts]) for (const id of ids) hold(id);
    }
    for (const { ids } of memory.toolWords.values()) for (const id of [...ids.action, ...ids.nouns, ...ids.described]) hold(id);
    for (const labelled of [memory.labelled, memory.recalled]) labelled.hold(hold);
  }, (id) => { memory.seen.forget(id); });
  memory.writers.clear();
  for (const document of memory.ring) if (document.origin.writes === true) memory.writers.note(document, [...memory.indexer.idsOf(document.leaves)]);
}
