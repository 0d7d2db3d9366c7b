/**
 * Where an agent's run begins and ends, and what it teaches when it does.
 * RN1. A run is told by its task's name, when the client gives one, else by the taps that are open; or it is over after `callsMax` calls.
 * RN2. What was read is kept a little longer than a run of taps: an agent that closes one server and opens the next has not forgotten.
 * RN3. A run with an alarm that no person lifted, with a call that a person refused, or that read a condemned source teaches nothing. Any
 *      other waits until `quarantineSessions` later ones have ended without alarm; the first `foundingSessions` teach at once, as there is
 *      nothing yet to protect. What is condemned later is taken back.
 */
import type { Observation } from '@countersign/contracts';
import { memberJoined, memberLeft, membersThinned, taskRunAt } from '@countersign/pipeline';
import { idHash, learn, unlearn, type Teaching } from './history.js';
import { entitiesInFields } from './lesson.js';
import { emptySession, historyOf, runningSessions, sessionOf, tasksOf, type Memory, type Session } from './memory.js';

export const lingerMs = 60_000;
export const quarantineSessions = 5;
export const foundingSessions = 20;
const callsMax = 500;
const sourcesMax = 256;
/**
 * A run whose highest margin came closer to the threshold than this counts for calibration, but nothing in it becomes known: else an
 * attack that was just missed once makes its own repetition look like a habit.
 */
const teachesBelow = -1.5;

/** The agent's session after an observation of one of its taps. */
export function sessionAt(memory: Memory, observation: Observation): Session {
  const at = Date.parse(observation.at);
  const nowMs = Number.isFinite(at) ? at : 0;
  if (observation.sessionRule === 'task' && observation.kind !== 'epoch-closed') return taskSessionAt(memory, observation, nowMs);
  const session = sessionOf(memory, observation.agent.name);
  if (observation.kind === 'epoch-closed') {
    if (memberLeft(session.members, observation)) ended(memory, session);
    return session;
  }
  if (membersThinned(session.members, observation, nowMs) || session.lessons.length >= callsMax) ended(memory, session);
  const current = session.members.size === 0 && nowMs - session.lastAtMs >= lingerMs ? forgotten(memory, session) : session;
  memberJoined(current.members, observation, nowMs);
  current.lastAtMs = nowMs;
  return current;
}

/** A call that was stopped did not happen: it is no habit. */
export function stopped(memory: Memory, callId: string): void {
  for (const session of runningSessions(memory)) session.lessons = session.lessons.filter((lesson) => lesson.callId !== callId);
}

/** A person refused the call, or condemned what it was or said: whatever made or read it teaches nothing, and what it taught is taken back. */
export function condemn(memory: Memory, id: string): void {
  for (const session of runningSessions(memory)) {
    const isPart = session.alarms.has(id) || session.lessons.some(({ callId }) => callId === id) || session.read.some(({ origin }) => origin.observationId === id || origin.callId === id);
    if (isPart) session.condemned = true;
  }
  for (const history of memory.histories.values()) unlearn(history, id);
}

function taskSessionAt(memory: Memory, observation: Observation, nowMs: number): Session {
  const runs = tasksOf(memory, observation.agent.name);
  const make = (): Session => emptySession(observation.agent.name);
  const { session, ended: over } = taskRunAt(runs, observation, { nowMs, make });
  for (const old of over) ended(memory, old);
  session.lastAtMs = nowMs;
  if (session.lessons.length >= callsMax) ended(memory, session);
  return session;
}

function forgotten(memory: Memory, session: Session): Session {
  const fresh = emptySession(session.agent);
  memory.sessions.set(session.agent, fresh);
  return fresh;
}

function ended(memory: Memory, session: Session): void {
  if (session.alarms.size === 0 && !session.condemned && session.lessons.length > 0) waits(memory, session);
  session.taskText = undefined;
  session.task = undefined;
  session.taskTokens = new Set();
  session.lessons = [];
  session.alarms.clear();
  session.condemned = false;
  session.vouched = false;
  session.scoreMax = Number.NEGATIVE_INFINITY;
}

function waits(memory: Memory, session: Session): void {
  const history = historyOf(memory, session.agent);
  const isKnown = session.vouched || session.scoreMax < teachesBelow;
  const teaching: Teaching = {
    lessons: isKnown ? session.lessons : [],
    read: isKnown ? entitiesInFields(session.read, memory.indexer.vocabulary) : [],
    sources: session.read.slice(-sourcesMax).flatMap(({ origin }) => [idHash(origin.observationId), ...(origin.callId === undefined ? [] : [idHash(origin.callId)])]),
    score: Number.isFinite(session.scoreMax) ? session.scoreMax : null,
  };
  if (session.vouched || history.sessions < foundingSessions) {
    learn(history, teaching);
    return;
  }
  history.waiting.push(teaching);
  while (history.waiting.length > quarantineSessions) {
    const ready = history.waiting.shift();
    if (ready !== undefined) learn(history, ready);
  }
}
