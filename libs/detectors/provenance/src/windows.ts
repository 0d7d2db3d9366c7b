/**
 * The stretch of a text that says most of a set of things at once: of the whole call; of what the user did not say; of that, with an order.
 * WI1. A thing counts once a window; a window is at most so many characters, or one unit.
 * WI2. A text that cannot pass what another already reached is not cut into windows. O(mentions log mentions) otherwise.
 */
import type { CallView } from './call-view.js';
import type { Content } from './content.js';
import type { ToolIds } from './tool.js';
import type { Vocabulary } from './vocabulary.js';

const mentionsMax = 4_000;
const wideChars = 600;
const narrowChars = 240;

interface Pass {
  /** Weight of each alias; 0: it does not count. */
  readonly weights: Float64Array;
  readonly chars: number;
  readonly free: boolean;
  readonly order: boolean;
  best: number;
}

export class Windows {
  private readonly total: number;
  private readonly covered: number;
  private readonly foreignTotal: number;
  /** The call's tokens, then its action, then its object. */
  private readonly aliases: number;
  private readonly whole: Pass;
  private readonly foreign: Pass;
  private readonly ordered: Pass;
  private readonly toolIds: readonly (readonly number[])[];
  private readonly counts: Int32Array;

  constructor(private readonly view: CallView, about: { vocabulary: Vocabulary; tool: ToolIds; asked: { action: number; object: number } }) {
    const { vocabulary, tool, asked } = about;
    this.aliases = view.scored + 2;
    this.toolIds = [tool.action, [...tool.nouns, ...tool.described]];
    const [all, foreign, named] = [new Float64Array(this.aliases), new Float64Array(this.aliases), new Float64Array(this.aliases)];
    let covered = asked.action + (asked.object > 0 ? 1 : 0);
    let total = 2;
    let foreignTotal = 2;
    for (let token = 0; token < view.scored; token++) {
      const weight = view.weights[token] ?? 0;
      all[token] = weight;
      total += weight;
      if (view.users[token]) {
        covered += weight;
        continue;
      }
      foreign[token] = vocabulary.weightOf(view.ids[token] ?? 0);
      named[token] = foreign[token] ?? 0;
      foreignTotal += foreign[token] ?? 0;
    }
    for (const alias of [view.scored, view.scored + 1]) {
      all[alias] = 1;
      named[alias] = 1;
    }
    this.total = total;
    this.covered = covered;
    this.foreignTotal = foreignTotal;
    this.whole = { weights: all, chars: wideChars, free: false, order: false, best: 0 };
    this.foreign = { weights: foreign, chars: wideChars, free: true, order: false, best: 0 };
    this.ordered = { weights: named, chars: narrowChars, free: true, order: true, best: 0 };
    this.counts = new Int32Array(this.aliases);
  }

  /** How much more of the call one paragraph says than the user did, as a share of all of it. */
  get gap(): number {
    return Math.max(0, this.whole.best - this.covered) / this.total;
  }

  /** Share of what the user did not say that stands in one passage with an order. */
  get orderShare(): number {
    return this.ordered.best / this.foreignTotal;
  }

  get cover(): number {
    return Math.log1p(this.foreign.best);
  }

  /** @param said ordinals of the view's tokens in this text, -1 where it does not say them. */
  at(content: Content, said: Int32Array): void {
    const wanted = [this.whole, this.foreign, this.ordered].filter((pass) => this.reachable(content, said, pass.weights) > pass.best);
    if (wanted.length === 0) return;
    const mentions = this.mentions(content, said);
    for (const pass of wanted) pass.best = Math.max(pass.best, this.best(content, mentions, pass));
  }

  /** The weight of everything the text says anywhere: no window holds more. */
  private reachable(content: Content, said: Int32Array, weights: Float64Array): number {
    const { scored } = this.view;
    let weight = 0;
    for (let token = 0; token < scored; token++) if ((said[token] ?? -1) >= 0) weight += weights[token] ?? 0;
    this.toolIds.forEach((ids, at) => {
      const own = weights[scored + at] ?? 0;
      if (own > 0 && ids.some((id) => content.has(id))) weight += own;
    });
    return weight;
  }

  /** (unit, alias) pairs as one number each, in order of the units. */
  private mentions(content: Content, said: Int32Array): Float64Array {
    const { scored } = this.view;
    const found: number[] = [];
    for (let token = 0; token < scored; token++) this.mention(content, { ordinal: said[token] ?? -1, alias: token }, found);
    this.toolIds.forEach((ids, at) => {
      for (const id of ids) this.mention(content, { ordinal: content.find(id), alias: scored + at }, found);
    });
    return Float64Array.from(found).sort();
  }

  private mention(content: Content, { ordinal, alias }: { ordinal: number; alias: number }, into: number[]): void {
    const count = ordinal < 0 ? 0 : content.countOf(ordinal);
    for (let at = 0; at < count && into.length < mentionsMax; at++) into.push(content.unitOf(ordinal, at) * this.aliases + alias);
  }

  private best(content: Content, mentions: Float64Array, pass: Pass): number {
    const { counts, aliases } = this;
    counts.fill(0);
    let weight = 0;
    let best = 0;
    let first = 0;
    for (let at = 0; at < mentions.length; at++) {
      const alias = (mentions[at] ?? 0) % aliases;
      const own = pass.weights[alias] ?? 0;
      const unit = ((mentions[at] ?? 0) - alias) / aliases;
      if (own === 0 || (pass.free && content.isStructured(unit))) continue;
      if (counts[alias] === 0) weight += own;
      counts[alias] = (counts[alias] ?? 0) + 1;
      for (; first < at; first++) {
        const oldAlias = (mentions[first] ?? 0) % aliases;
        const old = ((mentions[first] ?? 0) - oldAlias) / aliases;
        const oldWeight = pass.weights[oldAlias] ?? 0;
        if (oldWeight === 0 || (pass.free && content.isStructured(old))) continue;
        if (content.charsOver(old, unit) <= pass.chars) break;
        counts[oldAlias] = (counts[oldAlias] ?? 0) - 1;
        if (counts[oldAlias] === 0) weight -= oldWeight;
      }
      if (weight > best && (!pass.order || this.holdsOrder(content, ((mentions[first] ?? 0) - ((mentions[first] ?? 0) % aliases)) / aliases, unit))) best = weight;
    }
    return best;
  }

  private holdsOrder(content: Content, first: number, last: number): boolean {
    for (let unit = first; unit <= last; unit++) if (content.isImperative(unit)) return true;
    return false;
  }
}
