/**
 * A call that waits for people, handed to its client as a task: of the revision 2025-11-25 where the client asked for one, of the extension
 * `io.modelcontextprotocol/tasks` in the modern era where the client declared it.
 * TH1. The id lies in a namespace of our own; a server's ids are never touched, except where one of its own tasks runs behind ours.
 * TH2. An approved call runs under the id of the poll that found it approved: no id is minted for it.
 * TH3. A refusal is the task's result, not its failure: a tool error is for the model to read.
 */
import { memberEdit } from './edit-member.js';
import { lastMember, membersOf, textAt, type Span } from './json-spans.js';
import { isRecord } from './rpc-message.js';
import { splice, type Edit } from './splice.js';

const idPrefix = 'dev.countersign-';
const relatedKey = 'io.modelcontextprotocol/related-task';

export interface TaskFacts {
  readonly taskId: string;
  readonly status: 'working' | 'completed' | 'failed' | 'cancelled';
  /** ISO 8601. */
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly ttlMs: number;
  readonly pollMs: number;
  readonly message: string;
}

export interface TaskRequest {
  /** JSON text. */
  readonly rpcId: string;
  readonly era: 'legacy' | 'modern';
}

/** What ended a task: JSON text of a result, or of an error. */
export interface TaskOutcome {
  readonly member: 'result' | 'error';
  readonly text: string;
}

export function taskIdOf(callId: string): string {
  return `${idPrefix}${callId}`;
}

/** @returns undefined for a task id of somebody else's. */
export function callOfTask(taskId: unknown): string | undefined {
  return typeof taskId === 'string' && taskId.startsWith(idPrefix) ? taskId.slice(idPrefix.length, idPrefix.length + 64) : undefined;
}

/** In place of the call's result. */
export function taskCreated({ rpcId, era }: TaskRequest, task: TaskFacts): Uint8Array {
  return answer(rpcId, JSON.stringify(era === 'modern' ? { resultType: 'task', ...modern(task) } : { task: legacy(task) }));
}

/** To `tasks/get`. @param outcome of a modern task that ended; a legacy client fetches it with `tasks/result`. */
export function taskState({ rpcId, era }: TaskRequest, task: TaskFacts, outcome?: TaskOutcome): Uint8Array {
  if (era === 'legacy') return answer(rpcId, JSON.stringify(legacy(task)));
  const state = JSON.stringify({ resultType: 'complete', ...modern(task) });
  return answer(rpcId, outcome === undefined ? state : `${state.slice(0, -1)},"${outcome.member}":${outcome.text}}`);
}

/** To `tasks/cancel`. */
export function taskCancelled(request: TaskRequest, task: TaskFacts): Uint8Array {
  return request.era === 'modern' ? taskAcknowledged(request) : taskState(request, task);
}

/** The empty answer of the modern `tasks/cancel` and `tasks/update`. */
export function taskAcknowledged({ rpcId }: TaskRequest): Uint8Array {
  return answer(rpcId, '{"resultType":"complete"}');
}

/** To the legacy `tasks/result`: what the call itself was answered with, marked as this task's. */
export function taskResult(rpcId: string, { member, text }: TaskOutcome, taskId: string): Uint8Array {
  const message = Buffer.from(`{"jsonrpc":"2.0","id":${rpcId},"${member}":${text}}`);
  return member === 'result' ? relatedTo(message, taskId) : message;
}

/** Adds the mark of a task to the result of a message. */
export function relatedTo(message: Uint8Array, taskId: string): Uint8Array {
  const result = lastMember(membersOf(message), 'result');
  if (result === undefined || message[result.start] !== 123) return message;
  const meta = lastMember(membersOf(message, result.start), '_meta');
  const mark = JSON.stringify({ taskId });
  const edit = meta !== undefined && message[meta.start] === 123
    ? memberEdit(message, meta, { key: relatedKey, text: mark })
    : memberEdit(message, result, { key: '_meta', text: `{${JSON.stringify(relatedKey)}:${mark}}` });
  return edit === undefined ? message : splice(message, [edit]);
}

