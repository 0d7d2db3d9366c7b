/**
 * What the server sends: recorded, answers matched to what was asked, results of calls gated; everything else goes on as it came.
 * SM1. A key under our prefix that comes from a server is cut out, and believed by nobody.
 * SM2. Of several requests in flight under one id an answer counts for the strictest: repeating an id must not loosen a result.
 * SM3. What a server asks of the client inside a result is held to the same rules as what it asks outright.
 * SM4. Tools the policy never lets this agent call are taken out of a list (`shown-list`).
 */
import { eraOf, hasModernMark, isRecord, observedMessage, readMessage, stripFromServer, type Answered, type Era, type MessageFlag, type RpcMessage } from '@countersign/wire';
import type { Asked } from './asked.js';
import type { AskedCall } from './asked-call.js';
import { finishTask, inOurName } from './client-tasks.js';
import type { FromServer } from './from-server.js';
import type { Arrival, Passage } from './passage.js';
import type { CallContext } from './read-call.js';
import type { Conversation, OpenedRecord, Recordable } from './recorder.js';
import { gateResult } from './result-gate.js';
import { embeddedRefusal, judgeAsk } from './server-asks.js';
import { shownList } from './shown-list.js';
import type { StreamState } from './stream-state.js';

/** Above this a payload is not in the record (contracts: `payloadBytesMax`), so nobody can judge it. */
const resultBytesMax = 256 * 1024;

/** @param opened the message is stored, and went on, already: what is decided here was known to be `forward`. */
export function offerFromServer(state: StreamState, arrival: Arrival, opened?: OpenedRecord): Passage | Promise<Passage> {
  const came = readMessage(arrival.bytes);
  const bytes = stripFromServer(came);
  const message = bytes === arrival.bytes ? came : readMessage(bytes);
  const { shape, rpcId, method, params } = message;
  const from = { state, arrival, message, opened, era: eraOfUnasked(state, arrival, params) };
  if ((shape === 'response' || shape === 'error') && rpcId !== undefined) return onAnswer(from, state.toServer.answer(rpcId));
  if (shape === 'request' && rpcId !== undefined && method !== undefined) return onRequest(from);
  if (method === 'notifications/cancelled' && wasHeld(from)) {
    recordFromServer(from, {});
    return { kind: 'drop' };
  }
  recordFromServer(from, {});
  return { kind: 'forward', bytes };
}

/** ER3: its own mark, the exchange it came in, the era its client speaks. */
function eraOfUnasked(state: StreamState, { protocolVersionHeader }: Arrival, params: RpcMessage['params']): Era {
  if (hasModernMark(params)) return eraOf(params, { negotiated: state.spoken?.era === 'modern' ? state.spoken.protocolVersion : undefined, header: protocolVersionHeader ?? firstModern });
  return protocolVersionHeader === undefined ? state.sessionEra() : eraOf(undefined, { negotiated: state.negotiated, header: protocolVersionHeader });
}

const firstModern = '2026-07-28';

function onRequest(from: FromServer): Passage | Promise<Passage> {
  const { state, message: { rpcId = 'null', method = '' }, era } = from;
  const asked: { -readonly [K in keyof Asked]: Asked[K] } = { rpcId, method, era, conversation: state.conversation(), observationId: undefined, holding: undefined };
  const { isDuplicate } = state.toClient.ask(rpcId, asked);
  return judgeAsk(from, asked, (call) => {
    asked.observationId = recordFromServer(from, { flags: isDuplicate ? ['duplicate-id'] : [], ...(call === undefined ? {} : { call }) });
  });
}

function onAnswer(from: FromServer, answered: Answered<Asked> | undefined): Passage | Promise<Passage> {
  const { state, message: { bytes } } = from;
  if (answered === undefined) {
    recordFromServer(from, {});
    return { kind: 'forward', bytes };
  }
  const { about, isLate, others } = answered;
  learn(from, about);
  const call = [about, ...others].map((asked) => asked.call).find((known) => known?.resultRule.waits === true) ?? about.call;
  const linked = { flags: isLate ? (['late'] as const) : [], method: about.method, inReplyTo: about.observationId, conversation: about.conversation };
  const of = { ...from, era: about.era };
  const passage = call !== undefined && isResult(from, about) ? onResult(of, { asked: about, call, linked }) : onPlain(of, about, linked);
  return about.task === undefined && about.speaksOf === undefined ? passage : renamed(state, about, passage);
}

