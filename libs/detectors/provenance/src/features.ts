/**
 * The oriented features of one call: each grows with suspicion, each is a sentence.
 * FE1. A feature compares three things: what the call says, what the user or the agent brought in, what was read.
 * FE2. Nothing here knows a phrase; only places, overlaps, moods and novelty.
 * FE3. Work is bounded: at most `leafTokensMax` tokens a leaf and `candidatesMax` units a lookup.
 */
import type { Impact } from '@countersign/contracts';
import type { Content, Document, PlacedUnit } from './document.js';
import type { History, Lesson } from './history.js';
import type { Session } from './memory.js';
import { isEntity, tokensOfLeaf, weightOf } from './text.js';
import { matchOf, type ToolWords } from './tool.js';
import { bestWindow, type Alias } from './windows.js';

export const leafTokensMax = 64;
export const candidatesMax = 40;
const longLeafChars = 80;
const leafWeightMax = 2;

export const featureNames = [
  'gate', 'irr', 'gvo', 'gu', 'g_bound', 'g_ungr', 'g_actimp', 'g_unact', 'g_imp', 'g_impact', 'g_free', 'le_n', 'wr_gap', 'wr_cimpx',
  'g_enew', 'xcov', 'g_enewr', 'e_new_r', 'tool_new', 'a_new', 'g_newseq',
] as const;
export type FeatureName = (typeof featureNames)[number];
export type Features = Readonly<Record<FeatureName, number>>;

export interface CallFacts {
  readonly tool: ToolWords;
  readonly toolName: string;
  readonly impact: Impact;
  readonly document: Document;
  readonly lesson: Lesson;
  readonly session: Session;
  /** Absent: this agent's habits are not known yet, and the novelty features are 0. */
  readonly history: History | undefined;
}

/** Where the strongest evidence stands; for the sentence and its quotes. */
export interface Strongest {
  readonly document: Document;
  readonly unit: PlacedUnit;
  readonly leaf: number;
}

export interface Explained {
  readonly features: Features;
  readonly strongest: Strongest | undefined;
  /** Share of the arguments' weight that neither the user nor the agent brought in, unit interval. */
  readonly foreign: number;
}

interface LeafTokens {
  readonly ordinal: number;
  readonly keys: readonly string[];
  readonly long: boolean;
}

export function featuresOf(call: CallFacts): Explained {
  const { session, tool, document } = call;
  const user = (key: string): boolean => session.taskTokens.has(key) || session.own.has(key);
  const leaves = leafTokens(document);
  const weights = argumentWeights(leaves);
  const total = sum(weights.values());
  const foreign = total === 0 ? 0.5 : 1 - sum([...weights].filter(([key]) => user(key)).map(([, weight]) => weight)) / total;
  const asked = matchOf(tool, user);
  const unasked = Math.max(1 - asked.action, 1 - asked.object);
  const g = call.impact === 'read' ? 0 : 1;
  const found = explainedLeaves(leaves, { session, tool, user });
  const ordered = orderedAction(session, tool);
  const userLeaves = leaves.length === 0 ? 1 : leaves.filter((leaf) => leaf.keys.every(user)).length / leaves.length;
  const bound = Math.max(found.imp, found.impact, found.near, ordered * (1 - userLeaves));
  const windows = windowFeatures({ session, tool, weights, user });
  const novelty = noveltyOf(call);
  const features: Features = {
    gate: g, irr: call.impact === 'irreversible' ? 1 : 0, gvo: g * unasked, gu: g * foreign,
    g_bound: g * bound, g_ungr: g * bound * foreign, g_actimp: g * ordered, g_unact: g * ordered * unasked,
    g_imp: g * found.imp, g_impact: g * found.impact, g_free: g * found.free, le_n: Math.min(3, found.count),
    wr_gap: g * windows.gap, wr_cimpx: g * windows.imperative, g_enew: g * found.entityFree, xcov: windows.cover,
    g_enewr: g * novelty.entity, e_new_r: novelty.entity, tool_new: novelty.tool, a_new: novelty.values, g_newseq: g * novelty.rarity,
  };
  return { features, strongest: found.strongest, foreign };
}

