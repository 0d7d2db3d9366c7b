/**
 * What the client sends: recorded, its metadata cut out, its calls gated; everything else goes on as it came.
 * CM1. Whatever a more lenient parser might execute as a call, and this one does not read as one, is refused in mode `enforce`.
 * CM2. Cancelling a held request ends its hold and goes no further; cancelling any other request is the server's business.
 */
import { eraOf, clientLabelOf, observedMessage, readMessage, refusalAnswer, stripMetadata, type Era, type MessageFlag, type Refusal, type RpcMessage, type StrippedMessage } from '@countersign/wire';
import type { Asked } from './asked.js';
import { gateCall, readCall, type CallContext, type ReadCall } from './call-gate.js';
import type { StreamState } from './stream-state.js';
import type { Arrival, Passage } from './passage.js';
import type { Recordable } from './recorder.js';
import { refusedMessage } from './refusals.js';

interface FromClient {
  readonly state: StreamState;
  readonly arrival: Arrival;
  readonly stripped: StrippedMessage;
  readonly message: RpcMessage;
  readonly era: Era;
}

export function offerFromClient(state: StreamState, arrival: Arrival): Passage | Promise<Passage> {
  const stripped = stripMetadata(arrival.bytes);
  const message = readMessage(stripped.bytes);
  const label = clientLabelOf(message.method, message.params);
  if (label !== undefined && (label.clientName !== state.label?.clientName || label.clientVersion !== state.label?.clientVersion)) state.label = label;
  if (message.method === 'tools/call') state.taskId = stripped.metadata.task?.id ?? state.house.environment.taskId() ?? state.taskId;
  else if (stripped.metadata.task?.id) state.taskId = stripped.metadata.task.id;
  const from = { state, arrival, stripped, message, era: eraOf(message.params, { negotiated: state.negotiated, header: arrival.protocolVersionHeader }) };
  if (message.method === 'tools/call' && message.shape === 'request') return onCall(from);
  if (message.mayBeCall && state.isEnforced()) return refuseMessage(from);
  return onOther(from);
}

function onOther(from: FromClient): Passage {
  const { state, message, stripped } = from;
  switch (message.shape) {
    case 'request':
      onRequest(from);
      break;
    case 'response':
    case 'error': {
      const answered = message.rpcId === undefined ? undefined : state.toClient.answer(message.rpcId);
      record(from, { flags: answered?.isLate === true ? ['late'] : [], method: answered?.about.method, inReplyTo: answered?.about.observationId });
      break;
    }
    case 'notification':
      if (message.method === 'notifications/cancelled' && onCancelled(from)) return { kind: 'drop' };
      record(from, {});
      break;
    case 'batch':
    case 'noise':
      record(from, {});
  }
  return { kind: 'forward', bytes: stripped.bytes };
}

function onRequest(from: FromClient): void {
  const { state, message, era } = from;
  const { rpcId, method } = message;
  if (rpcId === undefined || method === undefined) return;
  state.onlyProbed &&= method === 'server/discover';
  const asked: { -readonly [K in keyof Asked]: Asked[K] } = { rpcId, method, era, conversation: state.conversation(), observationId: undefined, holding: undefined };
  const { isDuplicate } = state.toServer.ask(rpcId, asked);
  asked.observationId = record(from, { flags: isDuplicate ? ['duplicate-id'] : [], withEnvironment: method === 'initialize' });
}

