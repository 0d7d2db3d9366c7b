/**
 * What the server sends: recorded, answers matched to what was asked, results of calls gated; everything else goes on as it came.
 * SM1. A key under our prefix that comes from a server is relayed as it is, and believed by nobody.
 * SM2. Of several requests in flight under one id an answer counts for the strictest: repeating an id must not loosen a result.
 */
import { isRecord, observedMessage, readMessage, type Answered, type Era, type MessageFlag, type RpcMessage } from '@countersign/wire';
import type { Asked, AskedCall } from './asked.js';
import type { CallContext } from './call-gate.js';
import type { Arrival, Passage } from './passage.js';
import type { Conversation, Recordable } from './recorder.js';
import { gateResult } from './result-gate.js';
import type { StreamState } from './stream-state.js';

interface FromServer {
  readonly state: StreamState;
  readonly arrival: Arrival;
  readonly message: RpcMessage;
}

/** Above this a payload is not in the record (contracts: `payloadBytesMax`), so nobody can judge it. */
const resultBytesMax = 256 * 1024;

export function offerFromServer(state: StreamState, arrival: Arrival): Passage | Promise<Passage> {
  const from = { state, arrival, message: readMessage(arrival.bytes) };
  const { shape, rpcId, method } = from.message;
  if ((shape === 'response' || shape === 'error') && rpcId !== undefined) return onAnswer(from, state.toServer.answer(rpcId));
  if (shape === 'request' && rpcId !== undefined && method !== undefined) onRequest(from);
  else {
    if (method === 'notifications/cancelled') noteCancelled(from);
    record(from, state.sessionEra(), {});
  }
  return { kind: 'forward', bytes: arrival.bytes };
}

function onRequest(from: FromServer): void {
  const { state, message: { rpcId = 'null', method = '' } } = from;
  const era = state.sessionEra();
  const asked: { -readonly [K in keyof Asked]: Asked[K] } = { rpcId, method, era, conversation: state.conversation(), observationId: undefined, holding: undefined };
  const { isDuplicate } = state.toClient.ask(rpcId, asked);
  asked.observationId = record(from, era, { flags: isDuplicate ? ['duplicate-id'] : [] });
}

function onAnswer(from: FromServer, answered: Answered<Asked> | undefined): Passage | Promise<Passage> {
  const { state, arrival } = from;
  if (answered === undefined) {
    record(from, state.sessionEra(), {});
    return { kind: 'forward', bytes: arrival.bytes };
  }
  const { about, isLate, others } = answered;
  learn(from, about);
  const call = [about, ...others].map((asked) => asked.call).find((known) => known?.resultRule.waits === true) ?? about.call;
  const linked = { flags: isLate ? (['late'] as const) : [], method: about.method, inReplyTo: about.observationId, conversation: about.conversation };
  if (call !== undefined) return onResult(from, { asked: about, call, linked });
  record(from, about.era, linked);
  return { kind: 'forward', bytes: arrival.bytes };
}

interface CallResult {
  readonly asked: Asked;
  readonly call: AskedCall;
  readonly linked: ToRecord;
}

function onResult(from: FromServer, { asked, call, linked }: CallResult): Passage | Promise<Passage> {
  const { state, arrival, message } = from;
  const context: CallContext = { house: state.house, conversation: asked.conversation, era: asked.era };
  const isUnseen = message.isTooDeep || (arrival.bytes.length > resultBytesMax && state.house.policy().policy.payload === 'full');
  const { waits, deadlineMs } = call.resultRule;
  const observed = { ...call.observed, phase: 'result' as const, waits: waits && !isUnseen, deadlineMs, isError: isErrorResult(message) };
  const observationId = record(from, asked.era, { ...linked, call: observed });
  return gateResult({ context, asked, call, bytes: arrival.bytes, observationId, isUnseen, refuse: (refusal) => state.refuse(asked, refusal) });
}

function isErrorResult({ shape, value }: RpcMessage): boolean {
  if (shape === 'error') return true;
  const result = isRecord(value) ? value['result'] : undefined;
  return isRecord(result) && result['isError'] === true;
}

function learn({ state, message }: FromServer, about: Asked): void {
  const result = message.shape === 'response' && isRecord(message.value) ? message.value['result'] : undefined;
  if (about.method === 'tools/list') state.house.tools.learn(result);
  if (about.method === 'initialize' && isRecord(result) && typeof result['protocolVersion'] === 'string') state.negotiated = result['protocolVersion'];
}

function noteCancelled({ state, message }: FromServer): void {
  const id = message.params?.['requestId'];
  if (typeof id === 'string' || typeof id === 'number') state.toClient.cancel(JSON.stringify(id));
}

interface ToRecord extends Pick<Recordable, 'call'> {
  readonly flags?: readonly MessageFlag[];
  readonly method?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly conversation?: Conversation;
}

function record({ state, arrival, message }: FromServer, era: Era, { flags = [], method, inReplyTo, call, conversation = state.conversation() }: ToRecord): string | undefined {
  const { recorder, policy } = state.house;
  return recorder.record(conversation, {
    kind: 'message', ...era, direction: 'server-to-client',
    message: observedMessage(message, { raw: arrival.bytes, framing: arrival.framing, payload: policy().policy.payload, flags, method, inReplyTo }),
    ...(call === undefined ? {} : { call }),
  });
}
