/**
 * Rule R1: a call must not take its target from prose alone.
 * R1a. Held: a write, egress or irreversible call with a target (recipient, address, account, link, host, path, channel, id, secret) that
 *      stands in what the session read only in prose, never in a field, and that neither the task nor the agent brought in.
 *      An address or link that was read nowhere counts by its host: prose may name a host and leave the rest to the agent.
 * R1b. No weight, no training; the wording of the prose does not matter.
 * R1c. A source that policy calls trusted, and an entity that policy knows, are not held against a call; but a trusted place that
 *      repeats what an untrusted text said before (a note, a memory, a ticket) is believed no more than that text.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { globMatches, type Policy } from '@countersign/policy';
import type { CallView } from './call-view.js';
import type { PlacedUnit } from './content.js';
import { evidenceOf, placeOf, type Document, type Span } from './document.js';
import type { Memory, Session } from './memory.js';
import type { Target } from './targets.js';
import { folded, tokensOf } from './text.js';

/** Where a session read a target: in a field, in prose, or nowhere. */
export interface Standing {
  readonly inField: boolean;
  readonly prose: { readonly document: Document; readonly unit: PlacedUnit; readonly span: Span } | undefined;
}

export function standingOf(memory: Memory, session: Session, target: Target): Standing {
  let prose: Standing['prose'];
  for (const document of session.read) {
    for (const unit of unitsHolding(memory, document, target)) {
      if (unit.structured) return { inField: true, prose: undefined };
      if (unit.prose && prose === undefined && (!document.origin.trusted || wasUntrusted(memory, target, document.origin.seq))) prose = proseAt(memory, document, { unit, target });
    }
  }
  return { inField: false, prose };
}

/** Did a session read a target anywhere, in a field or in prose? */
export function wasRead(memory: Memory, session: Session, target: Target): boolean {
  return session.read.some((document) => unitsHolding(memory, document, target).length > 0);
}

export function targetFinding(call: { observation: Observation; session: Session; view: CallView; memory: Memory; policy: Policy }): FindingDraft | undefined {
  const { observation, session, view, memory, policy } = call;
  if (observation.call?.impact === 'read' || session.read.length === 0) return undefined;
  const tainted: Tainted[] = [];
  for (const target of view.targets) {
    if (isOwn(session, target)) continue;
    const exact = standingOf(memory, session, target);
    const host = exact.inField || exact.prose !== undefined ? undefined : hostOf(memory, target);
    const { inField, prose } = host === undefined || isFamiliarHost(memory, session, host) ? exact : standingOf(memory, session, host);
    if (inField || prose === undefined || isKnown(memory, policy, target)) continue;
    tainted.push({ target: host ?? target, prose });
  }
  const [first, ...others] = tainted;
  return first && finding({ observation, document: view.document, ...first, others, hasTask: session.task !== undefined });
}

interface Tainted {
  readonly target: Target;
  readonly prose: NonNullable<Standing['prose']>;
}

interface Found extends Tainted {
  readonly observation: Observation;
  readonly document: Document;
  readonly others: readonly Tainted[];
  readonly hasTask: boolean;
}

const otherSentencesMax = 5;

/** R1d. The sentence of each such target is quoted, so that nobody's word for one of them passes for another; `unquoted` counts those left out. */
function finding({ observation, document, target, prose, others, hasTask }: Found): FindingDraft {
  const tool = observation.call?.tool ?? 'this call';
  const parameter = document.leaves[target.leaf]?.path.replace('$.arguments.', '') ?? 'an argument';
  const source = `${prose.document.origin.server}/${prose.document.origin.tool}`;
  const shown = document.leaves[target.leaf]?.text.slice(target.start, target.end).slice(0, 80) ?? target.value;
  const orders = prose.unit.imperative ? ' The sentence that names it gives an order.' : '';
  const nobody = hasTask ? 'neither the task nor the agent brought it in' : 'the agent did not bring it in before (no task text was given to compare with)';
  return {
    kind: 'tainted-target', severity: 'high', gate: 'hold',
    sentence: `\`${parameter}\` of ${tool} is "${shown}", which stands only in prose of ${source} (untrusted), in no field of anything this session read; ${nobody}.${orders}`.slice(0, 1000),
    wouldPass: `A person's word that ${shown} is meant, the target named in the task, or an entry for it under \`knownEntities\`.`.slice(0, 400),
    evidence: [
      evidenceOf(prose.document, prose.span, `the target, in prose of ${source}`),
      sentenceOf(prose, 'the sentence'),
      evidenceOf(document, target, 'this argument'),
      ...others.slice(0, otherSentencesMax).map((other) => sentenceOf(other.prose, 'the sentence of another target of this call')),
    ],
    features: { imperative: prose.unit.imperative ? 1 : 0, unquoted: Math.max(0, others.length - otherSentencesMax) },
  };
}

