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
import { evidenceOf, isWhole, unitText, type Document, type PlacedUnit, type Span } from './document.js';
import type { Leaf } from './leaves.js';
import type { Memory, Session } from './memory.js';
import { folded, isNaming, tokensOf, tokensOfLeaf } from './text.js';
import { nameWords } from './tool.js';
import { contentWords, targetWords } from './words.js';

const targetCharsMin = 2;
const targetCharsMax = 200;
const targetsMax = 64;

export interface Target {
  readonly leaf: number;
  readonly start: number;
  readonly end: number;
  /** Folded characters as written. */
  readonly value: string;
  /** Token key when the target is an entity; compared instead of characters. */
  readonly key: string | undefined;
}

/** Targets of a call's arguments: whole values of target-like parameters, and entities anywhere. */
export function targetsOf(leaves: readonly Leaf[]): Target[] {
  const found: Target[] = [];
  leaves.forEach((leaf, ordinal) => {
    const value = folded(leaf.text.trim());
    const tokens = tokensOfLeaf(leaf).filter((token) => isNaming(token.key));
    for (const token of tokens) found.push({ leaf: ordinal, start: token.start, end: token.end, value: folded(leaf.text.slice(token.start, token.end)), key: token.key });
    const start = leaf.text.search(/\S/);
    if (tokens.length > 0 || !namesTarget(leaf.path) || value.length < targetCharsMin || value.length > targetCharsMax) return;
    found.push({ leaf: ordinal, start, end: start + value.length, value, key: undefined });
  });
  return found.slice(0, targetsMax);
}

/** Where a session read a target: in a field, in prose, or nowhere. */
export interface Standing {
  readonly inField: boolean;
  readonly prose: { readonly document: Document; readonly unit: PlacedUnit; readonly span: Span } | undefined;
}

export function standingOf(memory: Memory, session: Session, target: Target): Standing {
  let prose: Standing['prose'];
  for (const document of session.read) {
    for (const unit of unitsHolding(document, target)) {
      if (unit.structured) return { inField: true, prose: undefined };
      if (unit.prose && (!document.trusted || wasUntrusted(memory, target, document.seq))) prose ??= proseAt(document, unit, target);
    }
  }
  return { inField: false, prose };
}

/** Did a session read a target anywhere, in a field or in prose? */
export function wasRead(session: Session, target: Target): boolean {
  return session.read.some((document) => unitsHolding(document, target).length > 0);
}

export function targetFinding(call: { observation: Observation; session: Session; document: Document; memory: Memory; policy: Policy }): FindingDraft | undefined {
  const { observation, session, document, memory, policy } = call;
  if (observation.call?.impact === 'read') return undefined;
  for (const target of targetsOf(document.content.leaves)) {
    if (isKnown(policy, target) || isOwn(session, target)) continue;
    const exact = standingOf(memory, session, target);
    const host = exact.inField || exact.prose !== undefined ? undefined : hostOf(target);
    const { inField, prose } = host === undefined || isFamiliarHost(session, host) ? exact : standingOf(memory, session, host);
    if (!inField && prose !== undefined) return finding({ observation, document, target: host ?? target, prose, hasTask: session.task !== undefined });
  }
  return undefined;
}

function finding(found: { observation: Observation; document: Document; target: Target; prose: NonNullable<Standing['prose']>; hasTask: boolean }): FindingDraft {
  const { observation, document, target, prose, hasTask } = found;
  const tool = observation.call?.tool ?? 'this call';
  const parameter = document.content.leaves[target.leaf]?.path.replace('$.arguments.', '') ?? 'an argument';
  const source = `${prose.document.server}/${prose.document.tool}`;
  const shown = document.content.leaves[target.leaf]?.text.slice(target.start, target.end).slice(0, 80) ?? target.value;
  const orders = prose.unit.imperative ? ' The sentence that names it gives an order.' : '';
  const nobody = hasTask ? 'neither the task nor the agent brought it in' : 'the agent did not bring it in before (no task text was given to compare with)';
  return {
    kind: 'tainted-target', severity: 'high', gate: 'hold',
    sentence: `\`${parameter}\` of ${tool} is "${shown}", which stands only in prose of ${source} (untrusted), in no field of anything this session read; ${nobody}.${orders}`.slice(0, 1000),
    wouldPass: `A person's word that ${shown} is meant, the target named in the task, or an entry for it under \`knownEntities\`.`.slice(0, 400),
    evidence: [
      evidenceOf(prose.document, prose.span, `the target, in prose of ${source}`),
      evidenceOf(prose.document, { leaf: prose.unit.leaf, start: prose.unit.start, end: prose.unit.end }, 'the sentence'),
      evidenceOf(document, target, 'this argument'),
    ],
    features: { imperative: prose.unit.imperative ? 1 : 0 },
  };
}

