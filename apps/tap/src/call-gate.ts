/**
 * What becomes of one `tools/call` request, or of one of another method that a rule holds.
 * CG1. It is recorded before it goes anywhere, held or not; at tier high and above the record is synced.
 * CG2. What this process can refuse by itself is refused before anybody is asked.
 * CG3. A retry joins the question people are asked already instead of asking another; a call that was given up asks nobody any more.
 * CG4. A verdict that changes a call is taken only for a call that was changed before it was judged: what runs is what was judged.
 * CG5. An approval is used once: the mark is made and recorded before the bytes go.
 */
import type { Refusal } from '@countersign/wire';
import { consumeGrant } from './consume-grant.js';
import type { GatedCall } from './gated-call.js';
import type { HoldEnd } from './held-calls.js';
import { keptRound, leaveCall, waitingOf } from './leave-call.js';
import type { Passage } from './passage.js';
import { gateUnavailable, givenUp, refusedByLimit, refusedByPeople, refusedByVerdict } from './refusals.js';
import type { Ticket } from './tickets.js';
import { beginSigns } from './waiting-signs.js';

/** The request is recorded (or could not be); now it is refused, sent or held. */
export function gateCall(call: GatedCall): Passage | Promise<Passage> {
  const { asked, read, bytes, context: { house } } = call;
  const { refused } = read.facts;
  if (read.refusal !== undefined) return ended(call, { end: 'denied', by: 'tap', heldMs: 0 }, read.refusal);
  const isEnforced = house.policy().policy.mode === 'enforce';
  if (asked.observationId === undefined && isEnforced && (read.tier.tier !== 'low' || read.tier.onUnavailable === 'deny')) return call.refuse(refusedByLimit(refused, 'spool-full'));
  if (!read.tier.waits || asked.observationId === undefined) return { kind: 'forward', bytes };
  if (read.ticket !== undefined && read.ticket.answer.outcome !== 'asking') return onDecidedTicket(call, read.ticket);
  if (!house.held.mayHold(bytes.length)) return ended(call, { end: 'denied', by: 'tap', heldMs: 0 }, refusedByLimit(refused, 'too-many-held'));
  return holdCall(call, asked.observationId);
}

function holdCall(call: GatedCall, observationId: string): Passage | Promise<Passage> {
  const { asked, read, bytes, context: { house } } = call;
  let immediate: Passage | undefined;
  let later: ((passage: Passage) => void) | undefined;
  const { deadlineMs, onUnavailable } = read.tier;
  let endSigns: (() => void) | undefined;
  const beginOnce = (): void => {
    endSigns ??= beginSigns({ house, client: call.client, waiting: waitingOf(call), giveUp: () => asked.holding?.giveUp(), record: call.record });
  };
  const isResumed = read.ticket !== undefined;
  const about = {
    observationId, of: 'request' as const, callId: read.facts.observed.callId, actionDigest: read.facts.observed.actionDigest, bytes: bytes.length,
    rule: { deadlineMs, onUnavailable, holdMs: house.policy().policy.holds.holdMs }, isResumed, onAsked: beginOnce,
  };
  asked.holding = house.held.open(about, (end) => {
    asked.holding = undefined;
    endSigns?.();
    immediate = onHoldEnd(call, end);
    later?.(immediate);
  });
  if (isResumed) beginOnce();
  house.gate.hurry();
  return immediate ?? new Promise((resolve) => (later = resolve));
}

function onHoldEnd(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { refused } } } = call;
  const { action, heldMs } = end;
  // A poll that is taken back takes no question back: its task goes on waiting.
  if (action.kind === 'drop' && call.asked.task !== undefined) return { kind: 'drop' };
  if (action.kind === 'drop') return ended(call, { end: 'cancelled-while-held', by: 'client', heldMs }, undefined);
  if (action.kind === 'send') return onSend(call, end);
  switch (action.because) {
    case 'denied':
      return ended(call, { end: 'denied', by: 'verdict', heldMs }, end.verdict === undefined ? refusedByLimit(refused, 'modify-unsupported') : refusedByVerdict(refused, end.verdict));
    case 'people-denied':
    case 'people-late': {
      const outcome = action.because === 'people-denied' ? 'denied' : 'expired';
      return ended(call, { end: outcome, by: 'decision', heldMs }, refusedByPeople(refused, outcome, end.decision?.message));
    }
    case 'gate-away':
    case 'no-verdict':
      return ended(call, { end: 'expired', by: action.because, heldMs }, gateUnavailable(refused, action.because));
    case 'given-up':
      return giveUpCall(call, heldMs);
    case 'still-waiting':
      return leaveTicket(call, end);
  }
}

