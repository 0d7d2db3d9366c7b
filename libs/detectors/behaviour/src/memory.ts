/**
 * What behaviour remembers of one domain.
 * BM1. Bounded: `agentsMax` agents, `rolesMax` roles, `lessonsMax` calls a session.
 * BM2. A session teaches when it has ended, waited out its quarantine and raised no alarm; until then it changes no count.
 */
import type { Impact } from '@countersign/contracts';
import type { ArgumentTrait, Habits } from './argument-habits.js';
import { emptyCalibration, type Calibration } from './calibration.js';
import type { Members, TaskRuns } from '@countersign/pipeline';
import { emptySequence, type SequenceModel } from './sequence.js';

export const agentsMax = 512;
export const rolesMax = 64;
export const lessonsMax = 500;
export const toolNamesMax = 4_096;

/** One call, as it will be learnt. */
export interface Lesson {
  readonly callId: string;
  readonly impact: Impact;
  readonly before: readonly number[];
  readonly tool: number;
  readonly traits: readonly ArgumentTrait[];
  /** Score in bits when the call was made. */
  readonly bits: number;
  /** Its e-value, where it was counted. */
  readonly evidence?: number;
}

export interface Session {
  readonly lessons: Lesson[];
  calls: number;
  evidenceSum: number;
  /** Calls whose evidence was counted. */
  evidenceCalls: number;
  /** A person refused one of its calls: it teaches nothing. */
  condemned: boolean;
  /** A person approved one of its calls. */
  vouched: boolean;
  /** Ids of calls left out of what the session taught. */
  readonly unlearnt: string[];
}

/** Scores of a whole session, in bits. */
export interface SessionScores {
  readonly mean: number;
  readonly highest: number;
}

/** A role's or the domain's pool. */
export interface Pool {
  readonly sequence: SequenceModel;
  calibrations: Partial<Record<Impact | 'any', Calibration>>;
}

export interface AgentHabits extends Pool {
  readonly role: string;
  readonly habits: Habits;
  /** Sessions that taught. */
  sessions: number;
  /** Ended sessions in quarantine, oldest first. */
  readonly waiting: Session[];
  /** Sessions taught lately: the reference is scored from them, and a condemned one can be taken back. */
  readonly taught: Session[];
  /** Taps of the run that is going on, and what it did so far. */
  readonly members: Members;
  current: Session | undefined;
  /** Runs that name their task. */
  readonly tasks: TaskRuns<Session>;
  reference: readonly SessionScores[];
  /** Number of sessions when the reference was made. */
  referenceAt: number;
  /** Change statistics: of calls, of session means, of session maxima. */
  statistics: readonly [number, number, number];
  /** Sessions counted since the statistics were last small. */
  watched: number;
  alarmed: boolean;
}

export interface Memory {
  readonly agents: Map<string, AgentHabits>;
  readonly roles: Map<string, Pool>;
  readonly domain: Pool;
  /** Tool hash → name, for sentences; its size is the catalogue's. */
  readonly toolNames: Map<number, string>;
}

export function emptyPool(): Pool {
  return { sequence: emptySequence(), calibrations: {} };
}

export function emptyMemory(): Memory {
  return { agents: new Map(), roles: new Map(), domain: emptyPool(), toolNames: new Map() };
}

export function emptySession(): Session {
  return { lessons: [], calls: 0, evidenceSum: 0, evidenceCalls: 0, condemned: false, vouched: false, unlearnt: [] };
}

/** The agent's habits, made on first sight; the agent idle longest is let go when there are too many. */
export function agentOf(memory: Memory, name: string, role: string): AgentHabits {
  let agent = memory.agents.get(name);
  if (agent === undefined) {
    agent = { ...emptyPool(), role, habits: new Map(), sessions: 0, waiting: [], taught: [], members: new Map(), current: undefined, tasks: new Map(), reference: [], referenceAt: 0, statistics: [0, 0, 0], watched: 0, alarmed: false };
    if (memory.agents.size >= agentsMax) memory.agents.delete(memory.agents.keys().next().value ?? '');
  } else {
    memory.agents.delete(name);
  }
  memory.agents.set(name, agent);
  return agent;
}

export function roleOf(memory: Memory, role: string): Pool {
  const known = memory.roles.get(role);
  if (known !== undefined) return known;
  if (memory.roles.size >= rolesMax) return memory.domain;
  const pool = emptyPool();
  memory.roles.set(role, pool);
  return pool;
}

export function calibrationOf(pool: Pool, impact: Impact | 'any'): Calibration {
  return (pool.calibrations[impact] ??= emptyCalibration());
}
