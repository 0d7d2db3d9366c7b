/**
 * What becomes of the answer to a call, or of a request of the server's that is judged like one.
 * RG1. It is recorded before it goes on; only a verdict other than `allow` changes a byte.
 * RG2. A result that would wait and cannot be inspected, or whose verdict does not come, follows the policy's word for results, counted.
 * RG3. A withheld result becomes a tool error that names its quarantine id; a redacted one stays valid or becomes that error.
 */
import { redactResult, type Refusal } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { AskedCall } from './asked-call.js';
import type { HoldEnd } from './held-calls.js';
import type { Passage } from './passage.js';
import type { CallContext } from './read-call.js';
import { withheldResult } from './refusals.js';

export interface GatedResult {
  readonly context: CallContext;
  readonly asked: Asked;
  readonly call: AskedCall;
  readonly bytes: Uint8Array;
  /** Undefined when it could not be recorded. */
  readonly observationId: string | undefined;
  /** Too deep, too long: nobody can judge it. */
  readonly isUnseen: boolean;
  /** Answers in the server's place, recorded; to a request of the server's, the server. */
  readonly refuse: (refusal: Refusal) => Passage;
  /** `params`: it is a request of the server's, judged by its text like a result. */
  readonly of?: 'result' | 'params';
}

export function gateResult(result: GatedResult): Passage | Promise<Passage> {
  const { call, bytes, observationId, isUnseen, context: { house } } = result;
  const { waits, deadlineMs, onUnavailable } = call.resultRule;
  if (!waits) return { kind: 'forward', bytes };
  if (isUnseen || observationId === undefined || !house.held.mayHold(bytes.length)) return unjudged(result, 0);
  let immediate: Passage | undefined;
  let later: ((passage: Passage) => void) | undefined;
  const { callId, actionDigest } = call.observed;
  const about = { observationId, callId, actionDigest, of: 'result' as const, bytes: bytes.length, rule: { deadlineMs, onUnavailable, holdMs: deadlineMs }, isResumed: false };
  result.asked.holding = house.held.open(about, (end) => {
    result.asked.holding = undefined;
    immediate = onHoldEnd(result, end);
    later?.(immediate);
  });
  house.gate.hurry();
  return immediate ?? new Promise((resolve) => (later = resolve));
}

function onHoldEnd(result: GatedResult, { action, verdict, heldMs }: HoldEnd): Passage {
  if (action.kind === 'drop') {
    recordEnd(result, { end: 'cancelled-while-held', by: 'client', heldMs });
    return { kind: 'drop' };
  }
  if (action.kind === 'send' && action.by === 'fail-open') return unjudged(result, heldMs);
  if (action.kind === 'refuse') return withhold(result, { verdict: action.because === 'denied' ? verdict : undefined, heldMs });
  if (verdict?.kind === 'modify' && verdict.mode === 'enforce') return redact(result, { verdict, heldMs });
  recordEnd(result, { end: 'forwarded', by: 'verdict', heldMs });
  return { kind: 'forward', bytes: result.bytes };
}

function unjudged(result: GatedResult, heldMs: number): Passage {
  const { call, context: { house, conversation, era } } = result;
  if (call.resultRule.onUnavailable === 'deny') return withhold(result, { verdict: undefined, heldMs });
  house.recorder.record(conversation, { kind: 'fail-open', ...era, direction: 'server-to-client', note: { callId: call.observed.callId, phase: 'result', tier: call.observed.tier } });
  return { kind: 'forward', bytes: result.bytes };
}

type Judged = Pick<HoldEnd, 'verdict' | 'heldMs'> | { readonly verdict: undefined; readonly heldMs: number };

function redact(result: GatedResult, { verdict, heldMs }: Judged): Passage {
  const redacted = redactResult(result.bytes, verdict?.redactions ?? [], { outputSchema: result.call.outputSchema, of: result.of ?? 'result' });
  if (!redacted.ok || redacted.bytes === result.bytes) return withhold(result, { verdict, heldMs });
  recordEnd(result, { end: 'forwarded', by: 'redaction', heldMs });
  return { kind: 'forward', bytes: redacted.bytes };
}

function withhold(result: GatedResult, { verdict, heldMs }: Judged): Passage {
  recordEnd(result, { end: 'denied', by: verdict === undefined ? 'no-verdict' : 'verdict', heldMs });
  return result.refuse(withheldResult(result.call.refused, verdict));
}

function recordEnd({ call, context: { house, conversation, era } }: GatedResult, note: { readonly end: string; readonly by: string; readonly heldMs: number }): void {
  house.recorder.record(conversation, { kind: 'held-ended', ...era, direction: 'server-to-client', note: { callId: call.observed.callId, ...note, heldMs: Math.round(note.heldMs), phase: 'result' } });
}