function onCall(from: FromClient): Passage | Promise<Passage> {
  const { state, message, stripped, arrival, era } = from;
  const context: CallContext = { house: state.house, conversation: state.conversation(), era };
  const own = stripped.metadata.attestation;
  const hasConflict = own !== undefined && arrival.attestationHeader !== undefined && own !== arrival.attestationHeader;
  const read = readCall(context, { message, rawBytes: arrival.bytes.length, hasConflict });
  state.onlyProbed = false;
  const rpcId = message.rpcId ?? 'null';
  const asked: { -readonly [K in keyof Asked]: Asked[K] } = { rpcId, method: 'tools/call', era, conversation: context.conversation, observationId: undefined, call: read.facts, holding: undefined };
  const { isDuplicate } = state.toServer.ask(rpcId, asked);
  asked.observationId = recordCall(from, read, isDuplicate);
  const passage = gateCall({ context, read, asked, bytes: stripped.bytes, refuse: (refusal) => state.refuse(asked, refusal) });
  return passage instanceof Promise ? passage.then((settled) => forgetDropped(from, asked, settled)) : forgetDropped(from, asked, passage);
}

/** A dropped call will not be answered by anybody. */
function forgetDropped({ state }: FromClient, asked: Asked, passage: Passage): Passage {
  if (passage.kind === 'drop') state.toServer.remove(asked.rpcId, asked);
  return passage;
}

function recordCall(from: FromClient, { facts, ticket, refusal }: ReadCall, isDuplicate: boolean): string | undefined {
  const { observed } = facts;
  const isRetry = ticket !== undefined && refusal === undefined;
  return record(from, {
    flags: isDuplicate ? ['duplicate-id'] : [], withEnvironment: true,
    sync: observed.tier === 'high' || observed.tier === 'critical',
    // The call itself was recorded when it first came; a second `call` would have it judged and asked about twice.
    ...(isRetry ? { note: { retryOf: ticket.observationId, callId: ticket.callId } } : { call: observed }),
  });
}

/** @returns whether a held request was meant: then nothing goes on. */
function onCancelled(from: FromClient): boolean {
  const { state, message } = from;
  const id = message.params?.['requestId'];
  if (typeof id !== 'string' && typeof id !== 'number') return false;
  const held = state.toServer.cancel(JSON.stringify(id)).filter((asked) => asked.holding !== undefined);
  if (held.length === 0) return false;
  record(from, {});
  const wasRequest = held.some((asked) => asked.holding?.about.of === 'request');
  for (const asked of held) asked.holding?.cancel();
  return wasRequest;
}

function refuseMessage(from: FromClient): Passage {
  const { state, message, era } = from;
  record(from, {});
  if (message.shape === 'notification' || message.shape === 'response') return { kind: 'drop' };
  const refusal: Refusal = refusedMessage(state.house.policy().version);
  const bytes = refusalAnswer({ rpcId: message.rpcId ?? 'null', isToolCall: false, era: era.era }, refusal);
  state.recordAnswer(bytes, era, undefined);
  return { kind: 'answer', bytes };
}

interface ToRecord extends Pick<Recordable, 'call' | 'note'> {
  readonly flags?: readonly MessageFlag[];
  readonly method?: string | undefined;
  readonly inReplyTo?: string | undefined;
  readonly withEnvironment?: boolean;
  readonly sync?: boolean;
}

function record({ state, arrival, stripped, message, era }: FromClient, { flags = [], method, inReplyTo, withEnvironment = false, sync = false, call, note }: ToRecord): string | undefined {
  const { house } = state;
  const own = stripped.metadata.attestation === undefined && arrival.attestationHeader !== undefined && message.shape === 'request'
    ? { ...stripped.metadata, attestation: arrival.attestationHeader }
    : stripped.metadata;
  const metadata = withEnvironment ? house.environment.complete(own) : Object.keys(own).length > 0 ? own : undefined;
  const notes = { ...note, ...(stripped.refused.length > 0 ? { metadataRefused: stripped.refused } : {}) };
  return house.recorder.record(state.conversation(), {
    kind: 'message', ...era, direction: 'client-to-server',
    message: observedMessage(message, {
      raw: arrival.bytes, framing: arrival.framing, payload: house.policy().policy.payload, method, inReplyTo,
      flags: stripped.wasStripped ? [...flags, 'metadata-stripped'] : flags,
    }),
    ...(call === undefined ? {} : { call }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(Object.keys(notes).length === 0 ? {} : { note: notes }),
  }, { sync });
}