/** The host of an address or a link that was read nowhere as such: whoever names a host in prose leaves the rest to the agent. */
function hostOf(target: Target): Target | undefined {
  const host = /^@(?:[^@/]+@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)+)(?:[:/?#].*)?$/.exec(target.key ?? '')?.[1];
  return host === undefined || `@${host}` === target.key ? undefined : { ...target, key: `@${host}`, value: host };
}

/** The agent or the task used the host, or it stands in a field, alone or as part of an address. */
function isFamiliarHost(session: Session, host: Target): boolean {
  const belongs = (key: string): boolean => key === host.key || key.endsWith(`@${host.value}`) || key.startsWith(`@${host.value}/`);
  if ([...session.own].some(belongs) || [...session.taskTokens].some(belongs)) return true;
  return session.read.some(({ content }) => [...content.postings].some(([key, units]) => belongs(key) && units.some((at) => content.units[at]?.structured === true)));
}

export function isKnown(policy: Policy, target: { value: string; key: string | undefined }): boolean {
  const bare = target.key?.slice(1);
  return policy.knownEntities.some((glob) => globMatches(glob, target.value) || (bare !== undefined && globMatches(glob, bare)));
}

export function isOwn(session: Session, target: { value: string; key: string | undefined }): boolean {
  if (target.key !== undefined) return session.own.has(target.key) || session.taskTokens.has(target.key);
  return session.ownValues.has(target.value) || (session.task !== undefined && holdsWhole(session.task, target.value));
}

/** Does a folded text hold a folded value, not as a part of a word? */
export function holdsWhole(text: string, value: string): boolean {
  for (let at = text.indexOf(value); at >= 0; at = text.indexOf(value, at + 1)) if (isWhole(text, at, at + value.length)) return true;
  return false;
}

function wasUntrusted(memory: Memory, target: Target, before: number): boolean {
  return memory.ring.some((document) => document.seq < before && document.kind !== 'argument' && document.kind !== 'task' && !document.trusted && unitsHolding(document, target).length > 0);
}

function unitsHolding(document: Document, target: Target): PlacedUnit[] {
  const { content } = document;
  if (target.key !== undefined) return (content.postings.get(target.key) ?? []).flatMap((at) => content.units[at] ?? []);
  const [first] = tokensOf(target.value);
  const candidates = first === undefined ? content.units.keys() : (content.postings.get(first.key) ?? []);
  return [...candidates].flatMap((at) => content.units[at] ?? []).filter((unit) => holdsWhole(folded(unitText(content, unit)), target.value));
}

function proseAt(document: Document, unit: PlacedUnit, target: Target): NonNullable<Standing['prose']> {
  const text = unitText(document.content, unit);
  const token = target.key === undefined ? undefined : tokensOf(text).find(({ key }) => key === target.key);
  const start = unit.start + (token?.start ?? Math.max(0, folded(text).indexOf(target.value)));
  const length = token === undefined ? target.value.length : token.end - token.start;
  return { document, unit, span: { leaf: unit.leaf, start, end: start + length } };
}

/** The last name in a path decides: `to`, `recipients[0]`, `file_id`, `channelName`. */
function namesTarget(path: string): boolean {
  const last = /([A-Za-z_$][\w$]*)(?:\[\d+\])*$/.exec(path)?.[1] ?? '';
  const words = nameWords(last);
  return words.some((word) => targetWords.has(word)) || (targetWords.has(last.toLowerCase()) && !contentWords.has(last.toLowerCase()));
}
