/**
 * A call of the client's, and a request of another method that the policy speaks of: read, recorded, gated.
 * CC1. Recorded before it is gated, and once: a retry of a call that people are asked about is no second question.
 */
import type { FromClient } from './from-client.js';
import { recordFromClient } from './from-client.js';
import type { Asked } from './asked.js';
import type { AskedCall, ReadCall } from './asked-call.js';
import { gateCall, giveUpCall } from './call-gate.js';
import { editCall } from './edit-call.js';
import type { GatedCall } from './gated-call.js';
import type { MethodRules } from './governed.js';
import type { Passage } from './passage.js';
import { readCall, readMethod, type CallContext } from './read-call.js';
import { refusedByPeople } from './refusals.js';
import type { ClientReach } from './waiting-signs.js';

export function onCall(from: FromClient): Passage | Promise<Passage> {
  const { state, message } = from;
  const { wouldEdit, ...edited } = editCall(state.house, message);
  const changed = edited.message === message ? from : { ...from, message: edited.message };
  const context = contextOf(from);
  const read = readCall(context, { ...edited, rawBytes: from.arrival.bytes.length, hasConflict: hasConflict(from), own: from.ownRound?.ticket });
  state.onlyProbed = false;
  const asked = ask(changed, { method: 'tools/call', call: read.facts });
  asked.asked.observationId = recordCall(changed, read, { isDuplicate: asked.isDuplicate, ...(wouldEdit === undefined ? {} : { note: { wouldEdit } }) });
  return gate(changed, { context, read, asked: asked.asked });
}

/** @param rules of which at least one says something. */
export function onGoverned(from: FromClient, rules: MethodRules): Passage | Promise<Passage> {
  const { state, message } = from;
  const context = contextOf(from);
  const method = message.method ?? '';
  state.onlyProbed &&= method === 'server/discover';
  const tier = rules.tier ?? { ...noTier, onUnavailable: rules.resultRule.onUnavailable };
  const read = readMethod(context, { message, rawBytes: from.arrival.bytes.length, hasConflict: hasConflict(from), own: from.ownRound?.ticket }, { tier, resultRule: rules.resultRule });
  const { asked, isDuplicate } = ask(from, { method, call: rules.ofCall ?? read.facts });
  if (rules.tier === undefined) {
    asked.observationId = recordFromClient(from, { flags: isDuplicate ? ['duplicate-id'] : [] });
    return { kind: 'forward', bytes: message.bytes };
  }
  asked.observationId = recordCall(from, read, { isDuplicate });
  return gate(from, { context, read, asked });
}

const noTier = { tier: 'low', rule: 'no-rule-holds', impact: 'read', openWorld: true, waits: false, deadlineMs: 0, requires: [] } as const;

function contextOf({ state, era }: FromClient): CallContext {
  return { house: state.house, conversation: state.conversation(), era };
}

function hasConflict({ stripped, arrival }: FromClient): boolean {
  const own = stripped.metadata.attestation;
  return own !== undefined && arrival.attestationHeader !== undefined && own !== arrival.attestationHeader;
}

type Askable = { -readonly [K in keyof Asked]: Asked[K] };

function ask({ state, message, era }: FromClient, { method, call }: { readonly method: string; readonly call: AskedCall }): { readonly asked: Askable; readonly isDuplicate: boolean } {
  const rpcId = message.rpcId ?? 'null';
  const asked: Askable = { rpcId, method, era, conversation: state.conversation(), observationId: undefined, call, holding: undefined };
  return { asked, isDuplicate: state.toServer.ask(rpcId, asked).isDuplicate };
}

function recordCall(from: FromClient, { facts, ticket, refusal }: ReadCall, { isDuplicate, note }: { readonly isDuplicate: boolean; readonly note?: Record<string, unknown> }): string | undefined {
  const { observed } = facts;
  const isRetry = ticket !== undefined && refusal === undefined;
  return recordFromClient(from, {
    flags: isDuplicate ? ['duplicate-id'] : [], withEnvironment: true,
    sync: observed.tier === 'high' || observed.tier === 'critical',
    // The call itself was recorded when it first came; a second `call` would have it judged and asked about twice.
    ...(isRetry ? { note: { ...note, retryOf: ticket.observationId, callId: ticket.callId } } : { call: observed, ...(note === undefined ? {} : { note }) }),
  });
}

function gate(from: FromClient, { context, read, asked }: Pick<GatedCall, 'context' | 'read' | 'asked'>): Passage | Promise<Passage> {
  const { state, message, arrival, ownRound } = from;
  const call: GatedCall = {
    context, read, asked, bytes: message.bytes, mirrors: arrival.mirrors ?? [], client: reachOf(from),
    hasRound: message.params !== undefined && (Object.hasOwn(message.params, 'requestState') || Object.hasOwn(message.params, 'inputResponses')),
    refuse: (refusal) => state.refuse(asked, refusal),
    answer: (bytes) => state.answer(asked, bytes),
    record: (bytes) => state.recordAnswer(bytes, context.era, asked),
  };
  const passage = ownRound === undefined ? gateCall(call) : gateRound(call, ownRound);
  return passage instanceof Promise ? passage.then((settled) => forgetDropped(from, asked, settled)) : forgetDropped(from, asked, passage);
}

/** The call came back by itself. One nobody can decide any more is over, and not asked about anew: its client would never stop. */
function gateRound(call: GatedCall, { ticket, wish }: NonNullable<FromClient['ownRound']>): Passage | Promise<Passage> {
  if (call.read.refusal !== undefined) return gateCall(call);
  if (ticket === undefined) return call.refuse(refusedByPeople(call.read.facts.refused, 'expired', undefined));
  const isSame = call.read.ticket === ticket;
  return isSame && wish === 'give-up' ? giveUpCall(call, call.context.house.clock.monotonicMs() - ticket.openedAtMs) : gateCall(call);
}

function reachOf({ abilities, era, arrival, message: { params } }: FromClient): ClientReach {
  const meta = params?.['_meta'] as Record<string, unknown> | undefined;
  const token = typeof meta === 'object' && meta !== null ? meta['progressToken'] : undefined;
  const task = params?.['task'];
  return {
    abilities, era, toSender: arrival.toSender,
    progressToken: typeof token === 'string' || typeof token === 'number' ? token : undefined,
    wantsTask: typeof task === 'object' && task !== null,
  };
}

/** A dropped call will not be answered by anybody. */
function forgetDropped({ state }: FromClient, asked: Asked, passage: Passage): Passage {
  if (passage.kind === 'drop') state.toServer.remove(asked.rpcId, asked);
  return passage;
}
