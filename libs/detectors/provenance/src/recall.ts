/**
 * A source that a person condemned: what it said is believed nowhere any more, and what was written from it is found again.
 * RC1. Named in policy (`recalled`) by the observation or the call that brought it; its values, and those of every call that carried them, are
 *      followed from then on, whoever uses them. Off the list, they are forgotten again.
 * RC2. What the task names, the agent brought in itself, an operator vouches for, or the domain had read elsewhere before is not held against a call.
 * RC3. Sessions that read it teach nothing, and what they taught is taken back; that stays.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import type { Policy } from '@countersign/policy';
import type { CallView } from './call-view.js';
import { evidenceOf, type Document } from './document.js';
import { carriedBy, type Carried } from './flow.js';
import { LabelledValues } from './labelled-values.js';
import type { Memory, Session } from './memory.js';
import { condemn } from './run.js';
import { isKnown } from './target-rule.js';

/** Brings memory in line with the policy's list. */
export function condemnListed(memory: Memory, policy: Policy): void {
  const listed = policy.recalled ?? [];
  if (listed === memory.condemnedBy || (listed.length === 0 && memory.condemned.size === 0)) return;
  memory.condemnedBy = listed;
  const fresh = listed.filter((id) => !memory.condemned.has(id));
  const lifted = [...memory.condemned].some((id) => !listed.includes(id));
  if (fresh.length === 0 && !lifted) return;
  if (lifted) {
    memory.recalled = new LabelledValues(memory.indexer, memory.seen);
    memory.condemned.clear();
  }
  for (const id of fresh) condemn(memory, id);
  for (const id of listed) memory.condemned.add(id);
  follow(memory, lifted ? listed : fresh);
}

/** A document whose id is on the list already, as when the ledger is read again from its beginning. */
export function noteListed(memory: Memory, session: Session, document: Document): void {
  if (memory.condemned.size === 0) return;
  const { observationId, callId } = document.origin;
  const named = memory.condemned.has(observationId) ? observationId : callId !== undefined && memory.condemned.has(callId) ? callId : undefined;
  if (named === undefined) return;
  session.condemned = true;
  mark(memory, document, named);
}

/** What a call carries of condemned sources. */
export function recalledBy(memory: Memory, call: { view: CallView; session: Session; policy: Policy }): readonly Carried[] {
  const { view, session, policy } = call;
  const isMeant = (id: number, value: string): boolean => id !== 0 && (session.taskTokens.has(id) || session.own.has(id) || isKnown(memory, policy, { value, id }));
  return carriedBy(memory, view.document, { index: memory.recalled, counts: (hit) => !isMeant(hit.id, hit.value) });
}

/** Deny: the call is made of what a person condemned. */
export function recallFinding(observation: Observation, document: Document, recalled: readonly Carried[]): FindingDraft | undefined {
  if (observation.call?.impact === 'read') return undefined;
  const [strongest] = recalled;
  const hit = strongest?.hits[0];
  if (strongest === undefined || hit === undefined) return undefined;
  const { origin } = hit.source.document;
  const count = strongest.hits.length;
  const argument = document.leaves[hit.leaf]?.path.replace('$.arguments.', '') ?? 'an argument';
  return {
    kind: 'recalled-source', severity: 'critical', gate: 'deny',
    sentence: `${count === 1 ? 'A value' : `${count} values`} of this call, in \`${argument}\`, ${count === 1 ? 'comes' : 'come'} from ${strongest.label}, which was condemned: ${origin.server}/${origin.tool}, ${origin.kind === 'argument' ? 'written' : 'read'} by ${origin.agent}. Neither the task nor the agent brought ${count === 1 ? 'it' : 'them'} in.`.slice(0, 1000),
    wouldPass: `The call without these values, a task that names them, an entry under \`knownEntities\`, or a policy without ${strongest.label} under \`recalled\`.`.slice(0, 400),
    evidence: [evidenceOf(hit.source.document, hit.origin, 'what was condemned, or was written from it'), evidenceOf(document, { leaf: hit.leaf, start: hit.start, end: hit.end }, hit.encoded ? 'this argument, encoded' : 'this argument')],
    features: { hits: count },
  };
}

/** Marks the sources, then, in order, every call of the domain that carried what was marked before it. */
function follow(memory: Memory, ids: readonly string[]): void {
  const wanted = new Set(ids);
  for (const document of memory.ring) {
    const { origin } = document;
    const named = wanted.has(origin.observationId) ? origin.observationId : origin.callId !== undefined && wanted.has(origin.callId) ? origin.callId : undefined;
    if (origin.kind === 'task') continue;
    if (named !== undefined) mark(memory, document, named);
    else if (origin.kind === 'argument' && memory.recalled.size > 0) markCarried(memory, document);
  }
}

function mark(memory: Memory, document: Document, name: string): void {
  document.origin.trusted = false;
  document.leaves.forEach((_, leaf) => { memory.recalled.add({ document, leaf, names: [name] }); });
}

/** What a call wrote from what is marked is marked too, whole strings of it. */
export function markCarried(memory: Memory, document: Document, carried: readonly Carried[] = carriedBy(memory, document, { index: memory.recalled })): void {
  for (const { label, hits } of carried) {
    for (const leaf of new Set(hits.map((hit) => hit.leaf))) memory.recalled.add({ document, leaf, names: [label] });
  }
}
