/**
 * What the judge remembers between calls, all of it bounded: contained sessions, released contents, open approvals, benign sessions.
 * CO1. A contained session stays contained until an operator registers a state for that agent, by hash where one is known.
 * CO2. A release is for one content digest, in one domain.
 * CO3. An approval is open until a decision, the tap's `held-ended`, or its own deadline; never longer.
 */
import type { Agent, Decision, Finding, Reason } from '@countersign/contracts';
import { BoundedMap } from './bounded-map.js';
import { reasonOf } from './reasons.js';
import { ScoreMemory, type ScoreMemoryState } from './score-memory.js';

interface Contained {
  readonly agentKey: string;
  /** The observation it was found on. */
  readonly foundOn: string;
  /** State hashes the finding names; a registration of any of them ends it. Empty: any registration of the agent does. */
  readonly hashes: readonly string[];
  readonly reason: Reason;
}
interface OpenAsk {
  readonly agentKey: string;
  readonly untilMs: number;
}
interface AgentSessions {
  readonly benign: number;
  /** Newest last; `clean` turns false at the first deny or step-up. */
  readonly recent: readonly { readonly session: string; readonly clean: boolean }[];
}
interface Acting {
  readonly domain: string;
  readonly agent: Pick<Agent, 'name'>;
  readonly session: string;
}

const containing = new Set(['attestation-changed', 'attestation-invalid']);
const contentsMax = 10_000;
const agentsMax = 20_000;
const recentSessionsMax = 32;
const hashesMax = 8;

export interface MemoryState {
  readonly contained: readonly (readonly [string, Contained])[];
  readonly quarantined: readonly (readonly [string, string])[];
  readonly released: readonly (readonly [string, true])[];
  readonly asks: readonly (readonly [string, OpenAsk])[];
  readonly sessions: readonly (readonly [string, AgentSessions])[];
  /** Absent in memories written before scores were fused. */
  readonly scores?: ScoreMemoryState;
}

export class JudgeMemory {
  readonly #contained: BoundedMap<Contained>;
  /** Quarantine id → the full content digest it stands for; the id alone is short enough to be collided. */
  readonly #quarantined: BoundedMap<string>;
  readonly #released: BoundedMap<true>;
  readonly #asks: BoundedMap<OpenAsk>;
  readonly #sessions: BoundedMap<AgentSessions>;
  readonly scores: ScoreMemory;

  constructor(state?: MemoryState) {
    this.#contained = new BoundedMap(contentsMax, state?.contained);
    this.#quarantined = new BoundedMap(contentsMax, state?.quarantined);
    this.#released = new BoundedMap(contentsMax, state?.released);
    this.#asks = new BoundedMap(contentsMax, state?.asks);
    this.#sessions = new BoundedMap(agentsMax, state?.sessions);
    this.scores = new ScoreMemory(state?.scores);
  }

  state(): MemoryState {
    return {
      contained: this.#contained.entries(), quarantined: this.#quarantined.entries(), released: this.#released.entries(),
      asks: this.#asks.entries(), sessions: this.#sessions.entries(), scores: this.scores.state(),
    };
  }

