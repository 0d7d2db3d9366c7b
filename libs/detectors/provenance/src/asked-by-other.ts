/**
 * Nobody declared a chain, but this call repeats what another agent wrote, and that agent may not make it.
 * AO1. Only where policy restricts agents at all; only for calls that change or send something.
 * AO2. An inference, and said to be one: it asks people, it never refuses by itself.
 * AO3. What this agent had read before the other wrote it explains itself.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { agentMayCall, type CompiledPolicy } from '@countersign/policy';
import { evidenceOf, type Document, type Span } from './document.js';
import { gramHashes, selected, sharedRun, squeezedLeaf } from './fingerprints.js';
import type { Memory } from './memory.js';

const candidatesMax = 256;
const sharedCharsMin = 32;

interface Repeated {
  readonly by: Document;
  readonly there: Span;
  readonly here: Span;
  readonly chars: number;
}

export function askedByOther(memory: Memory, call: { observation: Observation; document: Document; policy: CompiledPolicy }): FindingDraft | undefined {
  const { observation, document, policy } = call;
  if (observation.call?.impact === 'read' || !policy.policy.agents.some((rule) => rule.mayCall !== undefined)) return undefined;
  const called = { server: observation.server, tool: observation.call?.tool ?? '' };
  const others = memory.ring.filter((other) => other.origin.kind === 'argument' && other.origin.agent !== observation.agent.name && !agentMayCall(policy, { name: other.origin.agent, role: memory.roles.get(other.origin.agent) ?? '' }, called));
  for (const other of others.slice(-candidatesMax).reverse()) {
    const repeated = repeats(document, other);
    if (repeated !== undefined && !readBefore(memory, repeated, observation.agent.name)) return finding(observation, document, repeated);
  }
  return undefined;
}

function finding(observation: Observation, document: Document, { by, there, here, chars }: Repeated): FindingDraft {
  const tool = `${observation.server}/${observation.call?.tool ?? ''}`;
  return {
    kind: 'asked-by-other', severity: 'high',
    sentence: `${observation.agent.name} calls ${tool} with ${chars} characters that ${by.origin.agent} wrote into ${by.origin.server}/${by.origin.tool} before; ${by.origin.agent} may not call ${tool} itself. No delegation was declared: this is inferred from content.`.slice(0, 1000),
    wouldPass: `A declared delegation whose members may all call ${tool}, or a person's word that ${by.origin.agent} may have this done.`.slice(0, 400),
    evidence: [evidenceOf(by, there, `written by ${by.origin.agent}`), evidenceOf(document, here, 'this argument')],
    features: { chars },
  };
}

function repeats(document: Document, other: Document): Repeated | undefined {
  for (let leaf = 0; leaf < document.leaves.length; leaf++) {
    for (let otherLeaf = 0; otherLeaf < other.leaves.length; otherLeaf++) {
      const run = longest(document, other, { leaf, otherLeaf });
      if (run !== undefined) return run;
    }
  }
  return undefined;
}

function longest(document: Document, other: Document, at: { leaf: number; otherLeaf: number }): Repeated | undefined {
  const [mine, theirs] = [document.leaves[at.leaf], other.leaves[at.otherLeaf]];
  if (mine === undefined || theirs === undefined || mine.text.length < sharedCharsMin || theirs.text.length < sharedCharsMin) return undefined;
  const [here, there] = [squeezedLeaf(mine), squeezedLeaf(theirs)];
  const places = new Map<number, number>();
  const hashes = gramHashes(there.text);
  for (const place of selected(hashes)) places.set(hashes[place] ?? 0, place);
  const own = gramHashes(here.text);
  for (let gram = 0; gram < own.length; gram++) {
    const place = places.get(own[gram] ?? 0);
    const run = place === undefined ? undefined : sharedRun(here.text, there.text, { here: gram, there: place });
    if (run === undefined || run.length < sharedCharsMin) continue;
    const spanOf = (places: Uint32Array, start: number): { start: number; end: number } => ({ start: places[start] ?? 0, end: (places[start + run.length - 1] ?? 0) + 1 });
    return { by: other, chars: run.length, here: { leaf: at.leaf, ...spanOf(here.places, run.here) }, there: { leaf: at.otherLeaf, ...spanOf(there.places, run.there) } };
  }
  return undefined;
}

function readBefore(memory: Memory, { by, there }: Repeated, agent: string): boolean {
  const leaf = by.leaves[there.leaf];
  const value = leaf === undefined ? '' : squeezedLeaf({ text: leaf.text.slice(there.start, there.end) }).text;
  return memory.ring.some((document) => document.origin.agent === agent && document.origin.seq < by.origin.seq && document.origin.kind !== 'argument' && document.leaves.some((read) => squeezedLeaf(read).text.includes(value)));
}
