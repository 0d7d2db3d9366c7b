/**
 * What the detectors remember, domain by domain.
 * DM1. At most `domainsMax` domains; the one longest unseen is forgotten first, and telemetry says so.
 * DM2. The same records in the same order leave the same memories, whether or not they were snapshotted in between.
 * DM3. A detector whose part of a snapshot cannot be read starts empty, and says so; the others keep theirs.
 */
import type { Detector, DetectorName } from '@countersign/contracts';
import type { Telemetry } from './telemetry.js';

export type Memories = Map<DetectorName, unknown>;

export interface DomainMemories {
  /** The domain's memories, to be updated in place; also marks the domain as seen. */
  of(domain: string): Memories;
  /** JSON text; domains from longest unseen to latest. */
  snapshot(): string;
  /** @throws when the text is not a snapshot at all; nothing is remembered then. */
  restore(text: string): void;
}

export interface DomainMemoriesOptions {
  readonly detectors: readonly Detector<unknown>[];
  readonly domainsMax: number;
  readonly telemetry: Telemetry;
}

interface SavedDomain {
  readonly domain: string;
  readonly memories: Readonly<Record<string, string>>;
}

export function createDomainMemories({ detectors, domainsMax, telemetry }: DomainMemoriesOptions): DomainMemories {
  const domains = new Map<string, Memories>();

  function of(domain: string): Memories {
    const memories = domains.get(domain) ?? new Map(detectors.map((detector) => [detector.name, detector.empty()]));
    // Map order is the order of last sight.
    domains.delete(domain);
    domains.set(domain, memories);
    if (domains.size > domainsMax) forgetOldest();
    return memories;
  }

  function forgetOldest(): void {
    const oldest = domains.keys().next();
    if (oldest.done === true) return;
    domains.delete(oldest.value);
    telemetry({
      event: 'DomainForgotten', level: 'warn', fields: { domainsMax },
      message: `More than ${domainsMax} domains are active; the habits and pins of the one longest unseen are forgotten and will be learned anew. Raise domainsMax or run more detect processes.`,
    });
  }

  function snapshot(): string {
    return JSON.stringify([...domains].map(([domain, memories]) => ({ domain, memories: saved(detectors, memories) })));
  }

  function restore(text: string): void {
    domains.clear();
    const read = (JSON.parse(text) as readonly SavedDomain[]).map(({ domain, memories }) => [domain, new Map(detectors.map((detector) => [detector.name, restored(detector, memories[detector.name])]))] as const);
    for (const [domain, memories] of read) domains.set(domain, memories);
  }

  function restored(detector: Detector<unknown>, text: string | undefined): unknown {
    if (text === undefined) return detector.empty();
    try {
      return detector.restore(text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      telemetry({
        event: 'DetectorMemoryRefused', level: 'warn', fields: { detector: detector.name, version: detector.version },
        message: `The saved memory of detector ${detector.name} cannot be used by version ${detector.version} (${why}); it starts empty and learns anew.`,
      });
      return detector.empty();
    }
  }

  return { of, snapshot, restore };
}

function saved(detectors: readonly Detector<unknown>[], memories: Memories): Record<string, string> {
  return Object.fromEntries(detectors.map((detector) => [detector.name, detector.snapshot(memories.get(detector.name))]));
}