  /** @returns true when this finding made the memory forget another contained session, which someone should know. */
  noticeFinding(finding: Finding): boolean {
    this.scores.noticeFinding(finding);
    if (!containing.has(finding.kind)) return false;
    const key = sessionKey(finding);
    if (this.#contained.has(key)) return false;
    const reason = reasonOf(finding, 'The session stays held until this state is registered.');
    return this.#contained.set(key, { agentKey: agentKeyOf(finding), foundOn: finding.observationId, hashes: hashesIn(finding), reason }) !== undefined;
  }

  /** Why the session was contained before this observation; what was found on the observation itself is among its own findings. */
  containedBefore(acting: Acting & { readonly id: string }): Reason | undefined {
    if (this.#contained.size === 0) return undefined;
    const contained = this.#contained.get(sessionKey(acting));
    return contained?.foundOn === acting.id ? undefined : contained?.reason;
  }

  decide(decision: Decision): void {
    const { domain, subject, subjectDigest, outcome } = decision;
    this.scores.decide(decision);
    if (decision.kind === 'approval' && decision.callId !== undefined) this.closeAsk(decision.callId);
    if (outcome === 'denied' || outcome === 'expired') return;
    if (decision.kind === 'state-registered' && subject !== undefined) this.#letGo(key(domain, subject), subjectDigest);
    if (decision.kind === 'release') {
      const digest = subjectDigest ?? (subject === undefined ? undefined : this.#quarantined.get(key(domain, subject)));
      if (digest !== undefined) this.#released.set(key(domain, digest), true);
    }
  }

  noticeQuarantine(domain: string, quarantineId: string, contentDigest: string): void {
    if (!this.#quarantined.has(key(domain, quarantineId))) this.#quarantined.set(key(domain, quarantineId), contentDigest);
  }

  isReleased(domain: string, contentDigest: string): boolean {
    return this.#released.size > 0 && this.#released.has(key(domain, contentDigest));
  }

  openAsk(acting: Acting, callId: string, untilMs: number): void {
    this.#asks.set(callId, { agentKey: agentKeyOf(acting), untilMs });
  }

  closeAsk(callId: string): void {
    this.#asks.delete(callId);
  }

  pendingAsks(acting: Acting, nowMs: number): number {
    if (this.#asks.size === 0) return 0;
    const agentKey = agentKeyOf(acting);
    let open = 0;
    for (const [callId, ask] of this.#asks.entries()) {
      if (ask.untilMs <= nowMs) this.#asks.delete(callId);
      else if (ask.agentKey === agentKey) open += 1;
    }
    return open;
  }

  /** Sessions of this agent, without the one given, in which nothing was denied or stepped up. */
  benignSessions(acting: Acting): number {
    const known = this.#sessions.get(agentKeyOf(acting));
    if (known === undefined) return 0;
    const current = known.recent.find(({ session }) => session === acting.session);
    return known.benign - (current?.clean === true ? 1 : 0);
  }

  /** A session counts as benign from its first call on, until something in it was not allowed. */
  noticeVerdict(acting: Acting, wasAllowed: boolean): void {
    const agentKey = agentKeyOf(acting);
    const known = this.#sessions.get(agentKey) ?? { benign: 0, recent: [] };
    const current = known.recent.find(({ session }) => session === acting.session);
    if (current !== undefined && (!current.clean || wasAllowed)) return;
    const benign = known.benign + (wasAllowed ? 1 : 0) - (current === undefined ? 0 : 1);
    const others = known.recent.filter((recent) => recent !== current).slice(-recentSessionsMax + 1);
    this.#sessions.set(agentKey, { benign, recent: [...others, { session: acting.session, clean: wasAllowed }] });
  }

  #letGo(agentKey: string, hash: string | undefined): void {
    for (const [session, contained] of this.#contained.entries()) {
      if (contained.agentKey !== agentKey) continue;
      if (contained.hashes.length > 0 && !contained.hashes.some((known) => hash !== undefined && (known.startsWith(hash) || hash.startsWith(known)))) continue;
      this.#contained.delete(session);
    }
  }
}

function key(...parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function agentKeyOf(acting: Pick<Acting, 'domain' | 'agent'>): string {
  return key(acting.domain, acting.agent.name);
}

function sessionKey(acting: Acting): string {
  return key(acting.domain, acting.agent.name, acting.session);
}

/** State hashes as attestation writes them: 32 to 64 hex digits, in its sentence or evidence. */
function hashesIn(finding: Finding): readonly string[] {
  const texts = [finding.sentence, finding.wouldPass ?? '', ...finding.evidence.flatMap(({ text, note }) => [text ?? '', note ?? ''])];
  return [...new Set(texts.join(' ').match(/\b[0-9a-f]{32,64}\b/g) ?? [])].slice(0, hashesMax);
}
