/**
 * What the judge remembers so that a score means something: each agent's highest scores per benign session, which texts were found to give
 * instructions, and which sentences a person endorsed.
 * SM1. A session calibrates once newer ones began and nothing in it was refused; a hold that a person approved does not count against it.
 * SM2. An endorsement is for one agent, one tool and one sentence (by digest): another sentence of the same source was not endorsed.
 * SM3. Bounded: the agents idle longest are forgotten, which costs calibration and asks again, never lets a call pass.
 */
import { createHash } from 'node:crypto';
import type { Agent, Decision, Finding, FusedScore } from '@countersign/contracts';
import { BoundedMap } from './bounded-map.js';

interface OpenSession {
  readonly session: string;
  readonly highest: number;
  /** Held calls that no person has approved. */
  readonly held: readonly string[];
  readonly refused: boolean;
}

export interface Scored {
  readonly domain: string;
  readonly agent: Agent;
  readonly session: string;
}

export interface ScoreMemoryState {
  readonly open: readonly (readonly [string, readonly OpenSession[]])[];
  readonly pools: readonly (readonly [string, readonly number[]])[];
  readonly suspicions: readonly (readonly [string, number])[];
  readonly asked: readonly (readonly [string, readonly string[]])[];
  readonly endorsed: readonly (readonly [string, true])[];
}

const agentsMax = 4_096;
const openSessionsMax = 4;
const poolMax = 256;
const heldMax = 64;
const textsMax = 10_000;
/** Sessions of others say less about an agent, so more of them are needed. */
const othersFactor = { role: 5, domain: 10 } as const;
const suspicions: Readonly<Partial<Record<Finding['severity'], number>>> = { low: 0.3, medium: 0.6, high: 1, critical: 1 };

export class ScoreMemory {
  readonly #open: BoundedMap<readonly OpenSession[]>;
  readonly #pools: BoundedMap<readonly number[]>;
  readonly #suspicions: BoundedMap<number>;
  readonly #asked: BoundedMap<readonly string[]>;
  readonly #endorsed: BoundedMap<true>;

  constructor(state?: ScoreMemoryState) {
    this.#open = new BoundedMap(agentsMax, state?.open);
    this.#pools = new BoundedMap(agentsMax, state?.pools);
    this.#suspicions = new BoundedMap(textsMax, state?.suspicions);
    this.#asked = new BoundedMap(textsMax, state?.asked);
    this.#endorsed = new BoundedMap(textsMax, state?.endorsed);
  }

  state(): ScoreMemoryState {
    return { open: this.#open.entries(), pools: this.#pools.entries(), suspicions: this.#suspicions.entries(), asked: this.#asked.entries(), endorsed: this.#endorsed.entries() };
  }

  noticeFinding({ kind, severity, observationId }: Finding): void {
    const suspicion = kind === 'instruction-in-data' ? (suspicions[severity] ?? 0) : 0;
    if (suspicion > (this.#suspicions.get(observationId) ?? 0)) this.#suspicions.set(observationId, suspicion);
  }

  /** 0: nothing was said of that observation's text. */
  suspicion(observationId: string): number {
    return this.#suspicions.get(observationId) ?? 0;
  }

  /** The rank of a score among benign sessions: the agent's own where there are enough, else its role's, else its domain's. */
  calibrated(of: Scored, value: number, sessionsMin: number): Pick<FusedScore, 'p' | 'n' | 'basis'> {
    const own = this.#pools.get(ownKey(of)) ?? [];
    const choices = [['own', own, 1], ['role', this.#pools.get(roleKey(of)) ?? [], othersFactor.role], ['domain', this.#pools.get(domainKey(of)) ?? [], othersFactor.domain]] as const;
    for (const [basis, pool, factor] of choices) {
      if (pool.length === 0 || pool.length < factor * sessionsMin) continue;
      return { basis, n: pool.length, p: (1 + pool.filter((known) => known >= value).length) / (pool.length + 1) };
    }
    return { basis: 'frozen', n: own.length };
  }

  noticeVerdict(of: Scored, verdict: { readonly callId: string; readonly kind: string; readonly value: number | undefined }): void {
    const { callId, kind, value } = verdict;
    const sessions = this.#open.get(ownKey(of)) ?? [];
    const known = sessions.find(({ session }) => session === of.session) ?? { session: of.session, highest: Number.MIN_SAFE_INTEGER, held: [], refused: false };
    const current: OpenSession = {
      session: of.session, highest: Math.max(known.highest, value ?? Number.MIN_SAFE_INTEGER),
      held: kind === 'step_up' && known.held.length < heldMax ? [...known.held, callId] : known.held,
      refused: known.refused || kind === 'deny' || kind === 'defer' || known.held.length >= heldMax,
    };
    const all = [...sessions.filter(({ session }) => session !== of.session), current];
    for (const ended of all.slice(0, -openSessionsMax)) this.#learn(of, ended);
    this.#open.set(ownKey(of), all.slice(-openSessionsMax));
  }

  /** Which sentences a person would endorse by approving this call. */
  noticeAsk(of: Scored & { readonly tool: string }, callId: string, findings: readonly Finding[]): void {
    const keys = findings.flatMap((finding) => sourcesOf(finding).map((text) => endorsementKey(of, text)));
    if (keys.length > 0) this.#asked.set(callId, [...new Set(keys)]);
  }

  decide({ kind, outcome, callId }: Decision): void {
    if (kind !== 'approval' || callId === undefined) return;
    const asked = this.#asked.get(callId) ?? [];
    this.#asked.delete(callId);
    if (outcome !== 'approved') return;
    for (const key of asked) this.#endorsed.set(key, true);
    for (const [key, sessions] of this.#open.entries()) {
      if (!sessions.some(({ held }) => held.includes(callId))) continue;
      this.#open.set(key, sessions.map((session) => ({ ...session, held: session.held.filter((id) => id !== callId) })));
    }
  }

  /** Did a person endorse every sentence that this finding rests on, for this agent and tool? */
  isEndorsed(of: Scored & { readonly tool: string }, finding: Finding): boolean {
    const texts = sourcesOf(finding);
    return texts.length > 0 && (finding.features?.['unquoted'] ?? 0) === 0 && texts.every((text) => this.#endorsed.has(endorsementKey(of, text)));
  }

  #learn(of: Scored, { highest, held, refused }: OpenSession): void {
    if (refused || held.length > 0 || highest === Number.MIN_SAFE_INTEGER) return;
    for (const key of [ownKey(of), roleKey(of), domainKey(of)]) this.#pools.set(key, [...(this.#pools.get(key) ?? []), highest].slice(-poolMax));
  }
}

const ownKey = ({ domain, agent }: Scored): string => JSON.stringify(['agent', domain, agent.name]);
const roleKey = ({ domain, agent }: Scored): string => JSON.stringify(['role', domain, agent.role]);
const domainKey = ({ domain }: Scored): string => JSON.stringify(['domain', domain]);

/** Texts of other observations that a finding quotes as the reason for the call. */
function sourcesOf({ observationId, evidence, kind }: Finding): string[] {
  if (kind !== 'tainted-target' && kind !== 'explained-by-source') return [];
  return evidence.flatMap((part) => (part.text === undefined || part.observationId === undefined || part.observationId === observationId ? [] : [part.text]));
}

function endorsementKey({ domain, agent, tool }: Scored & { readonly tool: string }, text: string): string {
  return createHash('sha256').update(JSON.stringify([domain, agent.name, tool, text])).digest('hex');
}