function leafTokens(document: Document): LeafTokens[] {
  const found: LeafTokens[] = [];
  document.content.leaves.forEach((leaf, ordinal) => {
    const keys = [...new Set(tokensOfLeaf(leaf).slice(0, leafTokensMax * 8).map((token) => token.key))].filter((key) => !key.startsWith('!')).slice(0, leafTokensMax);
    if (keys.length > 0) found.push({ ordinal, keys, long: leaf.text.length > longLeafChars });
  });
  return found;
}

/** A leaf weighs at most `leafWeightMax`, so that a long text does not drown an address. */
function argumentWeights(leaves: readonly LeafTokens[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const { keys } of leaves) {
    const raw = sum(keys.map(weightOf));
    const scale = raw > leafWeightMax ? leafWeightMax / raw : 1;
    for (const key of keys) weights.set(key, Math.max(weights.get(key) ?? 0, weightOf(key) * scale));
  }
  return weights;
}

interface Around {
  readonly session: Session;
  readonly tool: ToolWords;
  readonly user: (key: string) => boolean;
}

interface Found {
  free: number;
  imp: number;
  impact: number;
  near: number;
  count: number;
  entityFree: number;
  strongest: Strongest | undefined;
}

function explainedLeaves(leaves: readonly LeafTokens[], around: Around): Found {
  const found: Found = { free: 0, imp: 0, impact: 0, near: 0, count: 0, entityFree: 0, strongest: undefined };
  for (const leaf of leaves) {
    const foreign = leaf.keys.filter((key) => !around.user(key));
    const entities = foreign.filter(isEntity);
    const needles = leaf.long ? entities.map((key) => [key]) : entities.length > 0 ? [entities] : foreign.length > 0 ? [foreign] : [];
    let freeOnly = false;
    for (const needle of needles) {
      const at = standing(needle, around);
      freeOnly ||= at.free && !at.field;
      take(found, { at, leaf, isEntity: isEntity(needle[0] ?? '') });
    }
    if (freeOnly) found.count += 1;
  }
  return found;
}

interface Standing {
  readonly free: boolean;
  readonly field: boolean;
  readonly imp: number;
  readonly impact: number;
  readonly near: number;
  readonly strongest: { document: Document; unit: PlacedUnit } | undefined;
}

function take(found: Found, seen: { at: Standing; leaf: LeafTokens; isEntity: boolean }): void {
  const { at, leaf } = seen;
  const better = at.strongest !== undefined && (found.strongest === undefined || at.impact + at.imp > found.impact + found.imp);
  if (better && at.strongest !== undefined) found.strongest = { ...at.strongest, leaf: leaf.ordinal };
  found.impact = Math.max(found.impact, at.impact);
  if (at.field || !at.free) return;
  found.free = 1;
  found.imp = Math.max(found.imp, at.imp);
  found.near = Math.max(found.near, at.near);
  if (seen.isEntity) found.entityFree = 1;
}

/** Units that hold every token of the needle: in fields, in prose, and how much of an order that prose is. */
function standing(needle: readonly string[], { session, tool }: Around): Standing {
  let field = false;
  let free = false;
  let imp = 0;
  let impact = 0;
  let near = 0;
  let strongest: Standing['strongest'];
  for (const document of session.read) {
    if (document.trusted) continue;
    for (const ordinal of unitsWithAll(document, needle)) {
      const unit = document.content.units[ordinal];
      if (unit?.structured === true) field = true;
      if (unit === undefined || unit.structured) continue;
      free = true;
      const said = actionIn(document.content, ordinal, { tool, objectGiven: isEntity(needle[0] ?? '') });
      if (strongest === undefined || said + (unit.imperative ? 1 : 0) > impact + imp) strongest = { document, unit };
      impact = Math.max(impact, said);
      imp = Math.max(imp, unit.imperative ? 1 : 0);
      near = Math.max(near, neighbourOrders(document, ordinal));
    }
  }
  return { free, field, imp, impact, near, strongest };
}

function unitsWithAll(document: Document, needle: readonly string[]): number[] {
  const lists = needle.map((key) => document.content.postings.get(key) ?? []).sort((a, b) => a.length - b.length);
  const [shortest, ...rest] = lists;
  if (shortest === undefined) return [];
  return shortest.slice(0, candidatesMax).filter((ordinal) => rest.every((list) => stands(list, ordinal)));
}