/** The person at the client does not want the call any more: nobody is asked about it from now on, and it is never sent. */
export function giveUpCall(call: GatedCall, heldMs: number): Passage {
  return ended(call, { end: 'cancelled-while-held', by: 'person-at-client', heldMs }, givenUp(call.read.facts.refused));
}

function onSend(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { refused, observed } }, context, bytes } = call;
  const { house, conversation, era } = context;
  const { action, heldMs } = end;
  if (action.kind !== 'send') return { kind: 'drop' };
  const isForeignEdit = action.by === 'verdict' && end.verdict?.kind === 'modify' && end.verdict.mode === 'enforce' && observed.edits === undefined;
  if (isForeignEdit) return ended(call, { end: 'denied', by: 'verdict', heldMs }, refusedByLimit(refused, 'modify-unsupported'));
  if (action.by === 'decision' && (end.grant === undefined || !consumeGrant(context, observed, end.grant))) return ended(call, { end: 'denied', by: 'grant', heldMs }, refusedByLimit(refused, 'grant-refused'));
  if (action.by === 'fail-open') house.recorder.record(conversation, { kind: 'fail-open', ...era, direction: 'client-to-server', note: { callId: observed.callId, phase: 'request', tier: observed.tier } });
  if (action.by !== 'fail-open') house.allowedSessions.add(conversation.session);
  dropTicket(call);
  recordEnd(call, { end: 'forwarded', by: action.by, heldMs });
  return { kind: 'forward', bytes };
}

/** No `held-ended` yet: people may still decide, and the call may come again. */
function leaveTicket(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { observed }, ticket }, asked, context: { house, conversation } } = call;
  const nowMs = house.clock.monotonicMs();
  const opened = house.tickets.open(
    {
      callId: observed.callId, actionDigest: observed.actionDigest, observationId: asked.observationId ?? '', session: ticket?.session ?? conversation.session,
      round: keptRound(call), openedAtMs: nowMs - end.heldMs,
    },
    end.verdict?.askDeadlineMs ?? house.policy().policy.ask.deadlineMs,
  );
  for (const { callId } of opened.gone) recordEnd(call, { end: 'expired', by: 'ticket', heldMs: 0 }, callId);
  return leaveCall(call, opened.ticket);
}

function onDecidedTicket(call: GatedCall, ticket: Ticket): Passage {
  const { read: { facts: { refused, observed } }, context, bytes } = call;
  const heldMs = context.house.clock.monotonicMs() - ticket.openedAtMs;
  if (ticket.answer.outcome !== 'approved') return call.refuse(refusedByPeople(refused, ticket.answer.outcome === 'denied' ? 'denied' : 'expired', undefined));
  context.house.tickets.remove(ticket);
  if (!consumeGrant(context, observed, ticket.answer.grant)) return ended(call, { end: 'denied', by: 'grant', heldMs }, refusedByLimit(refused, 'grant-refused'));
  recordEnd(call, { end: 'forwarded', by: 'ticket', heldMs });
  return { kind: 'forward', bytes };
}

interface EndNote {
  readonly end: 'forwarded' | 'denied' | 'expired' | 'cancelled-while-held';
  readonly by: string;
  readonly heldMs: number;
}

function ended(call: GatedCall, note: EndNote, refusal: Refusal | undefined): Passage {
  dropTicket(call);
  recordEnd(call, note);
  return refusal === undefined ? { kind: 'drop' } : call.refuse(refusal);
}

function dropTicket({ read: { ticket }, context: { house } }: GatedCall): void {
  if (ticket !== undefined) house.tickets.remove(ticket);
}

function recordEnd({ context: { house, conversation, era }, read }: GatedCall, { end, by, heldMs }: EndNote, callId = read.facts.observed.callId): void {
  house.recorder.record(conversation, { kind: 'held-ended', ...era, direction: 'client-to-server', note: { callId, end, by, heldMs: Math.round(heldMs), phase: 'request' } });
}
