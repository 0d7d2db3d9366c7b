/**
 * What the client sends: recorded, its metadata cut out, its calls gated; everything else goes on as it came.
 * CM1. Whatever a more lenient parser might execute as a call, and this one does not read as one, is refused in mode `enforce`.
 * CM2. Cancelling a held request ends its hold and goes no further; cancelling any other request is the server's business.
 * CM3. What belongs to the tap (answers to its own dialogs, its own rounds, polls of its own tasks) never reaches the server.
 * CM4. A request that a transport refused is recorded with the reason and answered; nothing is judged or sent.
 */
import { callOfTask, clientAbilitiesOf, clientLabelOf, eraOf, isRecord, noAbilities, ownRoundOf, readMessage, refusalAnswer, stripMetadata, wishOf, withServerRound, type RpcMessage, type Wish } from '@countersign/wire';
import { onCall, onGoverned } from './client-calls.js';
import { offerTask } from './client-tasks.js';
import { recordFromClient, type FromClient } from './from-client.js';
import { methodRulesOf } from './governed.js';
import type { Asked } from './asked.js';
import type { Arrival, Passage } from './passage.js';
import { refusedMessage } from './refusals.js';
import type { StreamState } from './stream-state.js';

export function offerFromClient(state: StreamState, arrival: Arrival): Passage | Promise<Passage> {
  const from = read(state, arrival);
  const { message } = from;
  if (arrival.refusal !== undefined) return refusedByTransport(from, arrival.refusal);
  const isRequest = message.shape === 'request';
  if (isRequest) state.spoken = from.era;
  if (isRequest && message.method === 'tools/call') return onCall(from);
  if (message.mayBeCall && state.isEnforced()) return refuseMessage(from);
  if (!isRequest) return onOther(from);
  const task = ownTaskOf(from);
  if (task !== undefined) return offerTask(from, task);
  const rules = methodRulesOf(from);
  if (rules !== undefined) return onGoverned(from, rules);
  onRequest(from);
  return { kind: 'forward', bytes: message.bytes };
}

function read(state: StreamState, arrival: Arrival): FromClient {
  const stripped = stripMetadata(arrival.bytes);
  const message = readMessage(stripped.bytes);
  const { method, params } = message;
  const label = clientLabelOf(method, params);
  if (label !== undefined && (label.clientName !== state.label?.clientName || label.clientVersion !== state.label?.clientVersion)) state.label = label;
  if (method === 'tools/call') state.taskId = stripped.metadata.task?.id ?? state.house.environment.taskId() ?? state.taskId;
  else if (stripped.metadata.task?.id) state.taskId = stripped.metadata.task.id;
  const era = eraOf(params, { negotiated: state.negotiated, header: arrival.protocolVersionHeader });
  const declared = clientAbilitiesOf(method, params);
  if (method === 'initialize' && declared !== undefined) state.abilities = declared;
  // A modern request says of itself what its client can do; a legacy one is its session's.
  const abilities = declared ?? (era.era === 'modern' ? noAbilities : state.abilities);
  return { state, arrival, stripped, era, abilities, ...withoutOwnRound(state, message) };
}

/** The tap's own state and answers are taken back out, and what the server had given is put back in their place (T27). */
function withoutOwnRound(state: StreamState, message: RpcMessage): Pick<FromClient, 'message' | 'ownRound'> {
  const round = message.shape === 'request' ? ownRoundOf(message) : undefined;
  if (round === undefined) return { message };
  const { tickets, clock } = state.house;
  const ticket = tickets.ofCall(round.ticket);
  const live = ticket !== undefined && tickets.isLive(ticket, clock.monotonicMs()) ? ticket : undefined;
  return { message: readMessage(withServerRound(message.bytes, live?.round ?? {})), ownRound: { ticket: live, wish: round.wish } };
}

function ownTaskOf({ message: { method, params } }: FromClient): string | undefined {
  return method?.startsWith('tasks/') === true ? callOfTask(params?.['taskId']) : undefined;
}

function onOther(from: FromClient): Passage {
  const { message } = from;
  switch (message.shape) {
    case 'response':
    case 'error':
      if (answersTheTap(from)) return { kind: 'drop' };
      recordAnswer(from);
      break;
    case 'notification':
      if (message.method === 'notifications/cancelled' && onCancelled(from)) return { kind: 'drop' };
      recordFromClient(from, {});
      break;
    case 'request':
    case 'batch':
    case 'noise':
      recordFromClient(from, {});
  }
  return { kind: 'forward', bytes: message.bytes };
}

/** The person answered a dialog of the tap's own. Whatever was filled in means "keep waiting", unless it is a clear no. */
function answersTheTap(from: FromClient): boolean {
  const { state: { house }, message } = from;
  const giveUp = message.rpcId === undefined ? undefined : house.ownAsks.take(message.rpcId);
  if (giveUp === undefined) return message.rpcId !== undefined && house.ownAsks.isOwn(message.rpcId);
  recordFromClient(from, { method: 'elicitation/create', note: { answersTap: true } });
  const isNo = message.shape === 'response' && wishIn(message) === 'give-up';
  if (isNo) giveUp();
  return true;
}

function wishIn({ value }: RpcMessage): Wish {
  return wishOf(isRecord(value) ? value['result'] : undefined);
}

function recordAnswer(from: FromClient): void {
  const { state, message } = from;
  const answered = message.rpcId === undefined ? undefined : state.toClient.answer(message.rpcId);
  recordFromClient(from, { flags: answered?.isLate === true ? ['late'] : [], method: answered?.about.method, inReplyTo: answered?.about.observationId });
}

function onRequest(from: FromClient): void {
  const { state, message, era } = from;
  const { rpcId, method } = message;
  if (rpcId === undefined || method === undefined) return;
  state.onlyProbed &&= method === 'server/discover';
  const asked: { -readonly [K in keyof Asked]: Asked[K] } = { rpcId, method, era, conversation: state.conversation(), observationId: undefined, holding: undefined };
  const { isDuplicate } = state.toServer.ask(rpcId, asked);
  asked.observationId = recordFromClient(from, { flags: isDuplicate ? ['duplicate-id'] : [], withEnvironment: method === 'initialize' });
}

/** @returns whether a held request was meant: then nothing goes on. */
function onCancelled(from: FromClient): boolean {
  const { state, message } = from;
  const id = message.params?.['requestId'];
  if (typeof id !== 'string' && typeof id !== 'number') return false;
  const held = state.toServer.cancel(JSON.stringify(id)).filter((asked) => asked.holding !== undefined);
  if (held.length === 0) return false;
  recordFromClient(from, {});
  const wasRequest = held.some((asked) => asked.holding?.about.of === 'request');
  for (const asked of held) asked.holding?.cancel();
  return wasRequest;
}

function refusedByTransport(from: FromClient, { reason, detail, bytes }: NonNullable<Arrival['refusal']>): Passage {
  const { state, era } = from;
  recordFromClient(from, { note: { refused: reason, detail } });
  state.recordAnswer(bytes, era, undefined);
  return { kind: 'answer', bytes };
}

function refuseMessage(from: FromClient): Passage {
  const { state, message, era } = from;
  recordFromClient(from, {});
  if (message.shape === 'notification' || message.shape === 'response') return { kind: 'drop' };
  const bytes = refusalAnswer({ rpcId: message.rpcId ?? 'null', isToolCall: false, era: era.era }, refusedMessage(state.house.policy().version));
  state.recordAnswer(bytes, era, undefined);
  return { kind: 'answer', bytes };
}
