/**
 * The messages this process holds, and what ends each hold. The decisions are `wire`'s hold machine; here are its clock and its inputs.
 * HC1. A verdict reaches the hold of its own observation and action digest, a decision the hold of its own call; no other.
 * HC2. Bounded in number and bytes: what would not fit is not held (and its caller refuses it).
 * HC3. `settle` is called once per hold, synchronously with the input that ended it.
 */
import type { Clock } from '@countersign/pipeline';
import { openHold, resumeHold, stepHold, type Hold, type HoldAction, type HoldInput, type HoldRule } from '@countersign/wire';
import type { DecisionNews, VerdictNews } from './gate-frames.js';
import type { GoodGrant } from './grant-check.js';

const heldCountMax = 1024;
const heldBytesMax = 64 * 1024 * 1024;

export interface HeldMessage {
  readonly observationId: string;
  readonly callId: string;
  readonly of: 'request' | 'result';
  readonly actionDigest: string;
  readonly bytes: number;
  readonly rule: HoldRule;
  /** People are asked already: this is the same call again. */
  readonly isResumed: boolean;
  /** People are asked from now on. Not called for a resumed one. */
  readonly onAsked?: () => void;
}

export interface HoldEnd {
  readonly action: Exclude<HoldAction, { readonly kind: 'wait' }>;
  readonly heldMs: number;
  readonly verdict?: VerdictNews;
  readonly decision?: DecisionNews;
  /** With `send` by decision. */
  readonly grant?: GoodGrant;
}

export interface Holding {
  readonly about: HeldMessage;
  cancel(): void;
  /** The person at the client does not want it any more: it is answered, and never sent. */
  giveUp(): void;
  /** Nobody listens any more: a verdict that is on its way still counts, people are not waited for. */
  abandon(): void;
}

interface Entry extends Holding {
  hold: Hold;
  readonly startedAtMs: number;
  verdict: VerdictNews | undefined;
  isAbandoned: boolean;
  cancelWake: () => void;
  readonly settle: (end: HoldEnd) => void;
}

export class HeldCalls {
  readonly #clock: Clock;
  readonly #byObservation = new Map<string, Entry>();
  #bytes = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  mayHold(bytes: number): boolean {
    return this.#byObservation.size < heldCountMax && this.#bytes + bytes <= heldBytesMax;
  }

  open(about: HeldMessage, settle: (end: HoldEnd) => void): Holding {
    const nowMs = this.#clock.monotonicMs();
    const hold = about.isResumed ? resumeHold(about.rule.holdMs, nowMs) : openHold(about.rule, nowMs);
    const entry: Entry = {
      about, hold, settle, startedAtMs: nowMs, verdict: undefined, isAbandoned: false, cancelWake: () => undefined,
      cancel: () => this.#input(entry, { kind: 'cancelled' }),
      giveUp: () => this.#input(entry, { kind: 'given-up' }),
      abandon: () => {
        entry.isAbandoned = true;
        if (entry.hold.phase === 'decision') entry.cancel();
      },
    };
    this.#byObservation.set(about.observationId, entry);
    this.#bytes += about.bytes;
    this.#wakeAtDeadline(entry);
    return entry;
  }

  verdict(verdict: VerdictNews): void {
    const entry = this.#byObservation.get(verdict.observationId);
    if (entry === undefined || entry.about.actionDigest !== verdict.actionDigest || entry.about.of !== verdict.phase) return;
    entry.verdict = verdict;
    // The policy went to `observe` while this was held: what the verdict says is for the record (V3).
    const kind = verdict.mode === 'observe' ? 'allow' : verdict.kind;
    this.#input(entry, { kind: 'verdict', verdict: kind, of: entry.about.of });
  }

  /** The held requests of a call; a retry of the same call while people are asked makes several. */
  requestsOf(callId: string): readonly HeldMessage[] {
    return [...this.#byObservation.values()].filter(({ about }) => about.callId === callId && about.of === 'request').map(({ about }) => about);
  }

  /** @param grant checked by the caller against the held call; needed for `approved`. Ends one hold: a grant is for one. */
  decision(observationId: string, decision: DecisionNews, grant: GoodGrant | undefined): void {
    const entry = this.#byObservation.get(observationId);
    if (entry !== undefined) this.#input(entry, { kind: 'decision', outcome: decision.outcome }, { decision, ...(grant === undefined ? {} : { grant }) });
  }

  gateAway(): void {
    for (const entry of [...this.#byObservation.values()]) this.#input(entry, { kind: 'gate-away' });
  }

  #input(entry: Entry, input: HoldInput, cause: Pick<HoldEnd, 'decision' | 'grant'> = {}): void {
    const nowMs = this.#clock.monotonicMs();
    const before = entry.hold;
    const { hold, action } = stepHold(before, input, nowMs);
    entry.hold = hold;
    if (action.kind === 'wait') {
      if (hold !== before) this.#wakeAtDeadline(entry);
      if (hold.phase === 'decision' && before.phase === 'verdict') entry.about.onAsked?.();
      if (entry.isAbandoned && hold.phase === 'decision') entry.cancel();
      return;
    }
    entry.cancelWake();
    this.#byObservation.delete(entry.about.observationId);
    this.#bytes -= entry.about.bytes;
    entry.settle({ action, heldMs: nowMs - entry.startedAtMs, ...cause, ...(entry.verdict === undefined ? {} : { verdict: entry.verdict }) });
  }

  #wakeAtDeadline(entry: Entry): void {
    entry.cancelWake();
    if (entry.hold.phase === 'ended') return;
    const waitMs = entry.hold.deadlineAtMs - this.#clock.monotonicMs();
    // A timer may fire a moment early; then it is set again.
    entry.cancelWake = this.#clock.after(Math.max(1, Math.ceil(waitMs)), () => {
      this.#input(entry, { kind: 'time' });
      if (entry.hold.phase !== 'ended') this.#wakeAtDeadline(entry);
    });
  }
}
