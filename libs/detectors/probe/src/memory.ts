/** What the detector remembers of one domain: the nonces of activations it already scored. At most `noncesMax`; the oldest goes first. */
export const noncesMax = 8_192;

export interface ProbeMemory {
  /** nonce → the call it came with; in the order they came. */
  readonly nonces: Map<string, string>;
}

const format = 'probe-memory/1';

export function emptyMemory(): ProbeMemory {
  return { nonces: new Map() };
}

export function snapshotMemory({ nonces }: ProbeMemory): string {
  return JSON.stringify({ format, nonces: [...nonces] });
}

/** @throws Error when the text is not a snapshot of this format. */
export function restoreMemory(text: string): ProbeMemory {
  const value = JSON.parse(text) as { format?: unknown; nonces: [string, string][] };
  if (value.format !== format) throw new Error(`The snapshot is not of format ${format}; the detector starts from an empty memory.`);
  return { nonces: new Map(value.nonces) };
}

/** @returns false when this nonce came with another call before. */
export function claimNonce({ nonces }: ProbeMemory, nonce: string, observationId: string): boolean {
  const first = nonces.get(nonce);
  if (first !== undefined) return first === observationId;
  nonces.set(nonce, observationId);
  if (nonces.size > noncesMax) for (const oldest of nonces.keys()) return nonces.delete(oldest);
  return true;
}