function sentenceOf({ document, unit: { leaf, start, end } }: Tainted['prose'], note: string): ReturnType<typeof evidenceOf> {
  return evidenceOf(document, { leaf, start, end }, note);
}

/** The host of an address or a link that was read nowhere as such: whoever names a host in prose leaves the rest to the agent. */
function hostOf({ indexer: { vocabulary } }: Memory, target: Target): Target | undefined {
  const id = target.id === 0 ? 0 : vocabulary.hostOf(target.id);
  return id === 0 || id === target.id ? undefined : { ...target, id, value: vocabulary.keyOf(id).slice(1) };
}

/** The agent or the task used the host, or it stands in a field, alone or as part of an address. */
function isFamiliarHost({ indexer: { vocabulary } }: Memory, session: Session, host: Target): boolean {
  const belongs = (id: number): boolean => vocabulary.hostOf(id) === host.id;
  if (session.ownHosts.has(host.id) || [...session.taskTokens].some(belongs)) return true;
  return session.read.some(({ content }) => content.ids.some((id, token) => belongs(id) && content.isInField(token)));
}

/** Does policy vouch for an address, a link or an id? Undefined when it vouches for nobody. */
export function vouchedFor(memory: Memory, policy: Policy): ((id: number) => boolean) | undefined {
  const { vocabulary } = memory.indexer;
  return policy.knownEntities.length === 0 ? undefined : (id) => vocabulary.isNaming(id) && isKnown(memory, policy, { value: vocabulary.keyOf(id).slice(1), id });
}

/** Does policy vouch for it? */
export function isKnown({ indexer: { vocabulary } }: Memory, policy: Policy, target: { value: string; id: number }): boolean {
  if (policy.knownEntities.length === 0) return false;
  const bare = target.id === 0 ? undefined : vocabulary.keyOf(target.id).slice(1);
  return policy.knownEntities.some((glob) => globMatches(glob, target.value) || (bare !== undefined && globMatches(glob, bare)));
}

export function isOwn(session: Session, target: { value: string; id: number }): boolean {
  if (target.id !== 0) return session.own.has(target.id) || session.taskTokens.has(target.id);
  return session.ownValues.has(target.value) || (session.task !== undefined && placeOf(session.task, target.value) >= 0);
}

function wasUntrusted(memory: Memory, target: Target, before: number): boolean {
  return memory.ring.some((document) => {
    const { seq, kind, trusted } = document.origin;
    return seq < before && kind !== 'argument' && kind !== 'task' && !trusted && unitsHolding(memory, document, target).length > 0;
  });
}

function unitsHolding({ indexer: { vocabulary } }: Memory, { content }: Document, target: Target): PlacedUnit[] {
  if (target.id !== 0) return unitsWith(content, target.id);
  const [first] = tokensOf(target.value);
  const candidates = first === undefined ? Array.from({ length: content.unitCount }, (_, unit) => content.unitAt(unit)) : unitsWith(content, vocabulary.find(first.key));
  return candidates.filter((unit) => placeOf(folded(content.textOf(unit)), target.value) >= 0);
}

function unitsWith(content: Document['content'], id: number): PlacedUnit[] {
  const token = content.find(id);
  return token < 0 ? [] : Array.from({ length: content.countOf(token) }, (_, at) => content.unitAt(content.unitOf(token, at)));
}

function proseAt({ indexer: { vocabulary } }: Memory, document: Document, { unit, target }: { unit: PlacedUnit; target: Target }): NonNullable<Standing['prose']> {
  const text = document.content.textOf(unit);
  const key = vocabulary.keyOf(target.id);
  const token = target.id === 0 ? undefined : tokensOf(text).find((candidate) => candidate.key === key);
  const start = unit.start + (token?.start ?? Math.max(0, folded(text).indexOf(target.value)));
  const length = token === undefined ? target.value.length : token.end - token.start;
  return { document, unit, span: { leaf: unit.leaf, start, end: start + length } };
}
