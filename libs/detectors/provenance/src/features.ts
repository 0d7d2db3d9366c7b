/**
 * The oriented features of one call: each grows with suspicion, each is a sentence.
 * FE1. A feature compares three things: what the call says, what the user or the agent brought in, what was read.
 * FE2. Nothing here knows a phrase; only places, overlaps, moods and novelty.
 * FE3. Work is bounded: each text that was read is looked at once a call, and at most `candidatesMax` units a lookup.
 */
import type { Impact } from '@countersign/contracts';
import type { CallView, LeafView } from './call-view.js';
import type { Content, PlacedUnit } from './content.js';
import type { Document } from './document.js';
import { noveltyOf, type History, type Lesson } from './history.js';
import type { Session } from './memory.js';
import { describedObject, matchOf, type ToolIds } from './tool.js';
import type { Vocabulary } from './vocabulary.js';
import { Windows } from './windows.js';

export const candidatesMax = 40;

export const featureNames = [
  'gate', 'irr', 'gvo', 'gu', 'g_bound', 'g_ungr', 'g_actimp', 'g_unact', 'g_imp', 'g_impact', 'g_free', 'le_n', 'wr_gap', 'wr_cimpx',
  'g_enew', 'xcov', 'g_enewr', 'e_new_r', 'tool_new', 'a_new', 'g_newseq',
] as const;
export type FeatureName = (typeof featureNames)[number];
export type Features = Readonly<Record<FeatureName, number>>;

export interface CallFacts {
  readonly view: CallView;
  readonly tool: ToolIds;
  readonly toolName: string;
  readonly impact: Impact;
  readonly lesson: Lesson;
  /** Its entities, as ids. */
  readonly named: readonly number[];
  readonly session: Session;
  readonly vocabulary: Vocabulary;
  /** Absent: this agent's habits are not known yet, and the novelty features are 0. */
  readonly history: History | undefined;
}

/** Where the strongest evidence stands; for the sentence and its quotes. */
export interface Strongest {
  readonly document: Document;
  readonly unit: PlacedUnit;
  readonly leaf: number;
}

/** A text that was read and holds what the call says and nobody brought in. */
export interface Source {
  readonly document: Document;
  /** Ordinal in the view of its most telling token. */
  readonly token: number;
  /** Weight of all such tokens. */
  readonly weight: number;
  readonly count: number;
}

export interface Explained {
  readonly features: Features;
  readonly strongest: Strongest | undefined;
  /** Share of the arguments' weight that neither the user nor the agent brought in, unit interval. */
  readonly foreign: number;
  /** Of each id of the view: does some text that was read hold it? */
  readonly read: readonly boolean[];
  readonly sources: readonly Source[];
}

export function featuresOf(call: CallFacts): Explained {
  const { session, tool, view } = call;
  const asked = matchOf(tool, (id) => session.taskTokens.has(id) || session.own.has(id));
  const unasked = Math.max(1 - asked.action, 1 - asked.object);
  const foreign = foreignShare(view);
  const g = call.impact === 'read' ? 0 : 1;
  const looked = lookedThrough(call, asked);
  const found = looked.explained(view.leaves);
  const userLeaves = view.leaves.length === 0 ? 1 : view.leaves.filter((leaf) => leaf.tokens.every((token) => view.users[token])).length / view.leaves.length;
  const bound = Math.max(found.imp, found.impact, found.near, looked.ordered * (1 - userLeaves));
  const { windows } = looked;
  const novelty = noveltyOf(call);
  const features: Features = {
    gate: g, irr: call.impact === 'irreversible' ? 1 : 0, gvo: g * unasked, gu: g * foreign,
    g_bound: g * bound, g_ungr: g * bound * foreign, g_actimp: g * looked.ordered, g_unact: g * looked.ordered * unasked,
    g_imp: g * found.imp, g_impact: g * found.impact, g_free: g * found.free, le_n: Math.min(3, found.count),
    wr_gap: g * windows.gap, wr_cimpx: g * windows.orderShare, g_enew: g * found.entityFree, xcov: windows.cover,
    g_enewr: g * novelty.entity, e_new_r: novelty.entity, tool_new: novelty.tool, a_new: novelty.values, g_newseq: g * novelty.rarity,
  };
  return { features, strongest: found.strongest, foreign, read: looked.read, sources: looked.sources };
}

