/**
 * Messages too long to inspect: decided by their envelope alone.
 * LO1. From the client only what is surely no call, or a call at tier low, passes; no verdict rests on a part of a message.
 * LO2. A result that would wait follows the policy's word for results that cannot be judged.
 */
import { tierOf } from '@countersign/policy/runtime';
import { answerCodes, observedLong, refusalAnswer, rpcError, type Era } from '@countersign/wire';
import type { Asked } from './asked.js';
import { finishTask } from './client-tasks.js';
import { isGoverned } from './governed.js';
import type { LongArrival, LongPassage } from './passage.js';
import { refusedByLimit, refusedMessage, withheldResult } from './refusals.js';
import type { StreamState } from './stream-state.js';

export function offerLong(state: StreamState, arrival: LongArrival): LongPassage {
  return arrival.direction === 'client-to-server' ? longFromClient(state, arrival) : longFromServer(state, arrival);
}

function longFromClient(state: StreamState, arrival: LongArrival): LongPassage {
  const { envelope } = arrival;
  const era = state.sessionEra();
  record(state, arrival, { era });
  const mayBeCall = envelope.method === undefined ? envelope.rpcId === undefined : envelope.method === 'tools/call';
  const { house } = state;
  const policy = house.policy();
  // A rule that could refuse, hold or change it was not asked: padding must not be a way around it.
  const mayBeGoverned = isGoverned(policy, { method: envelope.isSure ? envelope.method : undefined, tool: envelope.tool });
  if (!state.isEnforced() || (envelope.isSure && !mayBeCall && !(mayBeGoverned && envelope.method !== undefined && envelope.rpcId !== undefined))) return passOn(state, arrival, era);
  const tool = envelope.tool ?? '';
  const { tier, rule } = tierOf(policy, { server: house.server, tool, definition: house.tools.definitionOf(tool), agent: house.agent });
  if (envelope.isSure && envelope.method !== undefined && tier === 'low' && !mayBeGoverned) return passOn(state, arrival, era);
  const isToolCall = envelope.method === 'tools/call';
  const refusal = isToolCall ? refusedByLimit({ server: house.server, tool, tier, rule, policyVersion: policy.version }, 'uninspectable') : refusedMessage(policy.version);
  const bytes = refusalAnswer({ rpcId: envelope.rpcId ?? 'null', isToolCall, era: era.era }, refusal);
  state.recordAnswer(bytes, era, undefined);
  return { kind: 'answer', bytes };
}

function passOn(state: StreamState, { envelope }: LongArrival, era: Era): LongPassage {
  const { rpcId, method } = envelope;
  if (rpcId !== undefined && method !== undefined) state.toServer.ask(rpcId, { rpcId, method, era, conversation: state.conversation(), observationId: undefined, holding: undefined });
  return { kind: 'forward' };
}

function longFromServer(state: StreamState, arrival: LongArrival): LongPassage {
  const { rpcId, method } = arrival.envelope;
  const answered = rpcId === undefined || method !== undefined ? undefined : state.toServer.answer(rpcId);
  const asked = answered?.about;
  const call = [asked, ...(answered?.others ?? [])].map((about) => about?.call).find((known) => known?.resultRule.waits === true) ?? asked?.call;
  const era = asked?.era ?? state.sessionEra();
  record(state, arrival, { era, asked });
  if (method !== undefined && state.isEnforced() && isGoverned(state.house.policy(), { method, tool: undefined })) return dropAsk(state, method);
  if (asked?.task !== undefined) return state.answer(asked, finishTask(state, asked, rpcError(asked.rpcId, { code: answerCodes.uninspectable, message: tooLongSentence }))) as LongPassage;
  if (call === undefined || asked === undefined || !call.resultRule.waits) return { kind: 'forward' };
  if (call.resultRule.onUnavailable === 'deny') {
    const passage = state.refuse(asked, withheldResult(call.refused, undefined));
    return passage.kind === 'forward' ? { kind: 'forward' } : passage;
  }
  state.house.recorder.record(state.conversation(), { kind: 'fail-open', ...era, direction: 'server-to-client', note: { callId: call.observed.callId, phase: 'result', tier: call.observed.tier } });
  return { kind: 'forward' };
}

const tooLongSentence = 'Countersign: the approved call ran, and its answer is too long to be inspected and kept for a task. Look at what it did before you call again, and ask for less.';

/** There is no way back to its sender that knows its id for sure; the log is where somebody finds out. */
function dropAsk({ house }: StreamState, method: string): LongPassage {
  house.log(`a ${method.slice(0, 64)} of server ${house.server} was too long to be inspected and did not reach the client; a rule of the policy speaks of such messages.`);
  return { kind: 'drop' };
}

function record(state: StreamState, { direction, digest, envelope, framing }: LongArrival, { era, asked }: { readonly era: Era; readonly asked?: Asked | undefined }): void {
  const observed = asked?.call?.observed;
  state.house.recorder.record(state.conversation(), {
    kind: 'message', ...era, direction,
    message: observedLong(envelope, { digest, framing, method: asked?.method, inReplyTo: asked?.observationId }),
    ...(observed === undefined ? {} : { call: { ...observed, phase: 'result' as const, waits: false } }),
  });
}
