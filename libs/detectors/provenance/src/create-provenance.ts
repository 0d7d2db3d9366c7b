/**
 * The detector: where each value of a call came from, who may read it, and whether a source explains the call better than the user does.
 * PV1. Deterministic findings first (capability, flow, target); the score only ranks and explains, it never sets a gate.
 * PV2. What a session reads becomes a source for the calls observed after it; a call is judged before its own arguments are remembered.
 * PV3. Memory is one domain's, so that a value keeps its origin and its label from agent to agent.
 * PV4. Every observation with a `call` is answered, if only with `nothing`.
 */
import { nothing, type Decision, type Detection, type Detector, type FindingDraft, type Observation } from '@countersign/contracts';
import { toolClassOf, type CompiledPolicy, type Policy, type ToolDefinition } from '@countersign/policy';
import { actorsOf, capabilityFinding } from './capability.js';
import { contentOf, type Content, type Document, type DocumentKind } from './document.js';
import { askedByOther } from './asked-by-other.js';
import { carriedBy, flowFinding, type Carried } from './flow.js';
import { lessonOf } from './lesson.js';
import { mayRead, readersOf, sourceFacts } from './labels.js';
import type { Leaf } from './leaves.js';
import { bringIn, emptyMemory, remember, show, toolsMax, wordsOfTool, type Memory, type Session } from './memory.js';
import { argumentLeaves, listedTools, member, resultLeaves } from './payload.js';
import { sessionAt } from './run.js';
import { scoreFinding } from './score-finding.js';
import { restored, snapshotOf } from './snapshot.js';
import { targetFinding, targetsOf, wasRead } from './target-rule.js';
import { folded, tokenKeys } from './text.js';

/** What a server says through these reaches the agent like a prompt. */
const promptMethods = new Set(['prompts/get', 'sampling/createMessage', 'elicitation/create']);
const contentsMax = 256;
const alarmsMax = 64;
const ownValuesMax = 4_096;

export const provenanceVersion = '2';

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
  keepTools(observation, memory);
  const session = sessionAt(memory, observation);
  if (observation.kind !== 'message' || observation.message === undefined) return { memory, findings: observation.call ? [nothing] : [] };
  if (observation.call?.phase === 'request') return { memory, findings: judged(observation, { memory, session, policy }) };
  const read = readDocument(observation, memory, policy.policy);
  if (read === undefined) return { memory, findings: observation.call ? [nothing] : [] };
  const lost = remember(memory, read) + show(session, read);
  const findings = [...labelRead(observation, read, policy), ...(lost > 0 ? [evicted(lost)] : [])];
  return { memory, findings: findings.length > 0 || observation.call === undefined ? findings : [nothing] };
}

