/**
 * Decides when a held message may be sent, answered or left waiting.
 * H1. A hold ends once; every input after that changes nothing.
 * H2. After `deadlineAtMs` no verdict and no decision leads to `send`: what then happens is the rule's `onUnavailable`, once.
 * H3. Nothing here reads a clock; `nowMs` is an argument (monotonic).
 * H4. While people are asked only their decision sends. A verdict can still deny; it cannot allow.
 * H5. A result is never stepped up: what is not allowed or redacted is withheld.
 * Does not know: who decided, whether a grant is genuine, where the bytes go.
 */
export interface HoldRule {
  /** From the start of the hold; milliseconds. */
  readonly deadlineMs: number;
  readonly onUnavailable: 'allow' | 'deny';
  /** The longest silence while people are asked, from the start of the hold; milliseconds. */
  readonly holdMs: number;
}

export type Hold =
  | { readonly phase: 'verdict'; readonly startedAtMs: number; readonly deadlineAtMs: number; readonly rule: HoldRule }
  | { readonly phase: 'decision'; readonly startedAtMs: number; readonly deadlineAtMs: number }
  | { readonly phase: 'ended' };

export type HoldInput =
  | { readonly kind: 'verdict'; readonly verdict: 'allow' | 'deny' | 'modify' | 'step_up' | 'defer'; readonly of: 'request' | 'result' }
  /** `approved` only after the grant was found good for these bytes. */
  | { readonly kind: 'decision'; readonly outcome: 'approved' | 'denied' | 'expired' }
  | { readonly kind: 'gate-away' }
  /** The person at the client does not want it any more; unlike one that is cancelled it is still answered. */
  | { readonly kind: 'given-up' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'time' };

/** `send` has a cause: the verdict, people, or the rule that lets calls pass without one. */
export type HoldAction =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send'; readonly by: 'verdict' | 'decision' | 'fail-open' }
  | { readonly kind: 'refuse'; readonly because: 'denied' | 'no-verdict' | 'gate-away' | 'still-waiting' | 'people-denied' | 'people-late' | 'given-up' }
  | { readonly kind: 'drop' };

export interface HoldStep {
  readonly hold: Hold;
  readonly action: HoldAction;
}

const ended: Hold = { phase: 'ended' };
const wait: HoldAction = { kind: 'wait' };

export function openHold(rule: HoldRule, nowMs: number): Hold {
  return { phase: 'verdict', startedAtMs: nowMs, deadlineAtMs: nowMs + rule.deadlineMs, rule };
}

/** The same call again, while people are still asked about it. */
export function resumeHold(holdMs: number, nowMs: number): Hold {
  return { phase: 'decision', startedAtMs: nowMs, deadlineAtMs: nowMs + holdMs };
}

export function stepHold(hold: Hold, input: HoldInput, nowMs: number): HoldStep {
  if (hold.phase === 'ended') return { hold, action: wait };
  if (input.kind === 'cancelled') return { hold: ended, action: { kind: 'drop' } };
  if (input.kind === 'given-up') return { hold: ended, action: { kind: 'refuse', because: 'given-up' } };
  if (nowMs >= hold.deadlineAtMs) return { hold: ended, action: atDeadline(hold, 'no-verdict') };
  switch (input.kind) {
    case 'time':
      return { hold, action: wait };
    case 'gate-away':
      // People may still decide within the silence the client allows: the gate can come back.
      return hold.phase === 'verdict' ? { hold: ended, action: atDeadline(hold, 'gate-away') } : { hold, action: wait };
    case 'verdict':
      return onVerdict(hold, input);
    case 'decision':
      return { hold: ended, action: onDecision(input.outcome) };
  }
}

function atDeadline(hold: Exclude<Hold, { phase: 'ended' }>, because: 'no-verdict' | 'gate-away'): HoldAction {
  if (hold.phase === 'decision') return { kind: 'refuse', because: 'still-waiting' };
  return hold.rule.onUnavailable === 'allow' ? { kind: 'send', by: 'fail-open' } : { kind: 'refuse', because };
}

function onVerdict(hold: Exclude<Hold, { phase: 'ended' }>, { verdict, of }: Extract<HoldInput, { kind: 'verdict' }>): HoldStep {
  switch (verdict) {
    case 'deny':
      return { hold: ended, action: { kind: 'refuse', because: 'denied' } };
    case 'defer':
      return { hold, action: wait };
    case 'step_up':
      if (of === 'result') return { hold: ended, action: { kind: 'refuse', because: 'denied' } };
      if (hold.phase === 'decision') return { hold, action: wait };
      return { hold: { phase: 'decision', startedAtMs: hold.startedAtMs, deadlineAtMs: hold.startedAtMs + hold.rule.holdMs }, action: wait };
    case 'allow':
    case 'modify':
      return hold.phase === 'decision' ? { hold, action: wait } : { hold: ended, action: { kind: 'send', by: 'verdict' } };
  }
}

function onDecision(outcome: 'approved' | 'denied' | 'expired'): HoldAction {
  if (outcome === 'approved') return { kind: 'send', by: 'decision' };
  return { kind: 'refuse', because: outcome === 'denied' ? 'people-denied' : 'people-late' };
}
