/**
 * Observations → documents: what was read, what a call says, what the user asked.
 * RD1. A text read twice is cut up once, as long as it is remembered by its digest (`contentsMax`, `contentCharsMax`).
 * RD2. Where policy believes some fields of an answer and not others, the answer becomes two documents, so that neither lends the other its trust.
 */
import type { Observation } from '@countersign/contracts';
import type { Policy } from '@countersign/policy';
import type { Content } from './content.js';
import { Document, type DocumentKind, type Origin } from './document.js';
import { sourceFacts } from './labels.js';
import type { Leaf } from './leaves.js';
import type { Memory } from './memory.js';
import { argumentLeaves, resultLeaves } from './payload.js';

/** What a server says through these reaches the agent like a prompt. */
const promptMethods = new Set(['prompts/get', 'sampling/createMessage', 'elicitation/create']);
const contentsMax = 256;
const contentCharsMax = 524_288;

/** None, one, or two of different trust. */
export function readDocuments(observation: Observation, memory: Memory, policy: Policy): readonly Document[] {
  const { message, call } = observation;
  if (message === undefined || message.shape === 'error' || observation.direction !== 'server-to-client') return [];
  const kind: DocumentKind | undefined =
    call?.phase === 'result' ? 'result' : message.method === 'resources/read' ? 'resource' : promptMethods.has(message.method ?? '') ? 'prompt' : undefined;
  if (kind === undefined) return [];
  const leaves = resultLeaves(message.payload);
  if (leaves.length === 0) return [];
  const tool = call?.tool ?? message.method ?? kind;
  const { labels, trust } = sourceFacts(policy, { server: observation.server, tool }, leaves);
  const origin = { ...originOf(observation, memory, kind), tool };
  if (typeof trust === 'boolean') return [new Document({ ...origin, trusted: trust, labels }, leaves, () => contentFor(memory, message.digest, leaves))];
  return [true, false].map((trusted) => {
    const kept = leaves.map((_, leaf) => leaf).filter((leaf) => trust[leaf] === trusted);
    const own = new Map(kept.flatMap((leaf, at) => (labels.has(leaf) ? [[at, labels.get(leaf) ?? []] as const] : [])));
    return new Document({ ...origin, trusted, labels: own, kept: placesOf(leaves, kept) }, kept.flatMap((leaf) => leaves[leaf] ?? []), (part) => memory.indexer.contentOf(part));
  });
}

/** Path and ordinal at that path, for leaves given by their ordinals. */
function placesOf(leaves: readonly Leaf[], kept: readonly number[]): [string, number][] {
  const counts = new Map<string, number>();
  const places = leaves.map(({ path }): [string, number] => {
    const at = counts.get(path) ?? 0;
    counts.set(path, at + 1);
    return [path, at];
  });
  return kept.flatMap((leaf) => (places[leaf] === undefined ? [] : [places[leaf]]));
}

export function argumentsOf(observation: Observation, memory: Memory): Document {
  const writes = observation.call?.impact !== 'read';
  return new Document({ ...originOf(observation, memory, 'argument'), ...(writes ? { writes } : {}) }, argumentLeaves(observation.message?.payload), (leaves) => memory.indexer.contentOf(leaves));
}

export function taskDocument(observation: Observation, memory: Memory, text: string): Document {
  const leaf: Leaf = { path: '$.task', field: '', text, raw: text, offset: 0, keyed: false };
  return new Document({ ...originOf(observation, memory, 'task'), tool: 'task' }, [leaf], (leaves) => memory.indexer.contentOf(leaves));
}

function originOf(observation: Observation, memory: Memory, kind: DocumentKind): Origin {
  return {
    seq: memory.seq, kind, observationId: observation.id, callId: observation.call?.callId, server: observation.server, tool: observation.call?.tool ?? kind,
    agent: observation.agent.name, trusted: false, labels: new Map(),
  };
}

function contentFor(memory: Memory, digest: string, leaves: readonly Leaf[]): Content {
  const known = digest === '' ? undefined : memory.contents.get(digest);
  if (known !== undefined) return known;
  const content = memory.indexer.contentOf(leaves);
  if (digest === '' || content.chars > contentCharsMax / 4) return content;
  memory.contents.set(digest, content);
  memory.contentChars += content.chars;
  while (memory.contents.size > contentsMax || memory.contentChars > contentCharsMax) forgetOldest(memory);
  return content;
}

function forgetOldest(memory: Memory): void {
  const oldest = memory.contents.entries().next().value;
  if (oldest === undefined) return;
  memory.contents.delete(oldest[0]);
  memory.contentChars -= oldest[1].chars;
}
