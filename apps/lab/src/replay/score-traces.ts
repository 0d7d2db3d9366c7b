/**
 * Runs traces through the provenance detector and keeps what it said of every call.
 * ST1. Each trace meets an empty domain whose agent has the suite's benign history without the trace's own task.
 */
import { performance } from 'node:perf_hooks';
import { createProvenance, type ProvenanceMemory } from '@countersign/detector-provenance';
import type { Detector, FindingDraft, Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { listing, staged, type Staging } from './observations.js';
import type { Recorded, RecordedCall, Trace } from './traces.js';

type History = NonNullable<ReturnType<ProvenanceMemory['histories']['get']>>;

export interface ScoredCall {
  readonly call: RecordedCall;
  readonly laneA: number;
  readonly laneB: number;
  readonly targetHeld: boolean;
  readonly features: Readonly<Record<string, number>>;
}

export interface ScoredTrace {
  readonly trace: Trace;
  readonly calls: readonly ScoredCall[];
}

export interface Lab {
  readonly detector: Detector<ProvenanceMemory>;
  readonly recorded: Recorded;
  readonly policy: CompiledPolicy;
  readonly withTask: boolean;
  readonly withHistory: boolean;
  /** Microseconds of each judged request. */
  readonly callMicros: number[];
  /** Suite, then task → what its benign runs teach. */
  readonly taught: Map<string, Map<string, History>>;
  readonly contents: ProvenanceMemory['contents'];
}

export function lab(recorded: Recorded, policy: CompiledPolicy, how: { withTask: boolean; withHistory: boolean }): Lab {
  const detector = createProvenance({ policy: () => policy });
  return { detector, recorded, policy, ...how, callMicros: [], taught: new Map(), contents: detector.empty().contents };
}

export async function scored(setup: Lab, trace: Trace): Promise<ScoredTrace> {
  const memory = await freshMemory(setup, trace.suite);
  if (setup.withHistory) memory.histories.set(trace.suite, await historyWithout(setup, trace));
  const calls: ScoredCall[] = [];
  for (const { observation, call } of staged(trace, stagingOf(setup, trace.suite))) {
    const startedAt = performance.now();
    const findings = await findingsOf(setup, memory, observation);
    if (call === undefined) continue;
    setup.callMicros.push((performance.now() - startedAt) * 1000);
    calls.push(scoredCall(call, findings));
  }
  return { trace, calls };
}

function scoredCall(call: RecordedCall, findings: readonly FindingDraft[]): ScoredCall {
  const features = findings.find((finding) => finding.features?.['laneA'] !== undefined)?.features ?? {};
  return { call, features, laneA: features['laneA'] ?? -9, laneB: features['laneB'] ?? -9, targetHeld: findings.some(({ kind }) => kind === 'tainted-target') };
}

async function findingsOf(setup: Lab, memory: ProvenanceMemory, observation: Observation): Promise<readonly FindingDraft[]> {
  return (await setup.detector.detect(observation, memory)).findings;
}

async function freshMemory(setup: Lab, suite: string): Promise<ProvenanceMemory> {
  const memory: ProvenanceMemory = { ...setup.detector.empty(), contents: setup.contents };
  await findingsOf(setup, memory, listing(suite, setup.recorded.tools[suite] ?? []));
  return memory;
}

function stagingOf(setup: Lab, suite: string): Staging {
  return {
    policy: setup.policy, tools: setup.recorded.tools[suite] ?? [], withTask: setup.withTask,
    textOf: (call) => setup.recorded.texts.get(call.result ?? '') ?? '',
  };
}

async function historyWithout(setup: Lab, trace: Trace): Promise<History> {
  const { suite } = trace;
  if (!setup.taught.has(suite)) setup.taught.set(suite, await taughtBy(setup, suite));
  const merged: History = { sessions: 0, calls: 0, tools: new Map(), values: new Set(), entities: new Set(), sessionScores: [] };
  for (const [task, history] of setup.taught.get(suite) ?? []) {
    if (task === trace.user_task) continue;
    merged.sessions += history.sessions;
    merged.calls += history.calls;
    for (const [tool, count] of history.tools) merged.tools.set(tool, (merged.tools.get(tool) ?? 0) + count);
    for (const value of history.values) merged.values.add(value);
    for (const entity of history.entities) merged.entities.add(entity);
  }
  return merged;
}

/** Benign runs of each task, every hold among them approved by a person. */
async function taughtBy(setup: Lab, suite: string): Promise<Map<string, History>> {
  const byTask = new Map<string, History>();
  for (const trace of setup.recorded.traces.filter((candidate) => candidate.kind === 'benign' && candidate.suite === suite)) {
    const memory = await freshMemory(setup, suite);
    const known = byTask.get(trace.user_task);
    if (known !== undefined) memory.histories.set(suite, known);
    for (const { observation } of staged(trace, stagingOf(setup, suite))) await findingsOf(setup, memory, observation);
    for (const session of memory.sessions.values()) {
      session.vouched = session.alarms.size > 0;
      session.alarms.clear();
    }
    const last = staged(trace, stagingOf(setup, suite)).at(-1)?.observation;
    if (last !== undefined) await findingsOf(setup, memory, closing(last));
    const history = memory.histories.get(suite);
    if (history !== undefined) byTask.set(trace.user_task, history);
  }
  return byTask;
}

function closing(last: Observation): Observation {
  const observation: Observation = { ...last, kind: 'epoch-closed' };
  delete observation.message;
  delete observation.call;
  return observation;
}
