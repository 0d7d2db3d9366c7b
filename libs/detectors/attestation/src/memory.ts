/**
 * What the detector remembers of one domain's agents.
 * AM1. Bounded: agents, sessions, states per agent and nonces each have a maximum.
 * AM2. A pin is never evicted: when the agents' table is full, new agents are refused instead.
 * AM3. Forgetting a nonce cannot hide a replay: statements not younger than the youngest forgotten one are refused.
 */
export const agentsMax = 10_000;
export const sessionsMax = 8_192;
export const noncesMax = 32_768;
export const statesPerAgentMax = 4;

export interface KnownAgent {
  /** State hashes, oldest first: the pinned one and those people registered. */
  states: string[];
  /** Raw public key pinned on first use; unused while policy names keys. */
  publicKey?: string;
  /** End of the youngest verified statement, milliseconds, and the state it showed. */
  verifiedUntil: number;
  verifiedState?: string;
}

export interface AttestedSession {
  state?: string;
  /** Milliseconds since 1970. */
  expires: number;
  /** A refusal or change stays with the session until a good statement or a registration replaces it. */
  standing?: { readonly kind: 'attestation-changed' | 'attestation-invalid' | 'attestation-conflict'; readonly sentence: string; readonly state?: string };
}

export interface AttestationMemory {
  readonly agents: Map<string, KnownAgent>;
  readonly sessions: Map<string, AttestedSession>;
  /** nonce → where it was first shown and when it was made. */
  readonly nonces: Map<string, { readonly shownTo: string; readonly session: string; readonly iat: number }>;
  /** Statements made at or before this are refused; rises as nonces are forgotten. */
  nonceFloor: number;
}

export function emptyMemory(): AttestationMemory {
  return { agents: new Map(), sessions: new Map(), nonces: new Map(), nonceFloor: 0 };
}

const format = 'attestation-memory/1';

export function snapshotMemory({ agents, sessions, nonces, nonceFloor }: AttestationMemory): string {
  return JSON.stringify({ format, agents: [...agents], sessions: [...sessions], nonces: [...nonces], nonceFloor });
}

/** @throws Error when the text is not a snapshot of this format. */
export function restoreMemory(text: string): AttestationMemory {
  const value = JSON.parse(text) as { format?: unknown } & { [Name in 'agents' | 'sessions' | 'nonces']: never[] } & { nonceFloor: number };
  if (value.format !== format) throw new Error(`The snapshot is not of format ${format}; the detector starts from an empty memory.`);
  return { agents: new Map(value.agents), sessions: new Map(value.sessions), nonces: new Map(value.nonces), nonceFloor: value.nonceFloor };
}

/** The session's entry, made when missing; the longest unused session goes when there are too many. */
export function sessionEntry(memory: AttestationMemory, key: string): AttestedSession {
  const entry = memory.sessions.get(key) ?? { expires: 0 };
  memory.sessions.delete(key);
  memory.sessions.set(key, entry);
  dropOldest(memory.sessions, sessionsMax);
  return entry;
}

/** The agent's entry, made when missing; undefined when the table is full (AM2). */
export function agentEntry(memory: AttestationMemory, name: string): KnownAgent | undefined {
  const known = memory.agents.get(name);
  if (known !== undefined || memory.agents.size >= agentsMax) return known;
  const entry: KnownAgent = { states: [], verifiedUntil: 0 };
  memory.agents.set(name, entry);
  return entry;
}

export function acceptState(agent: KnownAgent, state: string): void {
  if (agent.states.includes(state)) return;
  agent.states.push(state);
  if (agent.states.length > statesPerAgentMax) agent.states.shift();
}

/** @returns false when this nonce already served another session at this server, or may have (AM3). */
export function claimNonce(memory: AttestationMemory, claim: { nonce: string; shownTo: string; session: string; iat: number }): boolean {
  const key = `${claim.shownTo}\u0000${claim.nonce}`;
  const first = memory.nonces.get(key);
  if (first !== undefined) return first.session === claim.session;
  if (claim.iat <= memory.nonceFloor) return false;
  memory.nonces.set(key, { shownTo: claim.shownTo, session: claim.session, iat: claim.iat });
  if (memory.nonces.size > noncesMax) forgetNonce(memory);
  return true;
}

function forgetNonce(memory: AttestationMemory): void {
  for (const [key, { iat }] of memory.nonces) {
    memory.nonces.delete(key);
    memory.nonceFloor = Math.max(memory.nonceFloor, iat);
    return;
  }
}

function dropOldest(map: Map<string, unknown>, countMax: number): void {
  if (map.size <= countMax) return;
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