/** The state of a server's own task is no result until the result is in it. */
function isResult({ message: { value } }: FromServer, { method }: Asked): boolean {
  if (method !== 'tasks/get') return true;
  const result = isRecord(value) ? value['result'] : undefined;
  return isRecord(result) && ('result' in result || 'error' in result);
}

function onPlain(from: FromServer, about: Asked, linked: ToRecord): Passage {
  const { bytes, cutCount } = shownList(from, about);
  recordFromServer(from, cutCount === 0 ? linked : { ...linked, note: { hiddenTools: cutCount } });
  const refusal = embeddedRefusal(from, about.call?.refused);
  return refusal === undefined ? { kind: 'forward', bytes } : from.state.refuse(about, refusal);
}

/** A poll of one of our tasks is answered about our task. */
function renamed(state: StreamState, asked: Asked, passage: Passage | Promise<Passage>): Passage | Promise<Passage> {
  const name = (settled: Passage): Passage => (settled.kind === 'drop' ? settled : { ...settled, bytes: inOurName(asked, finishTask(state, asked, settled.bytes)) });
  return passage instanceof Promise ? passage.then(name) : name(passage);
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
  const observationId = recordFromServer(from, { ...linked, call: observed });
  const refuse = (refusal: Parameters<StreamState['refuse']>[1]): Passage => state.refuse(asked, refusal);
  const refusal = embeddedRefusal(from, call.refused);
  return refusal === undefined ? gateResult({ context, asked, call, bytes: shownList(from, asked).bytes, observationId, isUnseen, refuse }) : refuse(refusal);
}

function isErrorResult({ shape, value }: RpcMessage): boolean {
  if (shape === 'error') return true;
  const result = isRecord(value) ? value['result'] : undefined;
  return isRecord(result) && result['isError'] === true;
}

function learn({ state, message }: FromServer, about: Asked): void {
  const result = message.shape === 'response' && isRecord(message.value) ? message.value['result'] : undefined;
  if (about.method === 'tools/list') state.house.tools.learn(result);
  if (!isRecord(result)) return;
  if (about.method === 'initialize' && typeof result['protocolVersion'] === 'string') {
    state.negotiated = result['protocolVersion'];
    state.spoken = undefined;
  }
  const task = result['resultType'] === 'task' ? result : result['task'];
  if (about.method === 'tools/call' && about.call !== undefined && isRecord(task) && typeof task['taskId'] === 'string') state.rememberServerTask(task['taskId'], about.call);
}

/** @returns whether the server took a request back that never reached the client: then neither does this. */
function wasHeld({ state, message }: FromServer): boolean {
  const id = message.params?.['requestId'];
  if (typeof id !== 'string' && typeof id !== 'number') return false;
  const held = state.toClient.cancel(JSON.stringify(id)).filter(({ holding }) => holding !== undefined);
  for (const { holding } of held) holding?.cancel();
  return held.length > 0;
}

interface ToRecord extends Pick<Recordable, 'call' | 'note'> {
  readonly flags?: readonly MessageFlag[];
  readonly method?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly conversation?: Conversation;
}

function recordFromServer({ state, arrival, message, era, opened }: FromServer, { flags = [], method, inReplyTo, call, note, conversation = state.conversation() }: ToRecord): string | undefined {
  const { recorder, policy } = state.house;
  const wasStripped = message.bytes !== arrival.bytes;
  return recorder.record(conversation, {
    kind: 'message', era: era.era, protocolVersion: era.protocolVersion, direction: 'server-to-client', call, note,
    message: observedMessage(message, { raw: arrival.bytes, framing: arrival.framing, payload: policy().policy.payload, flags: wasStripped ? [...flags, 'metadata-stripped'] : flags, method, inReplyTo }),
  }, { opened });
}
