/**
 * Is this the same agent, in the same state, as when it was trusted?
 * AT1. A state that is neither pinned nor registered is `attestation-changed`, at the first call that shows it and at every later one of its session.
 * AT2. A statement that cannot be trusted is `attestation-invalid` with its reason; it never counts as absent.
 * AT3. A session in doubt stays in doubt: leaving the attestation out afterwards does not clear it.
 * AT4. Time is the observation's own; there is no clock here.
 * Does not know: what an absent attestation should cost (policy), whether a signer tells the truth about its host.
 */
import { nothing, type Decision, type Detection, type Detector, type FindingDraft, type Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { refusalSentences, verifyEnvelope, type VerifiedEnvelope } from './envelope.js';
import {
  acceptState, agentEntry, claimNonce, emptyMemory, restoreMemory, sessionEntry, snapshotMemory,
  type AttestationMemory, type AttestedSession, type KnownAgent,
} from './memory.js';

export interface AttestationOptions {
  readonly policy: () => CompiledPolicy;
}

export function createAttestation({ policy }: AttestationOptions): Detector<AttestationMemory> {
  return {
    name: 'attestation',
    version: '1.0.0',
    empty: emptyMemory,
    detect(observation, memory): Detection<AttestationMemory> {
      return { memory, findings: findingsOf(observation, memory, policy()) };
    },
    decide: registered,
    snapshot: snapshotMemory,
    restore: restoreMemory,
  };
}

function findingsOf(observation: Observation, memory: AttestationMemory, policy: CompiledPolicy): readonly FindingDraft[] {
  if (observation.direction !== 'client-to-server') return observation.call ? [nothing] : [];
  const shown = observation.metadata?.attestation;
  if (shown === undefined && observation.call === undefined) return [];
  const finding = shown === undefined ? absent(observation, memory) : judged({ observation, memory, policy }, shown);
  return [finding];
}

interface Scene {
  readonly observation: Observation;
  readonly memory: AttestationMemory;
  readonly policy: CompiledPolicy;
}

function judged(scene: Scene, shown: string): FindingDraft {
  const session = sessionEntry(scene.memory, sessionKey(scene.observation));
  if (isTwoAtOnce(shown)) return stand(session, { kind: 'attestation-conflict', sentence: 'The call carries two different attestations; which one is meant cannot be known.' });
  return /^[0-9a-f]{32}$/.test(shown) ? byReference(scene, session, shown) : byStatement(scene, session, shown);
}

function byStatement({ observation, memory, policy }: Scene, session: AttestedSession, text: string): FindingDraft {
  const nowMs = Date.parse(observation.at);
  const { keys, firstUse } = policy.policy.attestation;
  const verified = verifyEnvelope(text, { keys, nowMs, agent: observation.agent.name, aud: observation.domain });
  if (!verified.ok) return invalid(session, verified.sentence);
  const { nonce, iat } = verified.statement.predicate;
  const claim = { nonce, iat, shownTo: observation.server, session: sessionKey(observation) };
  if (!claimNonce(memory, claim)) return invalid(session, refusalSentences.replayed);
  const agent = agentEntry(memory, observation.agent.name);
  if (agent === undefined) return invalid(session, refusalSentences['memory-full']);
  const keysFixed = Object.keys(keys).length > 0;
  if (!keysFixed && agent.publicKey !== undefined && agent.publicKey !== verified.publicKey) return invalid(session, refusalSentences['unknown-key']);
  if (agent.states.length === 0 && firstUse === 'refuse') return invalid(session, refusalSentences['no-first-use'], verified.stateHash);
  const firstSeen = agent.states.length === 0;
  if (firstSeen) acceptState(agent, verified.stateHash);
  if (!agent.states.includes(verified.stateHash)) return changed({ session, agent, state: verified.stateHash });
  if (!keysFixed) agent.publicKey = verified.publicKey;
  return accepted({ session, agent, verified, firstSeen });
}

function accepted(scene: { session: AttestedSession; agent: KnownAgent; verified: VerifiedEnvelope & { ok: true }; firstSeen: boolean }): FindingDraft {
  const { session, agent, verified, firstSeen } = scene;
  const { exp, level } = verified.statement.predicate;
  session.state = verified.stateHash;
  session.expires = exp;
  delete session.standing;
  agent.verifiedState = verified.stateHash;
  agent.verifiedUntil = exp;
  const how = firstSeen ? 'This is the first state seen of this agent; it is now pinned.' : 'It is the state this agent is known by.';
  return {
    kind: 'attested',
    severity: 'none',
    sentence: `The agent is attested in state ${short(verified.stateHash)} at level ${verified.levelVerified}. ${how}`,
    features: { levelVerified: verified.levelVerified, levelClaimed: level, firstSeen: firstSeen ? 1 : 0 },
    evidence: [{ note: verified.stateHash }],
  };
}

function byReference({ observation, memory }: Scene, session: AttestedSession, prefix: string): FindingDraft {
  if (session.standing !== undefined && session.state === undefined) return standing(session.standing);
  const nowMs = Date.parse(observation.at);
  const agent = memory.agents.get(observation.agent.name);
  const own = session.state?.startsWith(prefix) === true ? { state: session.state, until: session.expires } : undefined;
  const elsewhere = agent?.verifiedState?.startsWith(prefix) === true ? { state: agent.verifiedState, until: agent.verifiedUntil } : undefined;
  const found = own ?? elsewhere;
  if (found === undefined) return invalid(session, refusalSentences['unknown-state']);
  if (!(found.until > nowMs)) return invalid(session, refusalSentences.expired, found.state);
  if (agent?.states.includes(found.state) !== true) return invalid(session, refusalSentences['unknown-state']);
  delete session.standing;
  return {
    kind: 'attested',
    severity: 'none',
    sentence: `The call carries the hash of state ${short(found.state)}, which a statement ${own ? 'of this session' : 'of another session of this agent'} has shown.`,
    features: { byReference: 1 },
    evidence: [{ note: found.state }],
  };
}

function absent(observation: Observation, memory: AttestationMemory): FindingDraft {
  const session = memory.sessions.get(sessionKey(observation));
  if (session?.standing !== undefined) return standing(session.standing);
  const agent = memory.agents.get(observation.agent.name);
  if (agent === undefined || agent.states.length === 0) {
    return { kind: 'attestation-absent', severity: 'info', sentence: 'The call carries no attestation of the agent\'s state.', wouldPass: attestFirst };
  }
  // An agent that used to attest and stops is what a swapped agent looks like when it has no key; policy decides what that costs.
  return {
    kind: 'attestation-absent',
    severity: 'medium',
    sentence: `The call carries no attestation, although this agent is known by state ${short(agent.states.at(-1) ?? '')}${session?.state ? ' and this session began with one' : ''}.`,
    wouldPass: attestFirst,
    features: { knownAgent: 1 },
  };
}

const attestFirst = 'Attach a statement made with `countersign attest` to the session.';

function changed({ session, agent, state }: { session: AttestedSession; agent: KnownAgent; state: string }): FindingDraft {
  const sentence = `The agent shows state ${short(state)}, but it is known by ${agent.states.map(short).join(', ')}, and nobody registered a change.`;
  return stand(session, { kind: 'attestation-changed', sentence, state });
}

function invalid(session: AttestedSession, sentence: string, state?: string): FindingDraft {
  return stand(session, { kind: 'attestation-invalid', sentence, ...(state !== undefined && { state }) });
}

type Standing = NonNullable<AttestedSession['standing']>;

function stand(session: AttestedSession, doubt: Standing): FindingDraft {
  session.standing = doubt;
  delete session.state;
  return standing(doubt);
}

function standing({ kind, sentence, state }: Standing): FindingDraft {
  return {
    kind,
    severity: kind === 'attestation-changed' ? 'critical' : 'high',
    gate: 'deny',
    sentence,
    wouldPass: kind === 'attestation-changed' ? `A person registers state ${state ?? ''} for this agent.` : 'A fresh, valid statement of the known state.',
    ...(state !== undefined && { evidence: [{ note: state }] }),
  };
}

/** A person vouched for a state: it is accepted from now on, and sessions that wait for it are no longer in doubt. */
function registered(decision: Decision, memory: AttestationMemory): AttestationMemory {
  const { kind, outcome, subject, subjectDigest } = decision;
  if (kind !== 'state-registered' || outcome === 'denied' || outcome === 'expired') return memory;
  if (subject === undefined || subjectDigest === undefined || !/^[0-9a-f]{64}$/.test(subjectDigest)) return memory;
  const agent = agentEntry(memory, subject);
  if (agent === undefined) return memory;
  acceptState(agent, subjectDigest);
  for (const [key, session] of memory.sessions) {
    if (key.startsWith(`${subject}\u0000`) && session.standing?.kind === 'attestation-changed' && session.standing.state === subjectDigest) delete session.standing;
  }
  return memory;
}

/** Two statements of ours at once arrive as two lines (from header and metadata). */
function isTwoAtOnce(text: string): boolean {
  const lines = text.split('\n', 3);
  if (lines.length < 2) return false;
  return lines.filter((line) => /^[0-9a-f]{32}$/.test(line) || (line.startsWith('{') && line.trimEnd().endsWith('}'))).length > 1;
}

function sessionKey({ agent, session }: Observation): string {
  return `${agent.name}\u0000${session}`;
}

function short(state: string): string {
  return state.slice(0, 12);
}

