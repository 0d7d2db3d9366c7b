/**
 * What the HTTP transport itself must know of a body: is it JSON-RPC, where does each message of it lie, whom does it name.
 * HB1. A copy is parsed; spans point into the original bytes.
 * HB2. Where a member is given twice the last counts, as in every common parser. The core decides what to think of such a message.
 * HB3. A body that carries no JSON-RPC (a token request, a registration) is never called one: it may hold secrets.
 */

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

/** Reads a complete body. Costs one `JSON.parse` and one pass over the bytes. */
export function readHttpBody(body: Uint8Array): HttpBody {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    return { kind: 'unparsable' };
  }
  if (!Array.isArray(value)) return isRpc(value) ? { kind: 'message', message: readMessage(value, body) } : { kind: 'other' };
  if (!value.some(isRpc)) return { kind: 'other' };
  const spans = childSpans(body, 'elements');
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
  if ('jsonrpc' in value || typeof value['method'] === 'string') return true;
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
  let spelling = String(id);
  for (const member of childSpans(bytes, 'members')) {
    if (member.key === 'id') spelling = decode(bytes.subarray(member.start, member.end));
  }
  return spelling;
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly key?: string;
}

/** Spans of the children of the one object or array that the bytes are. They are known to be JSON. */
function childSpans(bytes: Uint8Array, of: 'members' | 'elements'): Span[] {
  const spans: Span[] = [];
  let next = skipSpace(bytes, skipSpace(bytes, startOf(bytes)) + 1);
  while (next < bytes.length && !isCloser(bytes[next])) {
    let key: string | undefined;
    if (of === 'members') {
      const keyEnd = endOfString(bytes, next);
      key = JSON.parse(decode(bytes.subarray(next, keyEnd))) as string;
      next = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    }
    const end = endOfValue(bytes, next);
    spans.push({ start: next, end, ...(key === undefined ? {} : { key }) });
    next = skipSpace(bytes, end);
    if (bytes[next] === 44) next = skipSpace(bytes, next + 1);
  }
  return spans;
}

function endOfValue(bytes: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === 34) at = endOfString(bytes, at) - 1;
    else if (byte === 123 || byte === 91) depth += 1;
    else if (isCloser(byte)) {
      if (depth === 0) return at;
      depth -= 1;
    }
    if (depth === 0 && isLastOfValue(bytes, at)) return at + 1;
  }
  return bytes.length;
}

function isLastOfValue(bytes: Uint8Array, at: number): boolean {
  const byte = bytes[at];
  if (byte === 34 || isCloser(byte)) return true;
  const following = bytes[at + 1];
  return following === undefined || following === 44 || isCloser(following) || isSpace(following);
}

function endOfString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < bytes.length && bytes[at] !== 34) at += bytes[at] === 92 ? 2 : 1;
  return at + 1;
}

function startOf(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at])) at += 1;
  return at;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function isCloser(byte: number | undefined): boolean {
  return byte === 125 || byte === 93;
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
