/**
 * Where an agent's run begins and ends, and what it teaches when it does.
 * RN1. The calls of a run are learnt when its last tap closed, unless an alarm is left that no person lifted.
 * RN2. What was read is kept a little longer than the run: an agent that closes one server and opens the next has not forgotten.
 */
import type { Observation } from '@countersign/contracts';
import { memberJoined, memberLeft, membersThinned } from '@countersign/pipeline';
import { learn } from './history.js';
import { entitiesInFields } from './lesson.js';
import { emptySession, historyOf, sessionOf, type Memory, type Session } from './memory.js';

export const lingerMs = 60_000;
const callsMax = 2_000;
/**
 * A run whose highest margin came closer to the threshold than this counts for calibration, but nothing in it becomes known: else an
 * attack that was just missed once makes its own repetition look like a habit.
 */
const teachesBelow = -1.5;

/** The agent's session after an observation of one of its taps. */
export function sessionAt(memory: Memory, observation: Observation): Session {
  const at = Date.parse(observation.at);
  const nowMs = Number.isFinite(at) ? at : 0;
  const session = sessionOf(memory, observation.agent.name);
  if (observation.kind === 'epoch-closed') {
    if (memberLeft(session.members, observation)) taught(memory, session);
    return session;
  }
  if (membersThinned(session.members, observation, nowMs) || session.lessons.length >= callsMax) taught(memory, session);
  const current = session.members.size === 0 && nowMs - session.lastAtMs >= lingerMs ? forgotten(memory, session) : session;
  memberJoined(current.members, observation, nowMs);
  current.lastAtMs = nowMs;
  return current;
}

function forgotten(memory: Memory, session: Session): Session {
  const fresh = emptySession(session.agent);
  memory.sessions.set(session.agent, fresh);
  return fresh;
}

function taught(memory: Memory, session: Session): void {
  if (session.alarms.size === 0 && session.lessons.length > 0) {
    const isVouched = session.vouched || session.scoreMax < teachesBelow;
    const taught = isVouched ? { lessons: session.lessons, read: session.read.flatMap(entitiesInFields) } : { lessons: [], read: [] };
    learn(historyOf(memory, session.agent), { ...taught, score: session.scoreMax });
  }
  session.task = undefined;
  session.taskTokens = new Set();
  session.lessons = [];
  session.alarms.clear();
  session.vouched = false;
  session.scoreMax = Number.NEGATIVE_INFINITY;
}
