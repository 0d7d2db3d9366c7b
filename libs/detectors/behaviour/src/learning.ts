/**
 * When a session ends, what it proves, and whether it may teach.
 * LE1. A session is one run of the agent over all its servers, told by its task or its taps (`task-runs`, `run-members` of pipeline), or `lessonsMax` calls of it.
 * LE2. It teaches after `quarantineSessions` more sessions ended without an alarm (more while evidence of a change grows); an alarm
 *      empties the quarantine untaught.
 *      The first `foundingSessions` teach at once: before there is anything to compare with, waiting protects nothing.
 * LE3. What a person refused never teaches; if it already has, its counts are taken back.
 * LE4. A call that was stopped leaves its session: what did not happen is neither habit nor evidence.
 * LE5. A tool that changes things and that the agent never used in its first `catalogueSessions` is learnt from a session a person approved, or after its new state was
 *      registered: otherwise a few sessions that carry an attack would teach it to be ordinary.
 */
import type { Observation } from '@countersign/contracts';
import { memberJoined, memberLeft, membersThinned, taskRunAt } from '@countersign/pipeline';
import { learnTraits } from './argument-habits.js';
import { calibrate } from './calibration.js';
import { alarmLevel, cautious, changeStatistic, eValue, grown } from './evidence.js';
import { calibrationOf, emptySession, lessonsMax, roleOf, type AgentHabits, type Lesson, type Memory, type Session, type SessionScores } from './memory.js';
import { applySequence, refreshReference, retain, scoresOf, sessionPValue } from './reference.js';
import { followed } from './sequence.js';

export const quarantineSessions = 5;
/** While evidence of a change grows, nothing new is learnt, so that the change does not teach itself into the habits. */
const quarantineSessionsMax = 40;
const suspicionLevel = 10;
export const foundingSessions = 20;
/** After so many sessions an agent has shown what it is there for; rare tools of honest agents come late. */
const catalogueSessions = 60;
/** Scores of an agent's first sessions say more about how little is known than about the agent. */
const calibrateAfterSessions = 5;

/** The agent's running session, after an observation of one of its taps; a run that is over is ended on the way. */
export function sessionAt(memory: Memory, agent: AgentHabits, at: { observation: Observation; nowMs: number; sessionsMin: number }): Session {
  const { observation, nowMs, sessionsMin } = at;
  if (observation.sessionRule === 'task') return taskSessionAt(memory, agent, at);
  const isOver = membersThinned(agent.members, observation, nowMs) || (agent.current?.calls ?? 0) >= lessonsMax;
  if (isOver) endCurrent(memory, agent, sessionsMin);
  memberJoined(agent.members, observation, nowMs);
  return (agent.current ??= emptySession());
}

export function closeTap(memory: Memory, agent: AgentHabits, at: { observation: Observation; sessionsMin: number }): void {
  if (memberLeft(agent.members, at.observation)) endCurrent(memory, agent, at.sessionsMin);
}

function taskSessionAt(memory: Memory, agent: AgentHabits, { observation, nowMs, sessionsMin }: { observation: Observation; nowMs: number; sessionsMin: number }): Session {
  const { session, ended } = taskRunAt(agent.tasks, observation, { nowMs, make: emptySession });
  for (const over of ended) endSession(memory, agent, { session: over, sessionsMin });
  if (session.calls < lessonsMax) return session;
  agent.tasks.delete(observation.session);
  endSession(memory, agent, { session, sessionsMin });
  return taskRunAt(agent.tasks, observation, { nowMs, make: emptySession }).session;
}

function endCurrent(memory: Memory, agent: AgentHabits, sessionsMin: number): void {
  const session = agent.current;
  agent.current = undefined;
  if (session !== undefined) endSession(memory, agent, { session, sessionsMin });
}

function endSession(memory: Memory, agent: AgentHabits, { session, sessionsMin }: { session: Session; sessionsMin: number }): void {
  if (session.lessons.length === 0) return;
  if (session.vouched && !session.condemned) return accept(memory, agent, session);
  if (agent.sessions >= sessionsMin && session.evidenceCalls > 0) watch(agent, session);
  if (agent.alarmed || session.condemned) return;
  if (agent.sessions < foundingSessions) return teach(memory, agent, session);
  agent.waiting.push(session);
  const wait = changeStatistic(agent.statistics) < suspicionLevel ? quarantineSessions : quarantineSessionsMax;
  while (agent.waiting.length > wait) {
    const ready = agent.waiting.shift();
    if (ready !== undefined) teachUsual(memory, agent, ready);
  }
}

