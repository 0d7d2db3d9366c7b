/** The stretch of a text that says most of a set of things at once. */
import type { Content } from './document.js';

/** One thing, sayable in several ways; it counts once a window. */
export interface Alias {
  readonly keys: readonly string[];
  readonly weight: number;
}

const mentionsMax = 2_000;

interface Mention {
  readonly unit: number;
  readonly alias: number;
}

/**
 * Largest summed weight of distinct aliases within consecutive units of at most `chars` characters.
 * `free`: only prose counts. `order`: the window must hold an order. Two pointers over the postings; O(mentions log mentions).
 * @param how.above what another text already reached: a text that cannot pass it is not looked at, and the answer is 0.
 */
export function bestWindow(content: Content, aliases: readonly Alias[], how: { chars: number; free: boolean; order: boolean; above?: number }): number {
  if (reachable(content, aliases) <= (how.above ?? 0)) return 0;
  const mentions = mentionsOf(content, aliases, how.free);
  const counts = new Int32Array(aliases.length);
  let weight = 0;
  let best = 0;
  let first = 0;
  for (const last of mentions) {
    if ((counts[last.alias] ?? 0) === 0) weight += aliases[last.alias]?.weight ?? 0;
    counts[last.alias] = (counts[last.alias] ?? 0) + 1;
    for (let oldest = mentions[first]; oldest !== undefined && charsOver(content, oldest, last) > how.chars; oldest = mentions[++first]) {
      counts[oldest.alias] = (counts[oldest.alias] ?? 0) - 1;
      if (counts[oldest.alias] === 0) weight -= aliases[oldest.alias]?.weight ?? 0;
    }
    if (weight > best && (!how.order || holdsOrder(content, mentions[first] ?? last, last))) best = weight;
  }
  return best;
}

/** The weight of everything the text says anywhere: no window holds more. */
function reachable(content: Content, aliases: readonly Alias[]): number {
  let weight = 0;
  for (const alias of aliases) {
    for (const key of alias.keys) {
      if (!content.postings.has(key)) continue;
      weight += alias.weight;
      break;
    }
  }
  return weight;
}

function mentionsOf(content: Content, aliases: readonly Alias[], free: boolean): Mention[] {
  const mentions: Mention[] = [];
  aliases.forEach(({ keys }, alias) => {
    for (const key of keys) {
      for (const unit of content.postings.get(key) ?? []) {
        if (mentions.length < mentionsMax && (!free || content.units[unit]?.structured === false)) mentions.push({ unit, alias });
      }
    }
  });
  return mentions.sort((a, b) => a.unit - b.unit);
}

/** A single unit is always a window, however long it is. */
function charsOver(content: Content, first: Mention, last: Mention): number {
  return first.unit === last.unit ? 0 : (content.units[last.unit]?.to ?? 0) - (content.units[first.unit]?.from ?? 0);
}

function holdsOrder(content: Content, first: Mention, last: Mention): boolean {
  for (let unit = first.unit; unit <= last.unit; unit++) if (content.units[unit]?.imperative === true) return true;
  return false;
}
