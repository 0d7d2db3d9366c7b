/**
 * What becomes of one `tools/call` request.
 * CG1. It is recorded before it goes anywhere, held or not; at tier high and above the record is synced.
 * CG2. What this process can refuse by itself (a rule, two readings, a limit, a full spool) is refused before anybody is asked.
 * CG3. A call people are asked about is found again by its action digest; a retry joins that question instead of asking another.
 * CG4. An approval is used once: the mark is made and recorded before the bytes go.
 */
import type { ObservedCall } from '@countersign/contracts';
import type { CompiledPolicy, TierOfCall } from '@countersign/policy/runtime';
import { actionDigest, digestOf, type Era, type Refusal, type RpcMessage, type Span } from '@countersign/wire';
import type { Asked, AskedCall } from './asked.js';
import { consumeGrant } from './consume-grant.js';
import type { HoldEnd } from './held-calls.js';
import type { House } from './house.js';
import type { Passage } from './passage.js';
import type { Conversation } from './recorder.js';
import { gateUnavailable, refusedByLimit, refusedByPeople, refusedByRule, refusedByVerdict, stillWaiting, type LimitReason, type RefusedCall } from './refusals.js';
import type { Ticket } from './tickets.js';

/** A call as it was read, before anything was decided. */
export interface ReadCall {
  readonly facts: AskedCall;
  readonly tier: TierOfCall;
  readonly ticket: Ticket | undefined;
  /** Refused without asking anybody. */
  readonly refusal: Refusal | undefined;
}

export interface CallContext {
  readonly house: House;
  readonly conversation: Conversation;
  readonly era: Era;
}

export interface CallToRead {
  /** Our metadata already cut out. */
  readonly message: RpcMessage;
  /** Length as it came. */
  readonly rawBytes: number;
  readonly hasConflict: boolean;
}

export function readCall({ house, conversation }: CallContext, { message, rawBytes, hasConflict }: CallToRead): ReadCall {
  const policy = house.policy();
  const tool = typeof message.params?.['name'] === 'string' ? message.params['name'] : '';
  const definition = house.tools.definitionOf(tool);
  const firstOfSession = !house.allowedSessions.has(conversation.session);
  const called = { server: house.server, tool, definition, args: message.params?.['arguments'], agent: house.agent, firstOfSession };
  const { tier, resultRule } = house.tiers.of(policy, called);
  const digest = message.isTooDeep
    ? digestOf(message.bytes)
    : actionDigest(message.bytes, { domain: house.domain(), agent: house.agent, session: conversation.session, server: house.server, tool, policyVersion: policy.version }, argumentsSpan(message));
  const ticket = house.tickets.find(digest, house.clock.monotonicMs());
  const refused: RefusedCall = { server: house.server, tool, tier: tier.tier, rule: tier.rule, policyVersion: policy.version };
  const limit = limitOf({ message, rawBytes, hasConflict }, policy, tier);
  const refusal = tier.deny !== undefined ? refusedByRule(refused, tier.deny) : limit === undefined ? undefined : refusedByLimit(refused, limit);
  const observed: ObservedCall = {
    callId: ticket?.callId ?? house.makeCallId(), phase: 'request', tool: tool.slice(0, 512), impact: tier.impact, tier: tier.tier, tierRule: tier.rule.slice(0, 256),
    policyVersion: policy.version, actionDigest: digest, waits: tier.waits && refusal === undefined, deadlineMs: tier.deadlineMs,
  };
  const outputSchema = { known: definition !== undefined, ...(definition?.outputSchema === undefined ? {} : { schema: definition.outputSchema }) };
  return { facts: { observed, refused, resultRule, outputSchema }, tier, ticket, refusal };
}

/** Of repeated `params` or `arguments` the last counts, as in every common parser; the digest has both only where nothing else is said. */
function argumentsSpan({ scan }: RpcMessage): Span | undefined {
  return scan.params.at(-1)?.findLast(({ key }) => key === 'arguments')?.value;
}

function limitOf({ message, rawBytes, hasConflict }: CallToRead, policy: CompiledPolicy, { tier }: TierOfCall): LimitReason | undefined {
  if (policy.policy.mode === 'observe') return undefined;
  if (message.routeIsAmbiguous) return 'ambiguous-json';
  if (hasConflict) return 'attestation-conflict';
  if (tier === 'low') return undefined;
  if (message.isAmbiguous) return 'ambiguous-json';
  // What the detectors would not see cannot be judged; under `digest-only` they were never meant to see it.
  const isUnseen = rawBytes > callBytesMax && policy.policy.payload === 'full';
  return message.isTooDeep || isUnseen ? 'uninspectable' : undefined;
}

/** Above this a payload is not in the record (contracts: `payloadBytesMax`). */
const callBytesMax = 256 * 1024;

export interface GatedCall {
  readonly context: CallContext;
  readonly read: ReadCall;
  readonly asked: Asked;
  /** What is sent if it is sent. */
  readonly bytes: Uint8Array;
  /** Answers in the server's place, recorded. */
  readonly refuse: (refusal: Refusal) => Passage;
}

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
  const about = {
    observationId, of: 'request' as const, callId: read.facts.observed.callId, actionDigest: read.facts.observed.actionDigest, bytes: bytes.length,
    rule: { deadlineMs, onUnavailable, holdMs: house.policy().policy.holds.holdMs }, isResumed: read.ticket !== undefined,
  };
  asked.holding = house.held.open(about, (end) => {
    asked.holding = undefined;
    immediate = onHoldEnd(call, end);
    later?.(immediate);
  });
  house.gate.hurry();
  return immediate ?? new Promise((resolve) => (later = resolve));
}

function onHoldEnd(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { refused } } } = call;
  const { action, heldMs } = end;
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
    case 'still-waiting':
      return leaveTicket(call, end);
  }
}

function onSend(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { refused, observed } }, context, bytes } = call;
  const { house, conversation, era } = context;
  const { action, heldMs } = end;
  if (action.kind !== 'send') return { kind: 'drop' };
  if (action.by === 'verdict' && end.verdict?.kind === 'modify' && end.verdict.mode === 'enforce') return ended(call, { end: 'denied', by: 'verdict', heldMs }, refusedByLimit(refused, 'modify-unsupported'));
  if (action.by === 'decision' && (end.grant === undefined || !consumeGrant(context, observed, end.grant))) return ended(call, { end: 'denied', by: 'grant', heldMs }, refusedByLimit(refused, 'grant-refused'));
  if (action.by === 'fail-open') house.recorder.record(conversation, { kind: 'fail-open', ...era, direction: 'client-to-server', note: { callId: observed.callId, phase: 'request', tier: observed.tier } });
  if (action.by !== 'fail-open') house.allowedSessions.add(conversation.session);
  dropTicket(call);
  recordEnd(call, { end: 'forwarded', by: action.by, heldMs });
  return { kind: 'forward', bytes };
}

/** No `held-ended` yet: people may still decide, and the call may come again. */
function leaveTicket(call: GatedCall, end: HoldEnd): Passage {
  const { read: { facts: { refused, observed } }, asked, context: { house } } = call;
  const nowMs = house.clock.monotonicMs();
  const gone = house.tickets.open(
    { callId: observed.callId, actionDigest: observed.actionDigest, observationId: asked.observationId ?? '', openedAtMs: nowMs - end.heldMs },
    end.verdict?.askDeadlineMs ?? house.policy().policy.ask.deadlineMs,
  );
  for (const { callId } of gone) recordEnd(call, { end: 'expired', by: 'ticket', heldMs: 0 }, callId);
  return call.refuse(stillWaiting(refused, observed.callId));
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