function judged(observation: Observation, around: { memory: Memory; session: Session; policy: CompiledPolicy }): readonly FindingDraft[] {
  const { memory, session, policy } = around;
  takeTask(observation, session, memory);
  const leaves = argumentLeaves(observation.message?.payload);
  const document = documentOf(observation, { kind: 'argument', leaves, memory, policy: undefined });
  const actors = actorsOf(observation, memory.roles);
  const carried = memory.labelled.size > 0 ? carriedBy(memory, document) : [];
  const gates = [
    capabilityFinding(policy, observation, actors),
    carried.length > 0 && isSink(observation, memory, policy) ? flowFinding(memory, { observation, document, carried, actors, policy: policy.policy }) : undefined,
    targetFinding({ observation, session, document, memory, policy: policy.policy }),
    actors.length === 1 ? askedByOther(memory, { observation, document, policy }) : undefined,
  ].filter((finding) => finding !== undefined);
  const score = scoreFinding({ observation, session, document, memory, policy });
  if (gates.length > 0 || score.kind !== 'nothing') raise(session, observation.call?.callId ?? observation.id);
  afterCall({ observation, memory, session, document, carried });
  return [...gates, score];
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

/** A person's yes to a call means it was meant: the session may teach again. */
function decided(decision: Decision, memory: Memory): Memory {
  if (decision.kind !== 'approval' || decision.outcome !== 'approved' || decision.callId === undefined) return memory;
  for (const session of memory.sessions.values()) if (session.alarms.delete(decision.callId)) session.vouched = true;
  return memory;
}

function afterCall(call: { observation: Observation; memory: Memory; session: Session; document: Document; carried: readonly Carried[] }): void {
  const { observation, memory, session, document, carried } = call;
  const tool = observation.call?.tool ?? '';
  const ownTokens = [...document.content.postings.keys()].filter((key) => !session.read.some((read) => read.content.postings.has(key)));
  bringIn(session, ownTokens);
  for (const target of targetsOf(document.content.leaves)) {
    if (session.ownValues.size < ownValuesMax && !wasRead(session, target)) session.ownValues.add(target.value);
  }
  if (session.read.length === 0) {
    const words = wordsOfTool(memory, observation.server, tool);
    bringIn(session, [words.verb, ...words.groups, ...words.nouns].filter((word) => word !== ''));
  }
  session.calls += 1;
  if (session.lessons.length < 2_000) session.lessons.push(lessonOf(tool, document));
  for (const { label, hits } of carried) {
    for (const leaf of new Set(hits.map((hit) => hit.leaf))) document.labels.set(leaf, [...(document.labels.get(leaf) ?? []), label]);
  }
  if (document.content.chars > 0) remember(memory, document);
}

function readDocument(observation: Observation, memory: Memory, policy: Policy): Document | undefined {
  const { message } = observation;
  if (message === undefined || observation.direction !== 'server-to-client') return undefined;
  const kind: DocumentKind | undefined =
    observation.call?.phase === 'result' ? 'result' : message.method === 'resources/read' ? 'resource' : promptMethods.has(message.method ?? '') ? 'prompt' : undefined;
  if (kind === undefined) return undefined;
  const leaves = message.shape === 'error' ? [] : resultLeaves(message.payload);
  return leaves.length === 0 ? undefined : documentOf(observation, { kind, leaves, memory, policy });
}

function documentOf(observation: Observation, from: { kind: DocumentKind; leaves: readonly Leaf[]; memory: Memory; policy: Policy | undefined }): Document {
  const tool = observation.call?.tool ?? observation.message?.method ?? from.kind;
  const content = contentFor(from.memory, `${from.kind === 'argument' ? 'a' : 'r'}${observation.message?.digest ?? ''}`, from.leaves);
  const facts = from.policy === undefined ? { labels: new Map<number, readonly string[]>(), trusted: false } : sourceFacts(from.policy, { server: observation.server, tool }, from.leaves);
  return {
    seq: from.memory.seq, kind: from.kind, observationId: observation.id, server: observation.server, tool,
    agent: observation.agent.name, trusted: facts.trusted, labels: facts.labels, content,
  };
}

function contentFor(memory: Memory, digest: string, leaves: readonly Leaf[]): Content {
  const known = digest.length > 1 ? memory.contents.get(digest) : undefined;
  if (known !== undefined) return known;
  const content = contentOf(leaves);
  const oldest = memory.contents.size >= contentsMax ? memory.contents.keys().next().value : undefined;
  if (oldest !== undefined) memory.contents.delete(oldest);
  if (digest.length > 1) memory.contents.set(digest, content);
  return content;
}

function takeTask(observation: Observation, session: Session, memory: Memory): void {
  const text = observation.metadata?.task?.text;
  if (text === undefined || folded(text) === session.task) return;
  session.task = folded(text);
  session.taskTokens = tokenKeys(text);
  const document = documentOf(observation, { kind: 'task', leaves: [], memory, policy: undefined });
  const leaf: Leaf = { path: '$.task', field: '', text, raw: text, offset: 0, keyed: false };
  remember(memory, { ...document, tool: 'task', content: contentOf([leaf]) });
}

function keepTools(observation: Observation, memory: Memory): void {
  for (const definition of listedTools(observation)) {
    const name = member(definition, 'name');
    if (typeof name === 'string' && memory.tools.size < toolsMax) noteTool(memory, `${observation.server}\0${name}`, definition);
  }
}

function noteTool(memory: Memory, key: string, definition: unknown): void {
  memory.tools.set(key, definition);
  memory.toolWords.delete(key);
}

/** Reading is not leaving, but who may not read a label now holds it: said, so that policy's gap is seen. */
function labelRead(observation: Observation, read: Document, policy: CompiledPolicy): FindingDraft[] {
  const names = [...new Set([...read.labels.values()].flat())].filter((name) => !mayRead(readersOf(policy.policy, name), [observation.agent]));
  if (names.length === 0) return [];
  return [{ kind: 'label-read', severity: 'medium', sentence: `${observation.agent.name} (${observation.agent.role}) was given text labelled ${names.join(', ')} by ${read.server}/${read.tool} without being a reader; what it holds may not leave through this agent.`.slice(0, 1000) }];
}

function evicted(chars: number): FindingDraft {
  return {
    kind: 'evicted', severity: 'info', sentence: `${chars} characters read earlier were let go (oldest without a label first): values from them can no longer be traced.`,
    features: { chars },
  };
}