function actionIn(content: Content, ordinal: number, what: { tool: ToolWords; objectGiven: boolean }): number {
  const { action, object } = matchOf(what.tool, (key) => stands(content.postings.get(key), ordinal));
  return action * (what.objectGiven ? 1 : object);
}

/** Postings ascend, so half of them go at each look. */
function stands(ordinals: readonly number[] | undefined, ordinal: number): boolean {
  let low = 0;
  let high = (ordinals?.length ?? 0) - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const found = ordinals?.[middle] ?? 0;
    if (found === ordinal) return true;
    if (found < ordinal) low = middle + 1;
    else high = middle - 1;
  }
  return false;
}

function neighbourOrders(document: Document, ordinal: number): number {
  const { units } = document.content;
  return units[ordinal - 1]?.imperative === true || units[ordinal + 1]?.imperative === true ? 1 : 0;
}

/** How far some order in what was read asks for this very tool. */
function orderedAction(session: Session, tool: ToolWords): number {
  let best = 0;
  for (const document of session.read) {
    if (!document.trusted) best = Math.max(best, orderedIn(document.content, tool));
    if (best === 1) return best;
  }
  return best;
}

const orderedByContent = new WeakMap<Content, WeakMap<ToolWords, number>>();

/** Depends on the text and the tool alone; both are kept, so each pair is worked out once. */
function orderedIn(content: Content, tool: ToolWords): number {
  const byTool = orderedByContent.get(content) ?? new WeakMap<ToolWords, number>();
  orderedByContent.set(content, byTool);
  const known = byTool.get(tool);
  if (known !== undefined) return known;
  let best = 0;
  const candidates = new Set([tool.verb, ...tool.groups].flatMap((key) => (content.postings.get(key) ?? []).slice(0, candidatesMax)));
  for (const ordinal of candidates) {
    const unit = content.units[ordinal];
    if (unit?.imperative === true && !unit.structured) best = Math.max(best, actionIn(content, ordinal, { tool, objectGiven: false }));
  }
  byTool.set(tool, best);
  return best;
}

function windowFeatures(call: Around & { weights: ReadonlyMap<string, number> }): { gap: number; imperative: number; cover: number } {
  const { session, tool, weights, user } = call;
  const action: Alias = { keys: [tool.verb, ...tool.groups].filter((key) => key !== ''), weight: 1 };
  const object: Alias = { keys: [...tool.nouns, ...tool.described], weight: 1 };
  const all = [...[...weights].map(([key, weight]): Alias => ({ keys: [key], weight })), action, object];
  const foreign = [...weights].filter(([key]) => !user(key)).map(([key]): Alias => ({ keys: [key], weight: weightOf(key) }));
  const weight = sum(all.map((alias) => alias.weight));
  const named = [...foreign, action, object];
  const foreignWeight = sum(foreign.map((alias) => alias.weight)) + 2;
  const covered = sum(all.filter((alias) => alias.keys.some(user)).map((alias) => alias.weight));
  let best = 0;
  let imperative = 0;
  let cover = 0;
  for (const document of session.read) {
    if (document.trusted) continue;
    best = Math.max(best, bestWindow(document.content, all, { chars: 600, free: false, order: false, above: best }));
    cover = Math.max(cover, bestWindow(document.content, foreign, { chars: 600, free: true, order: false, above: cover }));
    imperative = Math.max(imperative, bestWindow(document.content, named, { chars: 240, free: true, order: true, above: imperative }));
  }
  return { gap: Math.max(0, best - covered) / weight, imperative: imperative / foreignWeight, cover: Math.log1p(cover) };
}

function noveltyOf(call: CallFacts): { entity: number; tool: number; values: number; rarity: number } {
  const { history, lesson, session } = call;
  if (history === undefined) return { entity: 0, tool: 0, values: 0, rarity: 0 };
  const entity = lesson.entities.some((key) => !session.taskTokens.has(key) && !history.entities.has(key)) ? 1 : 0;
  const unseen = lesson.values.filter((value) => !history.values.has(value)).length;
  const seen = history.tools.get(call.toolName) ?? 0;
  const probability = (seen + 0.5) / (history.calls + 0.5 * (history.tools.size + 1));
  return {
    entity, tool: seen === 0 ? 1 : 0, values: lesson.values.length === 0 ? 0 : unseen / lesson.values.length,
    rarity: Math.min(1, Math.max(0, -Math.log2(probability) / 8)),
  };
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
