/**
 * What an agent did in sessions without alarm: tools, values, entities. Feeds the `new to this agent` features.
 * HI1. Sets are bounded; when one is full nothing is added, so `new` may be said too often, never too rarely.
 * HI2. Every value knows which session brought it in, so that what a condemned session taught can be taken back.
 * HI3. Only a session whose highest score a person vouched for can stand above the threshold; quiet sessions lower a p-value, never raise it.
 */
import { hashOf, KnownSet, type Hash } from './known-set.js';
import type { Session } from './memory.js';
import type { Vocabulary } from './vocabulary.js';

const toolsMax = 256;
export const valuesMax = 768;
export const entitiesMax = 768;
const scoresMax = 512;
/** Sessions that can be taken back one by one; older ones have taught for good. */
const taughtMax = 32;
const idsMax = 256;

/** One call, as history keeps it. */
export interface Lesson {
  readonly callId: string;
  readonly tool: string;
  /** Of `tool\0path\0value`, for short values. */
  readonly values: readonly Hash[];
  readonly entities: readonly Hash[];
}

/** What a finished session would teach. */
export interface Teaching {
  readonly lessons: readonly Lesson[];
  /** Entities in fields it read. */
  readonly read: readonly Hash[];
  /** Hashes of the observations it read: condemning one of them condemns the session. */
  readonly sources: readonly number[];
  /** The highest score one of its calls had; null: none was scored. */
  readonly score: number | null;
}

/** A session that taught, as far as it takes to undo it. */
interface Taught {
  readonly ordinal: number;
  readonly calls: readonly number[];
  readonly sources: readonly number[];
  readonly tools: readonly (readonly [string, number])[];
  readonly score: number | null;
}

export interface History {
  sessions: number;
  calls: number;
  /** Sessions that ever taught; names them. */
  ordinal: number;
  readonly tools: Map<string, number>;
  readonly values: KnownSet;
  readonly entities: KnownSet;
  /** Highest score of each of the latest benign sessions, oldest first. */
  readonly sessionScores: number[];
  readonly taught: Taught[];
  /** Ended without alarm, waiting out their quarantine; oldest first. */
  readonly waiting: Teaching[];
}

export function emptyHistory(): History {
  return { sessions: 0, calls: 0, ordinal: 0, tools: new Map(), values: new KnownSet(valuesMax), entities: new KnownSet(entitiesMax), sessionScores: [], taught: [], waiting: [] };
}

export function learn(history: History, { lessons, read, sources, score }: Teaching): void {
  history.ordinal += 1;
  const { ordinal } = history;
  const tools = new Map<string, number>();
  history.sessions += 1;
  history.calls += lessons.length;
  for (const lesson of lessons) {
    tools.set(lesson.tool, (tools.get(lesson.tool) ?? 0) + 1);
    for (const value of lesson.values) history.values.add(value, ordinal);
    for (const entity of lesson.entities) history.entities.add(entity, ordinal);
  }
  for (const entity of read) history.entities.add(entity, ordinal);
  for (const [tool, count] of tools) if (history.tools.size < toolsMax || history.tools.has(tool)) history.tools.set(tool, (history.tools.get(tool) ?? 0) + count);
  history.taught.push({ ordinal, calls: lessons.slice(0, idsMax).map(({ callId }) => idHash(callId)), sources, tools: [...tools], score });
  if (history.taught.length > taughtMax) history.taught.shift();
  if (score === null) return;
  history.sessionScores.push(score);
  if (history.sessionScores.length > scoresMax) history.sessionScores.shift();
}

/** Takes back every session that made this call or read this observation, taught or waiting. @returns how many. */
export function unlearn(history: History, id: string): number {
  const hash = idHash(id);
  const waiting = history.waiting.filter(({ lessons, sources }) => !lessons.some(({ callId }) => callId === id) && !sources.includes(hash));
  let undone = history.waiting.length - waiting.length;
  history.waiting.splice(0, history.waiting.length, ...waiting);
  for (const taught of history.taught.filter(({ calls, sources }) => calls.includes(hash) || sources.includes(hash))) {
    undo(history, taught);
    undone += 1;
  }
  return undone;
}

function undo(history: History, taught: Taught): void {
  history.taught.splice(history.taught.indexOf(taught), 1);
  history.sessions -= 1;
  history.values.forget(taught.ordinal);
  history.entities.forget(taught.ordinal);
  for (const [tool, count] of taught.tools) {
    history.calls -= count;
    const left = (history.tools.get(tool) ?? 0) - count;
    if (left > 0) history.tools.set(tool, left);
    else history.tools.delete(tool);
  }
  const at = taught.score === null ? -1 : history.sessionScores.indexOf(taught.score);
  if (at >= 0) history.sessionScores.splice(at, 1);
}

/** An id as a number: two of them are taken for one about once in four thousand million pairs. */
export function idHash(id: string): number {
  return hashOf(id).low;
}

/**
 * Conformal p-value of a score against the highest scores of this agent's own benign sessions; never below 1/(n + 1).
 * Assumes this session is exchangeable with them: at most a share α of benign sessions then see a p-value ≤ α.
 */
export function pValueOf(history: History, score: number): number {
  const atLeast = history.sessionScores.reduce((count, known) => count + (known >= score ? 1 : 0), 0);
  return (1 + atLeast) / (history.sessionScores.length + 1);
}

/** How new a call is for its agent, each in the unit interval. */
export interface Novelty {
  readonly entity: number;
  readonly tool: number;
  readonly values: number;
  readonly rarity: number;
}

const notNew: Novelty = { entity: 0, tool: 0, values: 0, rarity: 0 };

/** @param call.named the call's entities as ids: what the task names is new to nobody. */
export function noveltyOf(call: { history: History | undefined; lesson: Lesson; named: readonly number[]; session: Session; vocabulary: Vocabulary; toolName: string }): Novelty {
  const { history, lesson, named, session } = call;
  if (history === undefined) return notNew;
  const entity = named.some((id, at) => !session.taskTokens.has(id) && !history.entities.has(lesson.entities[at] ?? hashOf(call.vocabulary.keyOf(id)))) ? 1 : 0;
  const unseen = lesson.values.reduce((count, value) => count + (history.values.has(value) ? 0 : 1), 0);
  const seen = history.tools.get(call.toolName) ?? 0;
  const probability = (seen + 0.5) / (history.calls + 0.5 * (history.tools.size + 1));
  return {
    entity, tool: seen === 0 ? 1 : 0, values: lesson.values.length === 0 ? 0 : unseen / lesson.values.length,
    rarity: Math.min(1, Math.max(0, -Math.log2(probability) / 8)),
  };
}
