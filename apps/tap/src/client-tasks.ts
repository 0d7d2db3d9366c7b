/**
 * Polls of the tap's own tasks: calls that wait for people.
 * CT1. While people decide the tap answers; the poll that finds a call approved sends it, once, under its own id.
 * CT2. What the call is answered with becomes the task's outcome; a refusal is an outcome, too, for the model to read.
 * CT3. Where the server makes a task of the call, polls go to that one from then on, under our task's name to the client.
 * CT4. Cancelling a waiting task takes the question back everywhere. A call that was sent is the server's to stop.
 */
import {
  askingForTask, callUnder, outcomeOf, refusalAnswer, relatedTo, rpcError, saidOfTask, serverTaskOf, taskAcknowledged, taskCancelled, taskResult, taskState,
  type Refusal, type TaskOutcome, type TaskRequest,
} from '@countersign/wire';
import { recordFromClient, type FromClient } from './from-client.js';
import type { Asked } from './asked.js';
import { gateCall } from './call-gate.js';
import { factsOf, type HeldTask, type TaskPhase } from './held-tasks.js';
import type { Passage } from './passage.js';
import { givenUp, refusedByPeople } from './refusals.js';
import type { StreamState } from './stream-state.js';
import type { Ticket } from './tickets.js';

const invalidParams = -32602;

/** @param callId that the task's id names. */
export function offerTask(from: FromClient, callId: string): Passage | Promise<Passage> {
  const { state: { house }, message } = from;
  const task = house.tasks.find(callId, house.clock.monotonicMs());
  const observationId = recordFromClient(from, {});
  const poll: Poll = { from, observationId, request: { rpcId: message.rpcId ?? 'null', era: from.era.era } };
  if (task === undefined) return problem(poll, 'Countersign knows no such task; it is over, or was another process’s. Call again.');
  const { phase } = task;
  if (phase.kind === 'elsewhere') return pollServer(poll, task, phase.serverTaskId);
  const { method } = message;
  if (method === 'tasks/get') return onGet(poll, task);
  if (method === 'tasks/result') return poll.request.era === 'legacy' ? onResult(poll, task) : problem(poll, 'In this revision the result comes with tasks/get.');
  if (method === 'tasks/cancel') return onCancel(poll, task);
  if (method === 'tasks/update') return answer(poll, taskAcknowledged(poll.request));
  return problem(poll, `Countersign does not know ${(method ?? '').slice(0, 64)} for a task that waits for a person's decision.`);
}

interface Poll {
  readonly from: FromClient;
  readonly observationId: string | undefined;
  readonly request: TaskRequest;
}

function onGet(poll: Poll, task: HeldTask): Passage {
  const { state: { house } } = poll.from;
  const ticket = liveTicket(poll, task);
  if (task.phase.kind === 'waiting' && ticket?.answer.outcome === 'approved') return gateNow(poll, { task, ticket, poll: 'tasks/get' }) as Passage;
  if (task.phase.kind === 'waiting' && ticket?.answer.outcome !== 'asking') {
    const outcome = ticket?.answer.outcome === 'denied' ? 'denied' : 'expired';
    if (ticket !== undefined) house.tickets.remove(ticket);
    end(poll.from.state, task, { status: 'completed', outcome: refusalOutcome(task, refusedByPeople(task.read.facts.refused, outcome, undefined)), why: `A person's decision: ${outcome}.` });
  }
  const { phase } = task;
  return answer(poll, taskState(poll.request, factsOf(task), phase.kind === 'ended' ? phase.outcome : undefined));
}

/** Legacy: waits as the call itself did, and is answered with what the call is answered with. */
function onResult(poll: Poll, task: HeldTask): Passage | Promise<Passage> {
  const { phase } = task;
  const { rpcId } = poll.request;
  if (phase.kind === 'ended') return answer(poll, taskResult(rpcId, phase.outcome, factsOf(task).taskId));
  if (phase.kind === 'running') return problem(poll, 'The approved call runs; ask for its result again in a moment.');
  const ticket = liveTicket(poll, task);
  if (ticket !== undefined) return gateNow(poll, { task, ticket, poll: 'tasks/result' });
  return answer(poll, taskResult(rpcId, refusalOutcome(task, refusedByPeople(task.read.facts.refused, 'expired', undefined)), factsOf(task).taskId));
}

