/**
 * How a client is told that its call waits for people, in forms that make it come back: an elicitation, or a round of the modern protocol.
 * WA1. What the client answers is never an approval. It says "keep waiting" or "give up", and nothing else can be read from it.
 * WA2. Our keys lie in a namespace of our own, and are out of the request again before it goes on.
 * WA3. State and answers a server gave or asked for in an earlier round are put back byte for byte (T27).
 */
import { memberEdit } from './edit-member.js';
import { lastMember, membersOf, textAt } from './json-spans.js';
import { isRecord, type RpcMessage } from './rpc-message.js';
import { splice } from './splice.js';

const namespace = 'dev.countersign/';
const stateOf = (ticket: string): string => `${namespace}waits/${ticket}`;
const answerKey = `${namespace}waits`;

export interface Waiting {
  readonly ticket: string;
  /** Two or three sentences for the person at the client. */
  readonly message: string;
  /** Where people decide; without it a form is the only way to tell. */
  readonly url?: string | undefined;
}

export type Wish = 'wait' | 'give-up';

/** Params of an `elicitation/create` that only tells. */
export function elicitationOf({ ticket, message, url }: Waiting, mode: 'url' | 'form'): Record<string, unknown> {
  if (mode === 'url' && url !== undefined) return { mode, message, url, elicitationId: stateOf(ticket) };
  return { message, requestedSchema: { type: 'object', properties: {} } };
}

/** An `elicitation/create` of the tap's own, for a legacy client. @param rpcId JSON text, of the tap's namespace. */
export function elicitationRequest(rpcId: string, params: Record<string, unknown>): Uint8Array {
  return Buffer.from(`{"jsonrpc":"2.0","id":${rpcId},"method":"elicitation/create","params":${JSON.stringify(params)}}`);
}

/** JSON text of the id of the tap's n-th own request; no peer numbers its requests so. */
export function ownRequestId(ticket: string, n: number): string {
  return JSON.stringify(`${namespace}asks/${ticket}/${n}`);
}

export function isOwnRequestId(rpcId: string): boolean {
  return rpcId.startsWith(`"${namespace}asks/`);
}

/** Takes a request of the tap's own back. */
export function cancelledNotification(rpcId: string): Uint8Array {
  return Buffer.from(`{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${rpcId},"reason":"Countersign: decided, or no longer held."}}`);
}

/** Keeps a client that watches progress patient. @param token JSON value of the request's `progressToken`. Values stay below any server's first step. */
export function progressNotification(token: string | number, step: number): Uint8Array {
  const params = { progressToken: token, progress: step / 1_000_000, message: 'Countersign: waits for a person\u2019s decision.' };
  return Buffer.from(`{"jsonrpc":"2.0","method":"notifications/progress","params":${JSON.stringify(params)}}`);
}

/** What a client answered to an elicitation. Only a clear no gives up: a dialog that was closed says nothing. */
export function wishOf(answer: unknown): Wish {
  return isRecord(answer) && answer['action'] === 'decline' ? 'give-up' : 'wait';
}

/**
 * The answer that makes a modern client ask again by itself.
 * @param params of the elicitation in it; undefined in later rounds, where the client only waits a moment and asks again.
 */
export function inputRequiredAnswer(rpcId: string, ticket: string, params: Record<string, unknown> | undefined): Uint8Array {
  const result = {
    resultType: 'input_required',
    ...(params === undefined ? {} : { inputRequests: { [answerKey]: { method: 'elicitation/create', params } } }),
    requestState: stateOf(ticket),
  };
  return Buffer.from(`{"jsonrpc":"2.0","id":${rpcId},"result":${JSON.stringify(result)}}`);
}

/** The call again, after the tap's own `input_required`; undefined for anything else. */
export function ownRoundOf({ params }: RpcMessage): { readonly ticket: string; readonly wish: Wish } | undefined {
  const state = params?.['requestState'];
  if (typeof state !== 'string' || !state.startsWith(stateOf(''))) return undefined;
  const answers = params?.['inputResponses'];
  return { ticket: state.slice(stateOf('').length, stateOf('').length + 64), wish: wishOf(isRecord(answers) ? answers[answerKey] : undefined) };
}

/** JSON texts of what a request carries of the server's earlier round. */
export interface ServerRound {
  readonly requestState?: string;
  readonly inputResponses?: string;
}

const roundMembers = ['requestState', 'inputResponses'] as const;

export function serverRoundOf(message: Uint8Array): ServerRound {
  const params = lastMember(membersOf(message), 'params');
  const members = params === undefined ? [] : membersOf(message, params.start);
  return Object.fromEntries(roundMembers.flatMap((key) => {
    const value = lastMember(members, key);
    return value === undefined ? [] : [[key, textAt(message, value)]];
  }));
}

/** The request with what the tap had added replaced by what the server had given, or cut out. */
export function withServerRound(message: Uint8Array, round: ServerRound): Uint8Array {
  let bytes = message;
  for (const key of roundMembers) bytes = withMember(bytes, { key, text: round[key] });
  return bytes;
}

function withMember(message: Uint8Array, member: { readonly key: string; readonly text: string | undefined }): Uint8Array {
  const params = lastMember(membersOf(message), 'params');
  const edit = params === undefined ? undefined : memberEdit(message, params, member);
  return edit === undefined ? message : splice(message, [edit]);
}
