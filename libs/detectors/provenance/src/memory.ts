/**
 * What provenance remembers of one domain.
 * ME1. Texts are kept in one ring for the domain and referenced by session; a session sees at most `sessionCharsMax` characters and `sessionTextsMax` texts of them.
 * ME2. When the ring is full, the oldest text without a label goes first; every loss is counted (`evictedChars`).
 * ME3. `snapshot` holds texts and origins; indexes are rebuilt from them.
 */
import type { Content, Document } from './document.js';
import { emptyHistory, type History, type Lesson } from './history.js';
import type { Members } from '@countersign/pipeline';
import { LabelledValues } from './labelled-values.js';
import { toolWords, type ToolWords } from './tool.js';

export const sessionCharsMax = 262_144;
/** Each call looks at every text of its session, so their number bounds its time. */
export const sessionTextsMax = 256;
export const domainCharsMax = 4_194_304;
/** A full ring is emptied down to here at once: taking texts out one by one costs the length of the ring each time. */
const domainCharsKept = domainCharsMax - domainCharsMax / 16;
export const sessionsMax = 512;
export const toolsMax = 4_096;
const ownTokensMax = 20_000;
const historiesMax = 1_024;

/** What one agent has in mind: the texts of a run over all its servers. */
export interface Session {
  readonly agent: string;
  /** Taps of the run; none: the run is over, and the texts are kept for `lingerMs` in case the agent only changed its taps. */
  readonly members: Members;
  lastAtMs: number;
  /** Results, resources and prompts this session has read; oldest first. */
  readonly read: Document[];
  readChars: number;
  evictedChars: number;
  /** Tokens the task or the agent itself brought in before any result held them. */
  readonly own: Set<string>;
  /** Folded strings (targets) the agent brought in itself. */
  readonly ownValues: Set<string>;
  task: string | undefined;
  taskTokens: ReadonlySet<string>;
  calls: number;
  /** Calls that were held or refused for a reason of ours; while one is left, nothing is learnt from the session. */
  readonly alarms: Set<string>;
  scoreMax: number;
  /** A person approved a call of the run: what it did was meant. */
  vouched: boolean;
  /** What the session would teach when it ends without an alarm. */
  lessons: Lesson[];
}

export interface Memory {
  seq: number;
  readonly ring: Document[];
  ringChars: number;
  evictedChars: number;
  readonly sessions: Map<string, Session>;
  /** `server\0tool` → definition, as listed. */
  readonly tools: Map<string, unknown>;
  /** The same keys → what the tool is for; recomputed when a definition changes. */
  readonly toolWords: Map<string, ToolWords>;
  labelled: LabelledValues;
  readonly histories: Map<string, History>;
  /** Agent → role, as last observed; a delegation chain may leave roles out. */
  readonly roles: Map<string, string>;
  /** Message digest → content, so that a text read twice is cut up once. */
  readonly contents: Map<string, Content>;
}

export function emptyMemory(): Memory {
  return {
    seq: 0, ring: [], ringChars: 0, evictedChars: 0,
    sessions: new Map(), tools: new Map(), toolWords: new Map(), labelled: new LabelledValues(), histories: new Map(), roles: new Map(), contents: new Map(),
  };
}

export function emptySession(agent: string): Session {
  return {
    agent, members: new Map(), lastAtMs: 0, read: [], readChars: 0, evictedChars: 0, own: new Set(), ownValues: new Set(), task: undefined, taskTokens: new Set(),
    calls: 0, alarms: new Set(), vouched: false, scoreMax: Number.NEGATIVE_INFINITY, lessons: [],
  };
}

/** The session of an agent, made on first sight; the agent idle longest is let go when there are too many. */
export function sessionOf(memory: Memory, agent: string): Session {
  const session = memory.sessions.get(agent) ?? emptySession(agent);
  if (!memory.sessions.delete(agent) && memory.sessions.size >= sessionsMax) memory.sessions.delete(memory.sessions.keys().next().value ?? '');
  memory.sessions.set(agent, session);
  return session;
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

export function wordsOfTool(memory: Memory, server: string, tool: string): ToolWords {
  const key = `${server}\0${tool}`;
  const known = memory.toolWords.get(key);
  if (known !== undefined) return known;
  const words = toolWords(tool, memory.tools.get(key));
  if (memory.toolWords.size < toolsMax) memory.toolWords.set(key, words);
  return words;
}

/** Puts a text into the domain's ring; labelled leaves become findable by content. @returns characters evicted. */
export function remember(memory: Memory, document: Document): number {
  memory.ring.push(document);
  memory.ringChars += document.content.chars;
  for (const [leaf, names] of document.labels) memory.labelled.add({ document, leaf, names });
  const evicted = memory.ringChars > domainCharsMax ? evictDown(memory.ring, memory.ringChars - domainCharsKept) : 0;
  memory.ringChars -= evicted;
  memory.evictedChars += evicted;
  return evicted;
}

/** Shows a text to a session, from now on. @returns characters the session had to let go. */
export function show(session: Session, document: Document): number {
  session.read.push(document);
  session.readChars += document.content.chars;
  const excess = Math.max(session.readChars - sessionCharsMax, session.read.length > sessionTextsMax ? charsOfOldest(session.read) : 0);
  const evicted = excess > 0 ? evictDown(session.read, excess) : 0;
  session.readChars -= evicted;
  session.evictedChars += evicted;
  return evicted;
}

/** Texts let go at once, so that a full session is not swept at each call. */
const textsLetGo = 64;

function charsOfOldest(read: readonly Document[]): number {
  return Math.max(1, read.slice(0, textsLetGo).reduce((chars, { content }) => chars + content.chars, 0));
}

export function bringIn(session: Session, tokens: Iterable<string>): void {
  for (const token of tokens) if (session.own.size < ownTokensMax) session.own.add(token);
}

/** Takes out at least `chars`, the oldest without a label first, then the oldest; never the latest. @returns characters taken out. */
function evictDown(documents: Document[], chars: number): number {
  let gone = 0;
  const latest = documents.at(-1);
  for (const spared of [(document: Document) => document.labels.size > 0, () => false]) {
    if (gone >= chars) break;
    const kept = documents.filter((document) => {
      if (gone >= chars || document === latest || spared(document)) return true;
      gone += document.content.chars;
      return false;
    });
    kept.forEach((document, at) => { documents[at] = document; });
    documents.length = kept.length;
  }
  return gone;
}