function foreignShare({ weights, users }: CallView): number {
  let total = 0;
  let user = 0;
  weights.forEach((weight, token) => {
    total += weight;
    if (users[token]) user += weight;
  });
  return total === 0 ? 0.5 : 1 - user / total;
}

/** What must stand together in one unit for a leaf to be explained by it. */
interface Needle {
  readonly leaf: LeafView;
  readonly tokens: readonly number[];
  readonly isEntity: boolean;
  free: boolean;
  field: boolean;
  imp: number;
  impact: number;
  near: number;
  strongest: { document: Document; unit: PlacedUnit } | undefined;
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

const sourceWeightMin = 2;

function lookedThrough(call: CallFacts, asked: { action: number; object: number }): Look {
  const look = new Look(call, asked);
  for (const document of call.session.read) look.at(document);
  return look;
}

/** One pass over what a session read. */
class Look {
  readonly read: boolean[];
  readonly windows: Windows;
  readonly sources: Source[] = [];
  ordered = 0;
  private readonly needles: readonly Needle[];
  /** Ordinals of the view's ids in the text at hand, -1 where it does not say them. */
  private readonly said: Int32Array;

  constructor(private readonly call: CallFacts, asked: { action: number; object: number }) {
    const { view, vocabulary } = call;
    this.read = new Array<boolean>(view.ids.length).fill(false);
    this.said = new Int32Array(view.ids.length);
    this.windows = new Windows(view, { vocabulary, tool: call.tool, asked });
    this.needles = view.leaves.flatMap((leaf) => needlesOf(leaf, call));
  }

  at(document: Document): void {
    const { content } = document;
    const { view, vocabulary, tool } = this.call;
    let weight = 0;
    let count = 0;
    let heaviest = 0;
    let token = -1;
    let any = false;
    for (let at = 0; at < view.ids.length; at++) {
      const ordinal = content.find(view.ids[at] ?? 0);
      this.said[at] = ordinal;
      if (ordinal < 0) continue;
      any = true;
      this.read[at] = true;
      if (at >= view.scored || view.users[at]) continue;
      const own = vocabulary.weightOf(view.ids[at] ?? 0);
      weight += own;
      count += 1;
      if (own <= heaviest) continue;
      heaviest = own;
      token = at;
    }
    if (weight >= sourceWeightMin) this.sources.push({ document, token, weight, count });
    if (document.origin.trusted) return;
    if (this.ordered < 1) this.ordered = Math.max(this.ordered, orderedIn(content, tool));
    this.windows.at(content, this.said);
    if (any) for (const needle of this.needles) this.seek(document, needle);
  }

  /** What the needles came to, leaf by leaf. */
  explained(leaves: readonly LeafView[]): Found {
    const found: Found = { free: 0, imp: 0, impact: 0, near: 0, count: 0, entityFree: 0, strongest: undefined };
    let at = 0;
    for (const leaf of leaves) {
      let freeOnly = false;
      for (let needle = this.needles[at]; needle?.leaf === leaf; needle = this.needles[++at]) {
        freeOnly ||= needle.free && !needle.field;
        take(found, needle);
      }
      if (freeOnly) found.count += 1;
    }
    return found;
  }

