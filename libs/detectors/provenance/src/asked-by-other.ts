/**
 * Nobody declared a chain, but this call repeats what another agent wrote, and that agent may not make it.
 * AO1. Only where policy restricts agents at all; only for calls that change or send something.
 * AO2. An inference, and said to be one: it asks people, it never refuses by itself.
 * AO3. What this agent had read before the other wrote it explains itself.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { agentMayCall, type CompiledPolicy } from '@countersign/policy';
import { evidenceOf, type Document, type Span } from './document.js';
import { gramHashes, selected, sharedRun, squeezedLeaf, type Squeezed } from './fingerprints.js';
import type { Leaf } from './leaves.js';
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
  const mine = document.leaves.flatMap((leaf, ordinal) => (leaf.text.length < sharedCharsMin ? [] : [printed(leaf, ordinal)]));
  if (mine.length === 0) return undefined;
  const called = { server: observation.server, tool: observation.call?.tool ?? '' };
  const mayCall = new Map<string, boolean>();
  let looked = 0;
  for (let at = memory.ring.length - 1; at >= 0 && looked < candidatesMax; at--) {
    const other = memory.ring[at];
    if (other === undefined || other.origin.kind !== 'argument' || other.origin.agent === observation.agent.name) continue;
    const { agent } = other.origin;
    const may = mayCall.get(agent) ?? agentMayCall(policy, { name: agent, role: memory.roles.get(agent) ?? '' }, called);
    mayCall.set(agent, may);
    if (may) continue;
    looked += 1;
    const repeated = repeats(mine, other);
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

/** A leaf of this call: each gram's first place. */
interface Printed {
  readonly ordinal: number;
  readonly squeezed: Squeezed;
  readonly places: ReadonlyMap<number, number>;
}

function printed(leaf: Leaf, ordinal: number): Printed {
  const short = squeezedLeaf(leaf);
  const places = new Map<number, number>();
  gramHashes(short.text).forEach((hash, at) => { if (!places.has(hash)) places.set(hash, at); });
  return { ordinal, squeezed: short, places };
}

interface Print {
  readonly hash: number;
  readonly at: number;
}

const printsByLeaf = new WeakMap<Leaf, readonly Print[]>();

/** Pure; kept because a text that was written is compared with many calls. */
function printsOf(leaf: Leaf): readonly Print[] {
  const known = printsByLeaf.get(leaf);
  if (known !== undefined) return known;
  const hashes = gramHashes(squeezedLeaf(leaf).text);
  const prints = selected(hashes).map((at) => ({ hash: hashes[at] ?? 0, at }));
  printsByLeaf.set(leaf, prints);
  return prints;
}

function repeats(mine: readonly Printed[], other: Document): Repeated | undefined {
  for (let leaf = 0; leaf < other.leaves.length; leaf++) {
    const theirs = other.leaves[leaf];
    if (theirs === undefined || theirs.text.length < sharedCharsMin) continue;
    const run = repeatsLeaf(mine, other, leaf);
    if (run !== undefined) return run;
  }
  return undefined;
}

function repeatsLeaf(mine: readonly Printed[], other: Document, leaf: number): Repeated | undefined {
  const theirs = other.leaves[leaf];
  for (const { hash, at } of theirs === undefined ? [] : printsOf(theirs)) {
    for (const own of mine) {
      const place = own.places.get(hash);
      const run = place === undefined ? undefined : repeated(own, other, { leaf, here: place, there: at });
      if (run !== undefined) return run;
    }
  }
  return undefined;
}

function repeated(mine: Printed, other: Document, at: { leaf: number; here: number; there: number }): Repeated | undefined {
  const theirs = other.leaves[at.leaf];
  const there = theirs === undefined ? undefined : squeezedLeaf(theirs);
  const run = there === undefined ? undefined : sharedRun(mine.squeezed.text, there.text, at);
  if (there === undefined || run === undefined || run.length < sharedCharsMin) return undefined;
  const spanOf = (places: Uint32Array, start: number): { start: number; end: number } => ({ start: places[start] ?? 0, end: (places[start + run.length - 1] ?? 0) + 1 });
  return { by: other, chars: run.length, here: { leaf: mine.ordinal, ...spanOf(mine.squeezed.places, run.here) }, there: { leaf: at.leaf, ...spanOf(there.places, run.there) } };
}

function readBefore(memory: Memory, { by, there }: Repeated, agent: string): boolean {
  const leaf = by.leaves[there.leaf];
  const value = leaf === undefined ? '' : squeezedLeaf({ text: leaf.text.slice(there.start, there.end) }).text;
  return memory.ring.some((document) => document.origin.agent === agent && document.origin.seq < by.origin.seq && document.origin.kind !== 'argument' && document.leaves.some((read) => squeezedLeaf(read).text.includes(value)));
}
