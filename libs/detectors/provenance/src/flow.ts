/**
 * Does labelled content leave through this call?
 * FL1. Only content proves a flow: a value, a name or a stretch of labelled text stands in the arguments, as it is or encoded.
 * FL2. What stood in an unlabelled text of the domain before the labelled one is nobody's secret and proves nothing.
 * FL3. The path is shown: where the value came from, who carried it through which calls, which argument holds it now.
 */
import type { Evidence, FindingDraft, Observation } from '@countersign/contracts';
import type { Policy } from '@countersign/policy';
import { evidenceOf, placeOf, placeOfToken, type Document, type Span } from './document.js';
import { folded } from './text.js';
import type { Hit, LabelledValues } from './labelled-values.js';
import { squeezedLeaf } from './fingerprints.js';
import { mayRead, readersOf, type Actor } from './labels.js';
import { decodings, reversed } from './decodings.js';
import type { Memory } from './memory.js';

const enough = 1;
const hopsMax = 3;
const provenMax = 12;
const reversedCharsMin = 6;

export interface Carried {
  readonly label: string;
  readonly hits: readonly (Hit & { readonly leaf: number; readonly encoded: boolean })[];
}

/** What joins a link's parts; blanked one for one, so that a value in a path or a query is seen and places stay true. */
const linkPunctuation = /[/?&#=]/g;

export interface FlowQuestion {
  readonly observation: Observation;
  readonly document: Document;
  /** What `carriedBy` found in the document. */
  readonly carried: readonly Carried[];
  readonly actors: readonly Actor[];
  readonly policy: Policy;
}

/**
 * Labels the leaves of a document carry by content, strongest first.
 * @param what.index what is looked for; `counts` leaves a hit out when it is not held against anybody.
 */
export function carriedBy(memory: Memory, document: Document, { index, counts = () => true }: { index: LabelledValues; counts?: (hit: Hit) => boolean }): Carried[] {
  const byLabel = new Map<string, Carried['hits'][number][]>();
  document.leaves.forEach(({ text }, leaf) => {
    for (const [form, encoded] of forms(text)) {
      for (const hit of index.hits(form)) {
        if (!counts(hit)) continue;
        const placed = { ...hit, leaf, encoded, ...(encoded ? { start: 0, end: text.length } : {}) };
        for (const name of hit.source.names) byLabel.set(name, [...(byLabel.get(name) ?? []), placed]);
      }
    }
  });
  const carried = [...byLabel].map(([label, hits]) => ({ label, hits: distinct(hits).filter((hit) => !wasPublic(memory, index, hit)) }));
  return carried.filter(({ hits }) => weightOf(hits) >= enough).sort((a, b) => weightOf(b.hits) - weightOf(a.hits));
}

/** The finding for a sink, or undefined when everyone acting may read what the call carries. */
export function flowFinding(memory: Memory, call: FlowQuestion): FindingDraft | undefined {
  const { document, actors, policy, observation, carried } = call;
  for (const { label, hits } of carried) {
    const readers = readersOf(policy, label);
    if (mayRead(readers, actors)) continue;
    const strongest = [...hits].sort((a, b) => b.weight - a.weight)[0];
    if (strongest !== undefined) return finding({ memory, observation, document, label, hit: strongest, count: hits.length, readers: readers ?? [] });
  }
  return undefined;
}

function finding(found: {
  memory: Memory; observation: Observation; document: Document; label: string; hit: Carried['hits'][number]; count: number; readers: readonly string[];
}): FindingDraft {
  const { memory, observation, document, label, hit, count, readers } = found;
  const { document: origin } = hit.source;
  const root = rootOf(memory, hit);
  const hops = hopsOf(memory, { hit, from: root?.origin.seq ?? origin.origin.seq, to: document });
  const argument = document.leaves[hit.leaf]?.path.replace('$.arguments.', '') ?? 'an argument';
  const steps = hops.map((hop) => `${hop.origin.agent} ${hop.origin.kind === 'argument' ? 'passed it to' : 'read it from'} ${hop.origin.server}/${hop.origin.tool}`);
  const first = root ?? origin;
  const path = [`${first.origin.agent} ${first.origin.kind === 'argument' ? 'wrote it with' : 'read it from'} ${first.origin.server}/${first.origin.tool}`, ...steps, `${observation.agent.name} puts it into \`${argument}\` of ${observation.call?.tool ?? 'this call'}`];
  const evidence: Evidence[] = [
    evidenceOf(origin, hit.origin, `origin, label ${label}: ${origin.origin.server}/${origin.origin.tool}`),
    ...hops.flatMap((hop) => hopEvidence(memory, hop, hit)),
    evidenceOf(document, { leaf: hit.leaf, start: hit.start, end: hit.end }, hit.encoded ? 'this argument, encoded' : 'this argument'),
  ];
  const actor = `${observation.agent.name} (${observation.agent.role})`;
  return {
    kind: 'flow-to-sink', severity: 'critical', gate: 'deny',
    sentence: `${count === 1 ? 'A value' : `${count} values`} labelled "${label}" (readers: ${readers.join(', ') || 'nobody'}) would leave through ${observation.call?.tool ?? 'this call'}, called by ${actor}, who is not a reader. Path: ${path.join(' → ')}.`.slice(0, 1000),
    wouldPass: `The call without the "${label}" values, or made by one of its readers, or a policy that lists ${observation.agent.name} as a reader of "${label}".`.slice(0, 400),
    evidence: evidence.slice(0, 8),
    features: { hits: count, hops: hops.length, weight: hit.weight },
  };
}

/** The text the label was first put on: an argument's label came from somewhere. */
function rootOf(memory: Memory, hit: Hit): Document | undefined {
  return memory.labelled.entries().find((entry) => entry.document.origin.kind !== 'argument' && entry.names.some((name) => hit.source.names.includes(name)) && entry.document.origin.seq <= hit.source.document.origin.seq && holds(entry.document, hit))?.document
    ?? (hit.source.document.origin.kind === 'argument' ? memory.labelled.entries().find((entry) => entry.document.origin.kind !== 'argument' && entry.names.some((name) => hit.source.names.includes(name)) && entry.document.origin.agent === hit.source.document.origin.agent && entry.document.origin.seq < hit.source.document.origin.seq)?.document : undefined);
}

function hopsOf(memory: Memory, way: { hit: Hit; from: number; to: Document }): Document[] {
  const carriers = memory.ring.filter((document) => document.origin.seq > way.from && document.origin.seq < way.to.origin.seq && holds(document, way.hit));
  return carriers.length <= hopsMax ? carriers : [...carriers.slice(0, 1), ...carriers.slice(1 - hopsMax)];
}

function hopEvidence(memory: Memory, hop: Document, hit: Hit): Evidence[] {
  const span = hit.how === 'value' ? placeOfToken(hop, hit.id, memory.indexer.vocabulary) : placeIn(hop, hit.value);
  return span === undefined ? [] : [evidenceOf(hop, span, `hop: ${hop.origin.agent}, ${hop.origin.server}/${hop.origin.tool}`)];
}

/** A text without a label held it before the labelled one. The ring is in order of `seq`. */
function wasPublic(memory: Memory, index: LabelledValues, hit: Hit): boolean {
  if (hit.how === 'value') return index.isOpen(hit);
  const { seq } = hit.source.document.origin;
  for (const document of memory.ring) {
    if (document.origin.seq >= seq) return false;
    if (document.origin.labels.size === 0 && holds(document, hit)) return true;
  }
  return false;
}

function placeIn(document: Document, needle: string): Span | undefined {
  for (let leaf = 0; leaf < document.leaves.length; leaf++) {
    const start = placeOf(folded(document.leaves[leaf]?.text ?? ''), needle);
    if (start >= 0) return { leaf, start, end: start + needle.length };
  }
  return undefined;
}

function holds(document: Document, hit: Hit): boolean {
  if (hit.how === 'value') return document.content.has(hit.id);
  if (hit.how === 'phrase') return placeIn(document, hit.value) !== undefined;
  return document.leaves.some((leaf) => leaf.text.length >= hit.value.length && squeezedLeaf(leaf).text.includes(hit.value));
}

function weightOf(hits: readonly Hit[]): number {
  return hits.reduce((sum, hit) => sum + hit.weight, 0);
}

/** Each value once, the strongest first; asking whether it was public searches the whole ring, so their number is bounded. */
function distinct(hits: readonly Carried['hits'][number][]): Carried['hits'][number][] {
  const byValue = new Map(hits.map((hit) => [hit.value, hit]));
  return [...byValue.values()].sort((a, b) => b.weight - a.weight).slice(0, provenMax);
}

/** The text, what it decodes to, and both from back to front; links are opened into their parts. */
function forms(text: string): [string, boolean][] {
  const parts = decodings(text).map((decoded): [string, boolean] => [decoded.replace(linkPunctuation, ' '), true]);
  const backwards: [string, boolean][] = text.length < reversedCharsMin ? [] : [[reversed(text), true]];
  return [[text.includes('/') ? text.replace(linkPunctuation, ' ') : text, false], ...parts, ...backwards];
}