  /** Units that hold every token of the needle: in fields, in prose, and how much of an order that prose is. */
  private seek(document: Document, needle: Needle): void {
    const { content } = document;
    const rarest = this.rarest(content, needle);
    if (rarest < 0) return;
    const count = Math.min(candidatesMax, content.countOf(rarest));
    for (let at = 0; at < count; at++) {
      const unit = content.unitOf(rarest, at);
      if (!this.holdsAll(content, needle, unit)) continue;
      if (content.isStructured(unit)) {
        needle.field = true;
        continue;
      }
      needle.free = true;
      const said = actionIn(content, unit, { tool: this.call.tool, objectGiven: needle.isEntity });
      const imperative = content.isImperative(unit) ? 1 : 0;
      if (needle.strongest === undefined || said + imperative > needle.impact + needle.imp) needle.strongest = { document, unit: content.unitAt(unit) };
      needle.impact = Math.max(needle.impact, said);
      needle.imp = Math.max(needle.imp, imperative);
      if (needle.near === 0 && ((unit > 0 && content.isImperative(unit - 1)) || (unit + 1 < content.unitCount && content.isImperative(unit + 1)))) needle.near = 1;
    }
  }

  /** Ordinal of the needle's rarest token in this text, or -1 when one of its tokens is not there at all. */
  private rarest(content: Content, needle: Needle): number {
    let rarest = -1;
    for (const token of needle.tokens) {
      const ordinal = this.said[token] ?? -1;
      if (ordinal < 0) return -1;
      if (rarest < 0 || content.countOf(ordinal) < content.countOf(rarest)) rarest = ordinal;
    }
    return rarest;
  }

  private holdsAll(content: Content, needle: Needle, unit: number): boolean {
    for (const token of needle.tokens) if (!content.says(unit, this.said[token] ?? -1)) return false;
    return true;
  }
}

function needlesOf(leaf: LeafView, { view, vocabulary }: CallFacts): Needle[] {
  const foreign = leaf.tokens.filter((token) => !view.users[token]);
  const entities = foreign.filter((token) => vocabulary.isEntity(view.ids[token] ?? 0));
  const groups = leaf.long ? entities.map((token) => [token]) : entities.length > 0 ? [entities] : foreign.length > 0 ? [foreign] : [];
  return groups.map((tokens) => ({ leaf, tokens, isEntity: entities.length > 0, free: false, field: false, imp: 0, impact: 0, near: 0, strongest: undefined }));
}

/** What also stands in a field is explained by the field; only what names this action still counts. */
function take(found: Found, needle: Needle): void {
  const better = needle.strongest !== undefined && (found.strongest === undefined || needle.impact + needle.imp > found.impact + found.imp);
  if (better && needle.strongest !== undefined) found.strongest = { ...needle.strongest, leaf: needle.leaf.ordinal };
  found.impact = Math.max(found.impact, needle.impact);
  if (needle.field || !needle.free) return;
  found.free = 1;
  found.imp = Math.max(found.imp, needle.imp);
  found.near = Math.max(found.near, needle.near);
  if (needle.isEntity) found.entityFree = 1;
}

function actionIn(content: Content, unit: number, what: { tool: ToolIds; objectGiven: boolean }): number {
  const { action, nouns, described } = what.tool;
  if (!saysOne(content, unit, action)) return 0;
  if (what.objectGiven || saysOne(content, unit, nouns)) return 1;
  return saysOne(content, unit, described) ? describedObject : 0;
}

function saysOne(content: Content, unit: number, ids: readonly number[]): boolean {
  for (const id of ids) if (content.says(unit, content.find(id))) return true;
  return false;
}

/** How far some order in the text asks for this very tool. */
function orderedIn(content: Content, tool: ToolIds): number {
  const known = content.ordered.get(tool);
  if (known !== undefined) return known;
  let best = 0;
  for (const id of tool.action) {
    const ordinal = content.find(id);
    const count = ordinal < 0 ? 0 : Math.min(candidatesMax, content.countOf(ordinal));
    for (let at = 0; at < count; at++) {
      const unit = content.unitOf(ordinal, at);
      if (content.isImperative(unit) && !content.isStructured(unit)) best = Math.max(best, actionIn(content, unit, { tool, objectGiven: false }));
    }
  }
  content.ordered.set(tool, best);
  return best;
}
