/**
 * The detector: is this call like this agent?
 * BH1. A call is scored before it is learnt; nothing a session does changes how the session itself is judged.
 * BH2. Statistics never gate a single call. The one gate, `habits-changed`, rests on whole sessions and says its n and its assumption.
 * BH3. Below the policy's number of sessions nothing statistical is claimed: kind `cold-start`, no p-value.
 * BH4. p-values name their sample; the category is the most specific one with enough calibration calls.
 * BH5. A call that was stopped is no habit: it neither teaches nor counts as evidence of a change.
 */
import { nothing, type Decision, type Detection, type Detector, type FindingDraft, type Impact, type Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { traitsOf, type ArgumentTrait } from './argument-habits.js';
import { pValueOf } from './calibration.js';
import { hashOf } from './count-table.js';
import { alarmLevel, cautious, changeStatistic, eValue } from './evidence.js';
import { closeTap, condemn, forget, rebaseline, sessionAt, vouch } from './learning.js';
import { agentOf, calibrationOf, emptyMemory, lessonsMax, roleOf, toolNamesMax, type AgentHabits, type Memory, type Session } from './memory.js';
import { surpriseOfCall, type Surprise } from './scoring.js';
import { depthMax, followed } from './sequence.js';
import { restored, snapshotOf } from './snapshot.js';

export const behaviourVersion = '1';
const calibrationCallsMin = 200;
const ownCallsMin = 60;
const shownBelow = 0.1;
const startOfSession = hashOf('start of session');

/** @param options.policy the policy in force; only `scores.sessionsMin` is read. */
export function createBehaviour(options: { policy: () => CompiledPolicy }): Detector<Memory> {
  return {
    name: 'behaviour',
    version: behaviourVersion,
    empty: emptyMemory,
    detect: (observation, memory) => detected(observation, memory, options.policy().policy.scores.sessionsMin),
    decide: decided,
    snapshot: snapshotOf,
    restore: restored,
  };
}

function detected(observation: Observation, memory: Memory, sessionsMin: number): Detection<Memory> {
  const agent = agentOf(memory, observation.agent.name, observation.agent.role);
  if (observation.kind === 'epoch-closed') {
    closeTap(memory, agent, { observation, sessionsMin });
    return { memory, findings: [] };
  }
  if (observation.kind === 'held-ended') {
    const { callId, end, phase } = observation.note ?? {};
    if (phase === 'request' && end !== 'forwarded' && typeof callId === 'string') forget(agent, callId);
    return { memory, findings: [] };
  }
  const at = Date.parse(observation.at);
  const session = sessionAt(memory, agent, { observation, nowMs: Number.isFinite(at) ? at : 0, sessionsMin });
  if (observation.call === undefined) return { memory, findings: [] };
  if (observation.call.phase === 'result') return { memory, findings: [nothing] };
  return { memory, findings: judged(observation, { memory, agent, session, sessionsMin }) };
}

interface Around {
  readonly memory: Memory;
  readonly agent: AgentHabits;
  readonly session: Session;
  readonly sessionsMin: number;
}

interface Measured extends Surprise {
  readonly name: string;
  readonly before: readonly number[];
  readonly tool: number;
}

function judged(observation: Observation, around: Around): FindingDraft[] {
  const { memory, agent, session, sessionsMin } = around;
  const impact = observation.call?.impact ?? 'write';
  const args = (observation.message?.payload as { arguments?: unknown } | null | undefined)?.arguments;
  const traits = traitsOf(`${observation.server}/${observation.call?.tool ?? ''}`, args);
  const measured = measure(observation, around, traits);
  const { p, n, whose } = calibrated(memory, agent, { impact, bits: measured.bits });
  const isKnown = agent.sessions >= sessionsMin && n > 0;
  const evidence = isKnown ? eValue(cautious(p, n)) : undefined;
  session.calls += 1;
  if (isKnown) {
    session.evidenceSum += evidence ?? 0;
    session.evidenceCalls += 1;
  }
  if (session.lessons.length < lessonsMax) {
    session.lessons.push({ callId: observation.call?.callId ?? observation.id, impact, before: measured.before, tool: measured.tool, traits, bits: measured.bits, ...(evidence === undefined ? {} : { evidence }) });
  }
  const changed = agent.alarmed ? [habitsChanged(agent)] : [];
  if (!isKnown) return [...changed, coldStart(agent, { sessionsMin, measured })];
  return [...changed, surprise({ around, measured, p, n, whose })];
}

function measure(observation: Observation, { memory, agent, session }: Around, traits: readonly ArgumentTrait[]): Measured {
  const name = `${observation.server}/${observation.call?.tool ?? ''}`;
  const tool = hashOf(name);
  if (memory.toolNames.size < toolNamesMax) memory.toolNames.set(tool, name);
  const before = [startOfSession, ...session.lessons.slice(-depthMax).map((lesson) => lesson.tool)].slice(-depthMax);
  return { name, before, tool, ...surpriseOfCall(memory, agent, { before, tool, traits }) };
}

/** Calls of the agent, of the same impact or else of any; only when those are few, its role's or its domain's of the same impact. */
function calibrated(memory: Memory, agent: AgentHabits, call: { impact: Impact; bits: number }): { p: number; n: number; whose: string } {
  const own = { whose: 'calls of this agent, of any impact', calibration: calibrationOf(agent, 'any'), enough: ownCallsMin };
  const pools = [
    { whose: `${call.impact} calls of this agent`, calibration: calibrationOf(agent, call.impact), enough: calibrationCallsMin },
    own,
    { whose: `${call.impact} calls of role ${agent.role}`, calibration: calibrationOf(roleOf(memory, agent.role), call.impact), enough: calibrationCallsMin },
    { whose: `${call.impact} calls of this domain`, calibration: calibrationOf(memory.domain, call.impact), enough: calibrationCallsMin },
  ];
  const { whose, calibration } = pools.find((pool) => pool.calibration.n >= pool.enough) ?? own;
  return { p: pValueOf(calibration, call.bits), n: calibration.n, whose };
}

function surprise(found: { around: Around; measured: Measured; p: number; n: number; whose: string }): FindingDraft {
  const { around, measured, p, n, whose } = found;
  const isShown = p < shownBelow;
  return {
    kind: isShown ? 'surprise' : 'nothing',
    severity: !isShown ? 'none' : p < 0.001 ? 'high' : p < 0.01 ? 'medium' : 'low',
    score: measured.bits, pValue: p, sampleSize: n,
    sentence: `${counts(around, measured)}${measured.args.reason === undefined ? '' : `; ${measured.args.reason}`}. p = ${p.toPrecision(2)} among ${n} ${whose} (not below 1/${n + 1}), if calls like these are exchangeable.`.slice(0, 1000),
    wouldPass: 'A call this agent makes habitually, or a person’s approval; approved sessions are learnt.',
    features: { sequenceBits: measured.sequenceBits, argumentBits: measured.args.bits, sessions: around.agent.sessions },
  };
}

function coldStart(agent: AgentHabits, at: { sessionsMin: number; measured: Measured }): FindingDraft {
  return {
    kind: 'cold-start', severity: 'none', score: at.measured.bits, sampleSize: agent.sessions,
    sentence: `${agent.sessions} sessions of this agent are known; with fewer than ${at.sessionsMin} nothing is said about how unusual this call is.`,
    features: { sequenceBits: at.measured.sequenceBits, argumentBits: at.measured.args.bits, sessions: agent.sessions },
  };
}

function habitsChanged(agent: AgentHabits): FindingDraft {
  const statistic = changeStatistic(agent.statistics);
  return {
    kind: 'habits-changed', severity: 'high', gate: 'hold', score: statistic, sampleSize: agent.reference.length,
    sentence: `Over its last ${agent.watched} sessions this agent’s calls left the habits learnt from ${agent.sessions} sessions: change statistic ${statistic.toPrecision(3)} against ${agent.reference.length} reference sessions, alarm at ${alarmLevel}. With exchangeable sessions and exact calibration a false alarm comes about once in ${alarmLevel} sessions; the calibration is estimated, so this is approximate.`,
    wouldPass: 'A person approves a call of the session, or registers the agent’s new state: then the new habits are learnt.',
    features: { statistic, watched: agent.watched },
  };
}

function counts(around: Around, measured: Measured): string {
  const { memory, agent } = around;
  const own = followed(agent.sequence, measured.before, measured.tool);
  const role = followed(roleOf(memory, agent.role).sequence, measured.before, measured.tool);
  const last = measured.before.at(-1);
  const after = last === undefined || last === startOfSession ? 'first in a session' : `after ${memory.toolNames.get(last) ?? 'another tool'}`;
  return `${measured.name} ${after}: ${own.count} of ${own.total} times for this agent, ${role.count} of ${role.total} for its role`;
}

function decided(decision: Decision, memory: Memory): Memory {
  if (decision.kind === 'state-registered') {
    const agent = memory.agents.get(decision.subject ?? '');
    if (agent !== undefined) rebaseline(memory, agent);
  }
  const { callId } = decision;
  if (decision.kind !== 'approval' || callId === undefined) return memory;
  for (const agent of memory.agents.values()) {
    if (decision.outcome === 'denied') condemn(memory, agent, callId);
    else if (decision.outcome === 'approved') vouch(agent, callId);
  }
  return memory;
}