/** A person said that the agent's new habits are meant. */
export function rebaseline(memory: Memory, agent: AgentHabits): void {
  agent.alarmed = false;
  agent.statistics = [0, 0, 0];
  agent.watched = 0;
  for (const session of agent.waiting.splice(0)) if (!session.condemned) teach(memory, agent, session);
}

/** Takes back what a session taught, or makes sure that it never will. */
export function condemn(memory: Memory, agent: AgentHabits, callId: string): void {
  const holds = (session: Session): boolean => session.unlearnt.includes(callId) || session.lessons.some((lesson) => lesson.callId === callId);
  for (const session of [...running(agent), ...agent.waiting]) if (holds(session)) session.condemned = true;
  const waiting = agent.waiting.filter((session) => !session.condemned);
  agent.waiting.splice(0, agent.waiting.length, ...waiting);
  const taught = agent.taught.findIndex(holds);
  const [session] = taught < 0 ? [] : agent.taught.splice(taught, 1);
  if (session !== undefined) apply(memory, agent, { session, by: -1 });
}

/** A person approved a call of a running session: what it does is meant. */
export function vouch(agent: AgentHabits, callId: string): void {
  for (const session of running(agent)) if (session.lessons.some((lesson) => lesson.callId === callId)) session.vouched = true;
}

export function forget(agent: AgentHabits, callId: string): void {
  for (const session of [...running(agent), ...agent.waiting]) {
    const at = session.lessons.findIndex((lesson) => lesson.callId === callId);
    const [stopped] = at < 0 ? [] : session.lessons.splice(at, 1);
    if (stopped?.evidence === undefined) continue;
    session.evidenceSum -= stopped.evidence;
    session.evidenceCalls -= 1;
  }
}

function running(agent: AgentHabits): readonly Session[] {
  return [...(agent.current === undefined ? [] : [agent.current]), ...[...agent.tasks.values()].map(({ session }) => session)];
}

function accept(memory: Memory, agent: AgentHabits, session: Session): void {
  if (agent.alarmed) rebaseline(memory, agent);
  teach(memory, agent, session);
}

function watch(agent: AgentHabits, session: Session): void {
  const { mean, highest } = scoresOf(session.lessons.map((lesson) => lesson.bits));
  const [calls, means, maxima] = agent.statistics;
  agent.statistics = [
    grown(calls, session.evidenceSum / session.evidenceCalls),
    grown(means, evidenceOf(agent, 'mean', mean)),
    grown(maxima, evidenceOf(agent, 'highest', highest)),
  ];
  const statistic = changeStatistic(agent.statistics);
  agent.watched = statistic < 2 ? 0 : agent.watched + 1;
  if (statistic < alarmLevel) return;
  agent.alarmed = true;
  agent.waiting.splice(0);
}

function evidenceOf(agent: AgentHabits, kind: keyof SessionScores, score: number): number {
  return eValue(cautious(sessionPValue(agent.reference, kind, score), agent.reference.length));
}

/** LE5. */
function teachUsual(memory: Memory, agent: AgentHabits, session: Session): void {
  if (agent.sessions < catalogueSessions) return teach(memory, agent, session);
  const isUsual = ({ impact, tool }: Lesson): boolean => impact === 'read' || followed(agent.sequence, [], tool).count > 0;
  const usual = session.lessons.filter(isUsual);
  session.unlearnt.push(...session.lessons.filter((lesson) => !isUsual(lesson)).map(({ callId }) => callId));
  session.lessons.splice(0, session.lessons.length, ...usual);
  if (usual.length > 0) teach(memory, agent, session);
}

function teach(memory: Memory, agent: AgentHabits, session: Session): void {
  apply(memory, agent, { session, by: 1 });
  retain(agent, session);
  refreshReference(memory, agent);
}

function apply(memory: Memory, agent: AgentHabits, what: { session: Session; by: 1 | -1 }): void {
  const { session, by } = what;
  const pools = agent.sessions >= calibrateAfterSessions ? [roleOf(memory, agent.role), memory.domain] : [];
  for (const lesson of session.lessons) {
    applySequence(memory, agent, { lesson, by });
    for (const pool of pools) calibrate(calibrationOf(pool, lesson.impact), lesson.bits, by);
    learnTraits(agent.habits, lesson.traits, by);
  }
  agent.sessions = Math.max(0, agent.sessions + by);
}
