/**
 * What this agent's own benign sessions score when they are scored by the others: the calibration of p-values.
 * RE1. A session is scored by counts that do not hold it (cross-scoring): scores from the first days, when nothing was known,
 *      would hide every later change.
 * RE2. Bounded: the latest `retainedSessionsMax` sessions and `retainedLessonsMax` calls; made again when sessions grew by a tenth.
 */
import { learnTraits, type Habits } from './argument-habits.js';
import { calibrate } from './calibration.js';
import { calibrationOf, roleOf, type AgentHabits, type Lesson, type Memory, type Session, type SessionScores } from './memory.js';
import { surpriseOfCall } from './scoring.js';
import { learnNext, unlearnNext } from './sequence.js';

export const retainedSessionsMax = 128;
export const retainedLessonsMax = 2_000;
const folds = 5;
const sessionsMin = 5;

export function retain(agent: AgentHabits, session: Session): void {
  agent.taught.push(session);
  let lessons = agent.taught.reduce((sum, kept) => sum + kept.lessons.length, 0);
  while (agent.taught.length > 1 && (agent.taught.length > retainedSessionsMax || lessons > retainedLessonsMax)) lessons -= agent.taught.shift()?.lessons.length ?? 0;
}

export function refreshReference(memory: Memory, agent: AgentHabits): void {
  if (agent.sessions < sessionsMin || agent.sessions < agent.referenceAt * 1.1) return;
  agent.referenceAt = agent.sessions;
  agent.calibrations = {};
  const reference: SessionScores[] = [];
  for (let fold = 0; fold < folds; fold++) {
    const tested = agent.taught.filter((_, at) => at % folds === fold);
    const habits: Habits = new Map();
    agent.taught.forEach((session, at) => {
      if (at % folds !== fold) for (const lesson of session.lessons) learnTraits(habits, lesson.traits, 1);
    });
    eachLesson(tested, (lesson) => applySequence(memory, agent, { lesson, by: -1 }));
    for (const session of tested) reference.push(scoredSession(memory, agent, { session, habits }));
    eachLesson(tested, (lesson) => applySequence(memory, agent, { lesson, by: 1 }));
  }
  agent.reference = reference;
}

export function applySequence(memory: Memory, agent: AgentHabits, what: { lesson: Lesson; by: 1 | -1 }): void {
  const { lesson, by } = what;
  for (const pool of [agent, roleOf(memory, agent.role), memory.domain]) {
    if (by > 0) learnNext(pool.sequence, lesson.before, lesson.tool);
    else unlearnNext(pool.sequence, lesson.before, lesson.tool);
  }
}

/** Conformal p-value of a session's score among the reference; never below 1/(n + 1). */
export function sessionPValue(reference: readonly SessionScores[], kind: keyof SessionScores, score: number): number {
  const atLeast = reference.reduce((count, known) => count + (known[kind] >= score ? 1 : 0), 0);
  return (atLeast + 1) / (reference.length + 1);
}

export function scoresOf(bits: readonly number[]): SessionScores {
  return { mean: bits.reduce((sum, bit) => sum + bit, 0) / Math.max(1, bits.length), highest: Math.max(0, ...bits) };
}

function scoredSession(memory: Memory, agent: AgentHabits, what: { session: Session; habits: Habits }): SessionScores {
  const scores = what.session.lessons.map((lesson) => {
    const { bits } = surpriseOfCall(memory, agent, { ...lesson, habits: what.habits });
    for (const category of [lesson.impact, 'any'] as const) calibrate(calibrationOf(agent, category), bits, 1);
    return bits;
  });
  return scoresOf(scores);
}

function eachLesson(sessions: readonly Session[], act: (lesson: Lesson) => void): void {
  for (const session of sessions) session.lessons.forEach(act);
}
