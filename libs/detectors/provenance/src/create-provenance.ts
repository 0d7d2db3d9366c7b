/**
 * The detector: where each value of a call came from, who may read it, and whether a source explains the call better than the user does.
 * PV1. Deterministic findings first (capability, flow, recall, target); the score only ranks and explains, it never sets a gate.
 * PV2. What a session reads becomes a source for the calls observed after it; a call is judged before its own arguments are remembered.
 * PV3. Memory is one domain's, so that a value keeps its origin and its label from agent to agent.
 * PV4. Every observation with a `call` is answered, if only with `nothing`.
 */
import { nothing, type Decision, type Detection, type Detector, type FindingDraft, type Observation } from '@countersign/contracts';
import { toolClassOf, type CompiledPolicy, type ToolDefinition } from '@countersign/policy';
import { askedByOther } from './asked-by-other.js';
import { callView, type CallView } from './call-view.js';
import { actorsOf, capabilityFinding } from './capability.js';
import { isDeclassified } from './declassify.js';
import type { Document } from './document.js';
import { callSources, writtenSources } from './edges.js';
import type { Explained } from './features.js';
import { carriedBy, flowFinding, type Carried } from './flow.js';
import type { Lesson } from './history.js';
import { mayRead, readersOf } from './labels.js';
import { bringIn, emptyMemory, remember, runningSessions, show, sweepWords, toolOf, toolsMax, type Memory, type Session } from './memory.js';
import { listedTools, member } from './payload.js';
import { argumentsOf, readDocuments, taskDocument } from './reading.js';
import { condemnListed, markCarried, noteListed, recallFinding, recalledBy } from './recall.js';
import { condemn, sessionAt, stopped } from './run.js';
import { scoreFinding } from './score-finding.js';
import { restored, snapshotOf } from './snapshot.js';
import { targetFinding, vouchedFor, wasRead } from './target-rule.js';
import { folded } from './text.js';

const alarmsMax = 64;
const ownValuesMax = 512;

export const provenanceVersion = '3';

/** @param options.policy the policy in force, asked at every observation; only its data is read. */
export function createProvenance(options: { policy: () => CompiledPolicy }): Detector<Memory> {
  return {
    name: 'provenance',
    version: provenanceVersion,
    empty: emptyMemory,
    detect: (observation, memory) => detected(observation, memory, options.policy()),
    decide: decided,
    snapshot: snapshotOf,
    restore: restored,
  };
}

function detected(observation: Observation, memory: Memory, policy: CompiledPolicy): Detection<Memory> {
  memory.seq += 1;
  memory.roles.set(observation.agent.name, observation.agent.role);
  if (observation.kind === 'held-ended') noteEnd(memory, observation);
  keepTools(observation, memory);
  condemnListed(memory, policy.policy);
  const session = sessionAt(memory, observation);
  const findings = found(observation, { memory, session, policy });
  sweepWords(memory);
  return { memory, findings: findings.length > 0 || observation.call === undefined ? findings : [nothing] };
}

interface Around {
  readonly memory: Memory;
  readonly session: Session;
  readonly policy: CompiledPolicy;
}

function found(observation: Observation, around: Around): readonly FindingDraft[] {
  const { memory, session, policy } = around;
  if (observation.kind !== 'message' || observation.message === undefined) return [];
  if (observation.call?.phase === 'request') return judged(observation, around);
  const findings: FindingDraft[] = [];
  let lost = 0;
  for (const read of readDocuments(observation, memory, policy.policy)) {
    const sources = writtenSources(memory, read);
    if (sources !== undefined) findings.push(sources);
    lost += remember(memory, read, read.content.ids) + show(session, read);
    noteListed(memory, session, read);
    findings.push(...labelRead(observation, read, policy));
  }
  return lost > 0 ? [...findings, evicted(lost)] : findings;
}

function judged(observation: Observation, around: Around): readonly FindingDraft[] {
  const { memory, session, policy } = around;
  takeTask(observation, session, memory);
  const document = argumentsOf(observation, memory);
  const view = callView(document, { session, indexer: memory.indexer, isKnown: vouchedFor(memory, policy.policy) });
  const actors = actorsOf(observation, memory.roles);
  const carried = memory.labelled.size > 0 ? carriedBy(memory, document, { index: memory.labelled, counts: (hit) => !isDeclassified(hit, { session, policy: policy.policy }) }) : [];
  const recalled = memory.recalled.size > 0 ? recalledBy(memory, { view, session, policy: policy.policy }) : [];
  const gates = [
    capabilityFinding(policy, observation, actors),
    carried.length > 0 && isSink(observation, memory, policy) ? flowFinding(memory, { observation, document, carried, actors, policy: policy.policy }) : undefined,
    recalled.length > 0 ? recallFinding(observation, document, recalled) : undefined,
    targetFinding({ observation, session, view, memory, policy: policy.policy }),
    actors.length === 1 ? askedByOther(memory, { observation, document, policy }) : undefined,
  ].filter((finding) => finding !== undefined);
  const { finding: score, lesson, explained } = scoreFinding({ observation, session, view, memory, policy });
  if (gates.length > 0 || score.kind !== 'nothing') raise(session, observation.call?.callId ?? observation.id);
  const sources = callSources(memory, view, explained.sources);
  afterCall(observation, around, { view, explained, lesson, carried, recalled });
  return [...gates, score, ...(sources === undefined ? [] : [sources])];
}