/** The same request under another id, and, if asked for, as an ordinary call instead of a task. */
export function callUnder(message: Uint8Array, rpcId: string, { asTask }: { readonly asTask: boolean }): Uint8Array {
  const root: Span = { start: 0, end: message.length };
  const withId = spliced(message, memberEdit(message, root, { key: 'id', text: rpcId }));
  const params = lastMember(membersOf(withId), 'params');
  return asTask || params === undefined ? withId : spliced(withId, memberEdit(withId, params, { key: 'task', text: undefined }));
}

/** `params.taskId` of a request replaced. */
export function askingForTask(message: Uint8Array, taskId: string): Uint8Array {
  const params = lastMember(membersOf(message), 'params');
  return params === undefined ? message : spliced(message, memberEdit(message, params, { key: 'taskId', text: JSON.stringify(taskId) }));
}

/** A server's words about its task, said about ours: `taskId` of the result, and of the task it is marked with. */
export function saidOfTask(message: Uint8Array, taskId: string): Uint8Array {
  const result = lastMember(membersOf(message), 'result');
  if (result === undefined) return message;
  const members = membersOf(message, result.start);
  const own = lastMember(members, 'taskId');
  const meta = lastMember(members, '_meta');
  const related = meta === undefined ? undefined : lastMember(membersOf(message, meta.start), relatedKey);
  const marked = related === undefined ? undefined : lastMember(membersOf(message, related.start), 'taskId');
  return splice(message, [own, marked].flatMap((span) => (span === undefined ? [] : [{ ...span, replacement: Buffer.from(JSON.stringify(taskId)) }])));
}

/** The task a server gave instead of a result, as the state of ours; undefined when it gave none. */
export function serverTaskOf(message: Uint8Array, request: TaskRequest, taskId: string): { readonly serverTaskId: string; readonly state: Uint8Array } | undefined {
  const result = lastMember(membersOf(message), 'result');
  if (result === undefined) return undefined;
  const span = request.era === 'modern' ? result : lastMember(membersOf(message, result.start), 'task');
  const value: unknown = span === undefined ? undefined : JSON.parse(textAt(message, span));
  if (!isRecord(value) || typeof value['taskId'] !== 'string' || (request.era === 'modern' && value['resultType'] !== 'task')) return undefined;
  const state = { ...value, taskId, ...(request.era === 'modern' ? { resultType: 'complete' } : {}) };
  return { serverTaskId: value['taskId'], state: answer(request.rpcId, JSON.stringify(state)) };
}

/** What a message answers a request with. */
export function outcomeOf(message: Uint8Array): TaskOutcome | undefined {
  const root = membersOf(message);
  for (const member of ['result', 'error'] as const) {
    const span = lastMember(root, member);
    if (span !== undefined) return { member, text: textAt(message, span) };
  }
  return undefined;
}

function legacy({ taskId, status, createdAt, updatedAt, ttlMs, pollMs, message }: TaskFacts): Record<string, unknown> {
  return { taskId, status, statusMessage: message, createdAt, lastUpdatedAt: updatedAt, ttl: ttlMs, pollInterval: pollMs };
}

function modern({ taskId, status, createdAt, updatedAt, ttlMs, pollMs, message }: TaskFacts): Record<string, unknown> {
  return { taskId, status, statusMessage: message, createdAt, lastUpdatedAt: updatedAt, ttlMs, pollIntervalMs: pollMs };
}

function answer(rpcId: string, result: string): Uint8Array {
  return Buffer.from(`{"jsonrpc":"2.0","id":${rpcId},"result":${result}}`);
}

function spliced(message: Uint8Array, edit: Edit | undefined): Uint8Array {
  return edit === undefined ? message : splice(message, [edit]);
}