function onCancel(poll: Poll, task: HeldTask): Passage {
  const { state } = poll.from;
  const { house } = state;
  if (task.phase.kind === 'waiting') {
    const ticket = house.tickets.ofCall(task.callId);
    if (ticket !== undefined) house.tickets.remove(ticket);
    const heldMs = Math.round(house.clock.wallMs() - task.createdAtWallMs);
    house.recorder.record(task.conversation, { kind: 'held-ended', ...task.era, direction: 'client-to-server', note: { callId: task.callId, end: 'cancelled-while-held', by: 'client', heldMs, phase: 'request' } });
    end(state, task, { status: 'cancelled', outcome: refusalOutcome(task, givenUp(task.read.facts.refused)), why: 'Given up before anybody decided; the call was never sent.' });
  } else if (poll.request.era === 'legacy') {
    return problem(poll, 'This task cannot be cancelled any more.');
  }
  return answer(poll, taskCancelled(poll.request, factsOf(task)));
}

/** The call as it was held: sent now when it is approved, else (for a result that is waited for) held again under this id. */
function gateNow(poll: Poll, { task, ticket, poll: of }: { readonly task: HeldTask; readonly ticket: Ticket; readonly poll: 'tasks/get' | 'tasks/result' }): Passage | Promise<Passage> {
  const { from, observationId, request } = poll;
  const { state, abilities, era, arrival } = from;
  const asked: Asked = { rpcId: request.rpcId, method: 'tools/call', era, conversation: task.conversation, observationId, call: task.read.facts, task: { held: task, poll: of }, holding: undefined };
  state.toServer.ask(request.rpcId, asked);
  // A result that is waited for must come as a result: the call is then made without the wish for a task.
  const bytes = callUnder(task.bytes, request.rpcId, { asTask: of === 'tasks/get' });
  const passage = gateCall({
    context: { house: state.house, conversation: task.conversation, era }, read: { ...task.read, ticket }, asked, bytes, mirrors: task.mirrors, hasRound: false,
    client: { abilities, era, toSender: arrival.toSender, progressToken: undefined, wantsTask: false },
    refuse: (refusal) => refuseTask({ poll, task, asked }, refusal),
    answer: (answered) => state.answer(asked, answered),
    record: (said) => state.recordAnswer(said, era, asked),
  });
  const sent = (settled: Passage): Passage => {
    if (settled.kind === 'drop') state.toServer.remove(asked.rpcId, asked);
    if (settled.kind !== 'forward') return settled;
    turn(state, task, { kind: 'running' });
    return { ...settled, mirrors: task.mirrors };
  };
  return passage instanceof Promise ? passage.then(sent) : sent(passage);
}

interface Refused {
  readonly poll: Poll;
  readonly task: HeldTask;
  readonly asked: Asked;
}

/** "Still waiting" leaves the task as it is; any other refusal is its outcome. */
function refuseTask({ poll, task, asked }: Refused, refusal: Refusal): Passage {
  const { state } = poll.from;
  const facts = factsOf(task);
  if (refusal.code === 'awaiting') return state.answer(asked, refusalAnswer({ rpcId: asked.rpcId, isToolCall: false, era: asked.era.era }, refusal));
  const outcome = refusalOutcome(task, refusal);
  const phase = end(state, task, { status: 'completed', outcome, why: refusal.why });
  const isResult = asked.task?.poll === 'tasks/result';
  return state.answer(asked, isResult ? taskResult(asked.rpcId, outcome, facts.taskId) : taskState(poll.request, factsOf({ ...task, phase }), outcome));
}

/**
 * The answer to an approved call, on its way to the poll that sent it.
 * @param bytes as they would go to the client: judged, redacted or withheld.
 */
