/**
 * Policy's labels, applied: which label a text gets where it enters, and who may read it.
 * LA1. A label without `readers` restricts nobody; it only says how far the source is believed.
 * LA2. What no policy calls trusted is untrusted.
 *      A label on a field covers all of a text that cannot be opened into fields.
 * LA3. Everyone in a delegation chain must be a reader: asking a reader to act does not make the asker one.
 */
import type { Policy, SourceLabel } from '@countersign/policy';
import { globMatches, mayReach } from '@countersign/policy';
import type { Leaf } from './leaves.js';

export interface Actor {
  readonly name: string;
  readonly role: string;
}

export interface SourceFacts {
  /** Leaf ordinal → names of restricting labels. */
  readonly labels: Map<number, readonly string[]>;
  readonly trusted: boolean;
}

export function sourceFacts(policy: Policy, at: { server: string; tool: string }, leaves: readonly Leaf[]): SourceFacts {
  const sources = policy.sources.filter((source) => globMatches(source.server, at.server) && globMatches(source.tool, at.tool));
  const labels = new Map<number, readonly string[]>();
  const restricting = sources.filter((source) => source.readers !== undefined);
  if (restricting.length > 0) {
    leaves.forEach((leaf, ordinal) => {
      const names = restricting.filter((source) => covers(source, leaf)).map((source) => source.name);
      if (names.length > 0) labels.set(ordinal, names);
    });
  }
  const whole = sources.filter((source) => source.path === undefined);
  const trusted = whole.some((source) => source.integrity === 'trusted') && !sources.some((source) => source.integrity === 'untrusted');
  return { labels, trusted };
}

function covers(source: SourceLabel, leaf: Leaf): boolean {
  if (source.path === undefined || globMatches(source.path, leaf.path)) return true;
  if (leaf.field !== '') return [leaf.field, `$.${leaf.field}`, `${leaf.path}.${leaf.field}`].some((name) => globMatches(source.path ?? '', name));
  return !leaf.keyed && leaf.path.startsWith('$.content') && !source.path.startsWith('$.content');
}

/** Readers of a label: the union over the sources of that name. `undefined` = everyone. */
export function readersOf(policy: Policy, label: string): readonly string[] | undefined {
  const named = policy.sources.filter((source) => source.name === label);
  if (named.length === 0 || named.some((source) => source.readers === undefined)) return undefined;
  return named.flatMap((source) => source.readers ?? []);
}

export function mayRead(readers: readonly string[] | undefined, actors: readonly Actor[]): boolean {
  return actors.every((actor) => mayReach(readers, actor));
}
