/**
 * What the HTTP transport itself must know of a body: is it JSON-RPC, where does each message of it lie, whom does it name.
 * HB1. A copy is parsed; spans point into the original bytes.
 * HB2. Where a member is given twice the last counts, as in every common parser. The core decides what to think of such a message.
 * HB3. A body that carries no JSON-RPC (a token request, a registration) is never called one: it may hold secrets.
 */

import { elementsOf, lastMember, membersOf, textAt } from './json-spans.js';

/** One message of a body. `bytes` is a view of the body, not a copy. */
export interface HttpMessage {
  readonly bytes: Uint8Array;
  /** JSON text of the id: strings in canonical spelling, numbers as they were written. Absent when there is none. */
  readonly rpcId?: string;
  readonly method?: string;
  /** A request waits for an answer: it has a method and an id. */
  readonly isRequest: boolean;
  readonly params: Readonly<Record<string, unknown>>;
  readonly meta: Readonly<Record<string, unknown>>;
}

export type HttpBody =
  | { readonly kind: 'message'; readonly message: HttpMessage }
  | { readonly kind: 'batch'; readonly messages: readonly HttpMessage[] }
  /** JSON, but no JSON-RPC. */
  | { readonly kind: 'other' }
  | { readonly kind: 'unparsable' };

export const protocolVersionKey = 'io.modelcontextprotocol/protocolVersion';

const utf8 = new TextDecoder();

/** Reads a complete body. Costs one `JSON.parse` and one pass over the bytes. */
export function readHttpBody(body: Uint8Array): HttpBody {
  let value: unknown;
  try {
    value = JSON.parse(utf8.decode(body));
  } catch {
    return { kind: 'unparsable' };
  }
  if (!Array.isArray(value)) return isRpc(value) ? { kind: 'message', message: readMessage(value, body) } : { kind: 'other' };
  if (!value.some(isRpc)) return { kind: 'other' };
  const spans = elementsOf(body, startOf(body));
  return { kind: 'batch', messages: spans.map((span, index) => readMessage(value[index], body.subarray(span.start, span.end))) };
}

/** Every message of a body, whatever its kind. */
export function messagesOf(body: HttpBody): readonly HttpMessage[] {
  if (body.kind === 'message') return [body.message];
  return body.kind === 'batch' ? body.messages : [];
}

/** A JSON array of messages that are JSON texts already. */
export function joinBatch(messages: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [];
  messages.forEach((message, index) => parts.push(Buffer.from(index === 0 ? '[' : ','), message));
  return Buffer.concat([...parts, Buffer.from(messages.length === 0 ? '[]' : ']')]);
}

function isRpc(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  // Some servers read member names without regard to case; what they would execute must not pass as something else.
  if (Object.keys(value).some((key) => ['jsonrpc', 'method'].includes(key.toLowerCase()))) return true;
  return 'id' in value && ('result' in value || 'error' in value);
}

function readMessage(value: unknown, bytes: Uint8Array): HttpMessage {
  const record = isObject(value) ? value : {};
  const params = isObject(record['params']) ? record['params'] : {};
  const method = typeof record['method'] === 'string' ? record['method'] : undefined;
  const rpcId = isId(record['id']) ? idText(record['id'], bytes) : undefined;
  return {
    bytes,
    params,
    meta: isObject(params['_meta']) ? params['_meta'] : {},
    isRequest: method !== undefined && rpcId !== undefined,
    ...(method === undefined ? {} : { method }),
    ...(rpcId === undefined ? {} : { rpcId }),
  };
}

function idText(id: string | number, bytes: Uint8Array): string {
  if (typeof id === 'string') return JSON.stringify(id);
  // A number beyond 2^53 or written 1.0 must come back as it was written, which the parsed value no longer says.
  const span = lastMember(membersOf(bytes, startOf(bytes)), 'id');
  return span === undefined ? String(id) : textAt(bytes, span);
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A byte order mark is no part of the text, and `TextDecoder` drops it as most servers do. */
function startOf(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}