export function finishTask(state: StreamState, asked: Asked, bytes: Uint8Array): Uint8Array {
  const { task } = asked;
  if (task === undefined) return bytes;
  const request: TaskRequest = { rpcId: asked.rpcId, era: asked.era.era };
  const { taskId } = factsOf(task.held);
  if (task.poll === 'tasks/result') {
    endWith(state, task.held, outcomeOf(bytes));
    return relatedTo(bytes, taskId);
  }
  const servers = serverTaskOf(bytes, request, taskId);
  if (servers !== undefined) {
    if (asked.call !== undefined) state.rememberServerTask(servers.serverTaskId, asked.call);
    turn(state, task.held, { kind: 'elsewhere', serverTaskId: servers.serverTaskId });
    return servers.state;
  }
  const phase = endWith(state, task.held, outcomeOf(bytes));
  return taskState(request, factsOf(task.held), phase.kind === 'ended' ? phase.outcome : undefined);
}

/** The poll that sent the call was taken back or broken off: nobody will hear what became of it. */
export function loseTask(state: StreamState, { task }: Asked): void {
  if (task?.held.phase.kind !== 'running') return;
  const text = JSON.stringify({ code: -31995, message: 'Countersign: the approved call was sent, and its answer was lost with the poll that waited for it. Look before you repeat it.' });
  end(state, task.held, { status: 'failed', outcome: { member: 'error', text }, why: 'The answer of the approved call was lost.' });
}

function endWith(state: StreamState, task: HeldTask, outcome: TaskOutcome | undefined): TaskPhase {
  const known = outcome ?? { member: 'error', text: '{"code":-31995,"message":"Countersign: the answer of the server could not be read."}' };
  const asks = known.member === 'result' && /"resultType"\s*:\s*"input_required"/.test(known.text.slice(0, 4_096)) && isInputRequired(known.text);
  if (asks) return end(state, task, { status: 'failed', outcome: roundInTask, why: 'The server asked back.' });
  return end(state, task, { status: known.member === 'result' ? 'completed' : 'failed', outcome: known, why: 'The approved call was answered.' });
}

function isInputRequired(text: string): boolean {
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && (value as Record<string, unknown>)['resultType'] === 'input_required';
}

const roundInTask: TaskOutcome = {
  member: 'error',
  text: JSON.stringify({ code: -31996, message: 'Countersign: the server asked for input before it would do the approved call, which a task that waited for a person cannot carry. Call again; it will be asked about anew.' }),
};

function end(state: StreamState, task: HeldTask, ended: Omit<Extract<TaskPhase, { kind: 'ended' }>, 'kind'>): TaskPhase {
  return turn(state, task, { kind: 'ended', ...ended });
}

function turn({ house }: StreamState, task: HeldTask, phase: TaskPhase): TaskPhase {
  return house.tasks.turn(task, phase, { wallMs: house.clock.wallMs(), monotonicMs: house.clock.monotonicMs() });
}

function refusalOutcome({ era }: HeldTask, refusal: Refusal): TaskOutcome {
  return outcomeOf(refusalAnswer({ rpcId: '0', isToolCall: true, era: era.era }, refusal)) ?? { member: 'error', text: '{}' };
}

function liveTicket({ from: { state: { house } } }: Poll, { callId }: HeldTask): Ticket | undefined {
  const ticket = house.tickets.ofCall(callId);
  return ticket !== undefined && house.tickets.isLive(ticket, house.clock.monotonicMs()) ? ticket : undefined;
}

/** CT3. */
function pollServer(poll: Poll, task: HeldTask, serverTaskId: string): Passage {
  const { from: { state, message, era }, request, observationId } = poll;
  const bytes = askingForTask(message.bytes, serverTaskId);
  const call = state.serverTasks.get(serverTaskId);
  state.toServer.ask(request.rpcId, {
    rpcId: request.rpcId, method: message.method ?? '', era, conversation: state.conversation(), observationId, holding: undefined, speaksOf: factsOf(task).taskId,
    ...(call === undefined ? {} : { call }),
  });
  return { kind: 'forward', bytes };
}

/** To the client, in our task's name. */
export function inOurName(asked: Asked, bytes: Uint8Array): Uint8Array {
  return asked.speaksOf === undefined ? bytes : saidOfTask(bytes, asked.speaksOf);
}

function answer({ from: { state, era } }: Poll, bytes: Uint8Array): Passage {
  state.recordAnswer(bytes, era, undefined);
  return { kind: 'answer', bytes };
}

function problem(poll: Poll, message: string): Passage {
  return answer(poll, rpcError(poll.request.rpcId, { code: invalidParams, message }));
}
