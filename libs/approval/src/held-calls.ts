/**
 * What `approve` remembers of held calls until their approval opens: arguments, origins, and step-ups that wait for either.
 * HC1. Bounded in calls and in characters of arguments; what is forgotten opens as uninspectable, never as something else.
 */
import type { Finding, Observation, Verdict } from '@countersign/contracts';
import type { ArgumentOrigin } from './approval.js';
import { originsOf } from './origins.js';

export interface WaitingVerdict {
  readonly verdict: Verdict;
  /** Open it then with whatever is known. */
  readonly openAtMs: number;
}
interface Held {
  readonly argumentsJson?: string;
  readonly origins: readonly ArgumentOrigin[];
  /** Ids of provenance findings seen. */
  readonly seen: readonly string[];
}
export interface HeldCallsState {
  readonly held: readonly (readonly [string, Held])[];
  readonly waiting: readonly (readonly [string, WaitingVerdict])[];
}

const callsMax = 2_000;
const argumentCharactersMax = 32 * 1024 * 1024;
const originsMax = 64;

export class HeldCalls {
  readonly #held: Map<string, Held>;
  readonly #waiting: Map<string, WaitingVerdict>;
  #characters = 0;

  constructor(state?: HeldCallsState) {
    this.#held = new Map(state?.held);
    this.#waiting = new Map(state?.waiting);
    for (const held of this.#held.values()) this.#characters += held.argumentsJson?.length ?? 0;
  }

  state(): HeldCallsState {
    return { held: [...this.#held], waiting: [...this.#waiting] };
  }

  noticeCall(observation: Observation): void {
    const { call, message } = observation;
    if (call?.phase !== 'request' || !call.waits || message === undefined) return;
    const known = this.#held.get(observation.id) ?? { origins: [], seen: [] };
    if (known.argumentsJson !== undefined) return;
    this.#put(observation.id, { ...known, argumentsJson: shownOf(message) });
  }

  noticeFinding(finding: Finding): void {
    if (finding.detector !== 'provenance' || finding.callId === undefined) return;
    const known = this.#held.get(finding.observationId) ?? { origins: [], seen: [] };
    if (known.seen.includes(finding.id)) return;
    const origins = [...known.origins, ...originsOf(finding)].slice(0, originsMax);
    this.#put(finding.observationId, { ...known, origins, seen: [...known.seen, finding.id] });
  }

  await(verdict: Verdict, openAtMs: number): void {
    if (!this.#waiting.has(verdict.observationId)) this.#waiting.set(verdict.observationId, { verdict, openAtMs });
  }

  /** Takes out the step-ups that have all they wait for, or have waited long enough. */
  takeReady(nowMs: number): readonly { readonly verdict: Verdict; readonly argumentsJson: string; readonly origins: readonly ArgumentOrigin[] }[] {
    const ready = [];
    for (const [id, { verdict, openAtMs }] of this.#waiting) {
      const held = this.#held.get(id);
      if (openAtMs > nowMs && !isComplete(verdict, held)) continue;
      this.#waiting.delete(id);
      this.#forget(id);
      ready.push({ verdict, argumentsJson: held?.argumentsJson ?? '', origins: held?.origins ?? [] });
    }
    return ready;
  }

  /** A call that was not stepped up needs no remembering. */
  drop(observationId: string): void {
    if (!this.#waiting.has(observationId)) this.#forget(observationId);
  }

  nextOpenAtMs(): number | undefined {
    return this.#waiting.size === 0 ? undefined : Math.min(...[...this.#waiting.values()].map(({ openAtMs }) => openAtMs));
  }

  #put(id: string, held: Held): void {
    this.#forget(id);
    this.#held.set(id, held);
    this.#characters += held.argumentsJson?.length ?? 0;
    while (this.#held.size > callsMax || (this.#characters > argumentCharactersMax && this.#held.size > 1)) {
      const [oldest] = this.#held.keys();
      if (oldest !== undefined) this.#forget(oldest);
    }
  }

  #forget(id: string): void {
    this.#characters -= this.#held.get(id)?.argumentsJson?.length ?? 0;
    this.#held.delete(id);
  }
}

function isComplete(verdict: Verdict, held: Held | undefined): boolean {
  if (held?.argumentsJson === undefined) return false;
  return verdict.findingIds.filter((id) => id.includes('/provenance/')).every((id) => held.seen.includes(id));
}

/**
 * What the card shows is all of the call that its digest covers: a call's arguments, with what it brings of the server's round where it brings
 * any; of another method all its params. Empty when the payload was not recorded (over the cap, or digests only): the card then says uninspectable.
 */
function shownOf({ method, payload }: NonNullable<Observation['message']>): string {
  if (typeof payload !== 'object' || payload === null) return '';
  const { _meta, ...params } = payload as Record<string, unknown>;
  void _meta;
  if (method !== undefined && method !== 'tools/call') return JSON.stringify(params);
  const { arguments: args = {}, inputResponses, requestState } = params;
  return JSON.stringify(inputResponses === undefined && requestState === undefined ? args : { arguments: args, inputResponses, requestState });
}