/** Egress and what cannot be undone; of the writes, those whose tool is open to strangers or not understood at all. */
function isSink(observation: Observation, memory: Memory, policy: CompiledPolicy): boolean {
  const impact = observation.call?.impact;
  if (impact !== 'write') return impact === 'egress' || impact === 'irreversible';
  const tool = observation.call?.tool ?? '';
  const definition = memory.tools.get(`${observation.server}\0${tool}`) as ToolDefinition | undefined;
  return toolClassOf(policy, { server: observation.server, tool, definition }).openWorld;
}

/** A session with too many alarms keeps the last one for good. */
function raise(session: Session, callId: string): void {
  if (session.alarms.size < alarmsMax) session.alarms.add(callId);
  else session.alarms.add('more');
}

/** A person's yes to a call means it was meant: the session may teach again. A no means it was not: what its session taught is taken back. */
function decided(decision: Decision, memory: Memory): Memory {
  const { kind, outcome, callId } = decision;
  if (kind !== 'approval' || callId === undefined) return memory;
  if (outcome === 'approved') {
    for (const session of runningSessions(memory)) if (session.alarms.delete(callId)) session.vouched = true;
  } else if (outcome === 'denied') {
    condemn(memory, callId);
  }
  return memory;
}

function noteEnd(memory: Memory, observation: Observation): void {
  const { callId, end, phase } = observation.note ?? {};
  if (phase === 'request' && end !== 'forwarded' && typeof callId === 'string') stopped(memory, callId);
}

interface Judged {
  readonly view: CallView;
  readonly explained: Explained;
  readonly lesson: Lesson;
  readonly carried: readonly Carried[];
  readonly recalled: readonly Carried[];
}

function afterCall(observation: Observation, { memory, session }: Around, call: Judged): void {
  const { view, explained, lesson } = call;
  const { vocabulary } = memory.indexer;
  bringIn(session, view.ids.filter((_, at) => !explained.read[at]), vocabulary);
  for (const target of view.targets) {
    if (session.ownValues.size < ownValuesMax && !session.ownValues.has(target.value) && !wasRead(memory, session, target)) session.ownValues.add(target.value);
  }
  if (session.read.length === 0) {
    const { ids } = toolOf(memory, observation.server, observation.call?.tool ?? '');
    bringIn(session, [...ids.action, ...ids.nouns], vocabulary);
  }
  session.calls += 1;
  session.lessons.push(lesson);
  keepArguments(memory, observation, call);
  noteListed(memory, session, view.document);
}

/** Arguments carry on the labels that stand in them by content; those of calls that write something are found again when they are read. */
function keepArguments(memory: Memory, observation: Observation, { view, carried, recalled }: Judged): void {
  const { document } = view;
  if (document.chars === 0) return;
  const { labels } = document.origin;
  for (const { label, hits } of carried) for (const leaf of new Set(hits.map((hit) => hit.leaf))) labels.set(leaf, [...(labels.get(leaf) ?? []), label]);
  if (recalled.length > 0) markCarried(memory, document, recalled);
  remember(memory, document, view.ids);
  if (observation.call?.impact !== 'read') memory.writers.note(document, view.ids);
}

function takeTask(observation: Observation, session: Session, memory: Memory): void {
  const text = observation.metadata?.task?.text;
  if (text === undefined || text === session.taskText) return;
  session.taskText = text;
  session.task = folded(text);
  session.taskTokens = memory.indexer.idsOfText(text);
  remember(memory, taskDocument(observation, memory, text), session.taskTokens);
}

function keepTools(observation: Observation, memory: Memory): void {
  for (const definition of listedTools(observation)) {
    const name = member(definition, 'name');
    if (typeof name !== 'string' || memory.tools.size >= toolsMax) continue;
    const key = `${observation.server}\0${name}`;
    memory.tools.set(key, definition);
    memory.toolWords.delete(key);
  }
}

/** Reading is not leaving, but who may not read a label now holds it: said, so that policy's gap is seen. */
function labelRead(observation: Observation, { origin }: Document, policy: CompiledPolicy): FindingDraft[] {
  if (origin.labels.size === 0) return [];
  const names = [...new Set([...origin.labels.values()].flat())].filter((name) => !mayRead(readersOf(policy.policy, name), [observation.agent]));
  if (names.length === 0) return [];
  return [{ kind: 'label-read', severity: 'medium', sentence: `${observation.agent.name} (${observation.agent.role}) was given text labelled ${names.join(', ')} by ${origin.server}/${origin.tool} without being a reader; what it holds may not leave through this agent.`.slice(0, 1000) }];
}

function evicted(chars: number): FindingDraft {
  return {
    kind: 'evicted', severity: 'info', sentence: `${chars} characters read earlier were let go (oldest without a label first): values from them can no longer be traced.`,
    features: { chars },
  };
}
