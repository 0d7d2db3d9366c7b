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
  /** Is it believed: all of it alike, or leaf by leaf? */
  readonly trust: boolean | readonly boolean[];
}

export function sourceFacts(policy: Policy, at: { server: string; tool: string }, leaves: readonly Leaf[]): SourceFacts {
  const labels = new Map<number, readonly string[]>();
  if (policy.sources.length === 0) return { labels, trust: false };
  const sources = policy.sources.filter((source) => globMatches(source.server, at.server) && globMatches(source.tool, at.tool));
  const restricting = sources.filter((source) => source.readers !== undefined);
  if (restricting.length > 0) {
    leaves.forEach((leaf, ordinal) => {
      const names = restricting.filter((source) => covers(source, leaf)).map((source) => source.name);
      if (names.length > 0) labels.set(ordinal, names);
    });
  }
  const trust = sources.some((source) => source.integrity !== undefined) ? leaves.map((leaf) => isTrusted(sources, leaf)) : [];
  const mixed = trust.some((trusted) => trusted !== trust[0]);
  return { labels, trust: mixed ? trust : (trust[0] ?? false) };
}

/** A field's own rules beat those for the whole answer; among equals, distrust wins. A text that cannot be opened has no fields to trust. */
function isTrusted(sources: readonly SourceLabel[], leaf: Leaf): boolean {
  const [ofField, ofWhole] = [sources.filter((source) => source.path !== undefined), sources.filter((source) => source.path === undefined)];
  const said = (rules: readonly SourceLabel[], integrity: 'trusted' | 'untrusted'): boolean => rules.some((source) => source.integrity === integrity && (integrity === 'trusted' ? names(source, leaf) : covers(source, leaf)));
  if (said(ofField, 'untrusted')) return false;
  if (said(ofField, 'trusted')) return true;
  return said(ofWhole, 'trusted') && !said(ofWhole, 'untrusted');
}

/** Does the rule's path name this very leaf? */
function names(source: SourceLabel, leaf: Leaf): boolean {
  if (source.path === undefined || globMatches(source.path, leaf.path)) return true;
  return leaf.field !== '' && [leaf.field, `$.${leaf.field}`, `${leaf.path}.${leaf.field}`].some((name) => globMatches(source.path ?? '', name));
}

/** The same, and a text that cannot be opened into fields is covered by every rule about its fields. */
function covers(source: SourceLabel, leaf: Leaf): boolean {
  return names(source, leaf) || (leaf.field === '' && !leaf.keyed && leaf.path.startsWith('$.content') && source.path?.startsWith('$.content') === false);
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
