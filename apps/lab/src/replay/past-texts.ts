/**
 * Lets go of the texts that runs before a fork have read, as a full domain does; habits, entities, scores and pins stay.
 * PT1. Verdicts of runs that neither a label nor a trusted source is about do not change (`known-runs.test.ts`); indexing those texts again
 *      at each fork would cost more than the run.
 * PT2. A memory of another format is left as it is.
 */
import type { PathMemory } from './replay-path.js';

const format = 'provenance/3';

interface StoredDomain {
  readonly memories: Readonly<Record<string, string>>;
}

export function withoutPastTexts(memory: PathMemory): PathMemory {
  if (memory.detect === '') return memory;
  const domains = JSON.parse(memory.detect) as readonly StoredDomain[];
  return { ...memory, detect: JSON.stringify(domains.map((domain) => ({ ...domain, memories: Object.fromEntries(Object.entries(domain.memories).map(([name, text]) => [name, name === 'provenance' ? thinned(text) : text])) }))) };
}

function thinned(text: string): string {
  const stored = JSON.parse(text) as { readonly format?: unknown; readonly labelled?: { readonly leaves?: readonly unknown[] } };
  if (stored.format !== format || (stored.labelled?.leaves ?? []).length > 0) return text;
  return JSON.stringify({ ...stored, documents: [], ring: [], sessions: [], tasks: [] });
}
