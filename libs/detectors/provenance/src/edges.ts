/**
 * Where values came from, as history keeps it: a finding `sources` on every call and every result that repeats what stood somewhere before.
 * ED1. An edge points from a call to a text its agent had read, or from a text that is read to the call that wrote its words, whoever made it.
 *      Followed backwards they are ancestors, followed forwards descendants; that is what a recall goes by.
 * ED2. One naming token (an address, a link, an id) is an edge; words that prove nothing one by one are one together.
 * ED3. Evidence here names places and quotes nothing: it joins records, it is no argument for or against a call.
 */
import type { Evidence, FindingDraft } from '@countersign/contracts';
import { rawSpan } from './leaves.js';
import type { CallView } from './call-view.js';
import type { Document } from './document.js';
import type { Source } from './features.js';
import type { Memory } from './memory.js';

const edgesMax = 4;
const edgeWeightMin = 5;

/** Edges of a call to what its agent had read; undefined when there are none. */
export function callSources({ indexer: { vocabulary } }: Memory, view: CallView, sources: readonly Source[]): FindingDraft | undefined {
  const telling = sources.filter(({ token, weight }) => weight >= edgeWeightMin || (token >= 0 && vocabulary.isNaming(view.ids[token] ?? 0)));
  if (telling.length === 0) return undefined;
  if (telling.length > 1) telling.sort((a, b) => b.weight - a.weight || b.document.origin.seq - a.document.origin.seq);
  return sourcesFinding(telling.slice(0, edgesMax).map(({ document, token, count }) => edgeTo(document, { id: view.ids[token] ?? 0, count })));
}

/** Edges of a text that is read to the calls that wrote its words, of any agent of the domain; undefined when there are none. */
export function writtenSources(memory: Memory, read: Document): FindingDraft | undefined {
  const { vocabulary } = memory.indexer;
  const written = memory.writers.of(read.content.ids, (id) => vocabulary.weightOf(id)).filter(({ weight, id }) => weight >= edgeWeightMin || vocabulary.isNaming(id));
  const evidence = written.flatMap(({ seq, id, count }) => {
    const document = documentAt(memory.ring, seq);
    return document === undefined ? [] : [edgeTo(document, { id, count })];
  });
  return evidence.length === 0 ? undefined : sourcesFinding(evidence);
}

function sourcesFinding(evidence: Evidence[]): FindingDraft {
  return { kind: 'sources', severity: 'none', evidence };
}

/** The unit of a document that says a token, by place alone. */
function edgeTo(document: Document, { id, count }: { id: number; count: number }): Evidence {
  const { content } = document;
  const { observationId } = document.origin;
  const note = `${count} ${count === 1 ? 'token' : 'tokens'} in common`;
  const token = content.find(id);
  const unit = token < 0 ? undefined : content.unitAt(content.unitOf(token, 0));
  const leaf = unit === undefined ? undefined : document.leaves[unit.leaf];
  if (unit === undefined || leaf === undefined) return { observationId, note };
  const { start, end } = rawSpan(leaf, unit.start, unit.end);
  return { observationId, path: leaf.path, start, end, note };
}

/** The ring is in order of `seq`. */
function documentAt(ring: readonly Document[], seq: number): Document | undefined {
  let low = 0;
  let high = ring.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ring[middle]?.origin.seq ?? 0;
    if (found === seq) return ring[middle];
    if (found < seq) low = middle + 1;
    else high = middle - 1;
  }
  return undefined;
}
