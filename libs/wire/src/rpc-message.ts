/**
 * One JSON-RPC message, read from a copy of its bytes; the bytes themselves are what travels.
 * RM1. Never throws: what cannot be read is `noise`, what should not be trusted is flagged.
 * RM2. An id keeps type and spelling: 1, "1" and 1.0 have three id texts. Answers carry the text as it came.
 * RM3. `routeIsAmbiguous` means that another parser could see another message: a repeated `method`, `params` or `name`, one in another
 *      letter case (some parsers ignore case), a carriage return inside the line (some readers end a line there).
 * RM4. `mayBeCall` errs towards yes: whatever any lenient parser might execute as a `tools/call` is one.
 */
import { isAmbiguous, scanJson, type JsonFacts, type JsonScan } from './json-facts.js';
import { lastMember, textAt, type MemberSpan } from './json-spans.js';

export type MessageShape = 'request' | 'response' | 'error' | 'notification' | 'batch' | 'noise';

export interface RpcMessage {
  readonly shape: MessageShape;
  readonly bytes: Uint8Array;
  /** The parsed copy; undefined for noise that is not JSON. */
  readonly value: unknown;
  readonly method?: string | undefined;
  /** JSON text of the id: strings in canonical spelling, numbers as written. */
  readonly rpcId?: string | undefined;
  readonly params?: Readonly<Record<string, unknown>> | undefined;
  /** Where the outer members lie in `bytes`; empty for what is no object. */
  readonly scan: Pick<JsonScan, 'root' | 'params'>;
  readonly facts: JsonFacts;
  readonly isAmbiguous: boolean;
  readonly isTooDeep: boolean;
  readonly routeIsAmbiguous: boolean;
  /** Could any parser read a `tools/call` here? */
  readonly mayBeCall: boolean;
}

/** Deeper than this nothing is inspected. Policy conditions stop at 64, recursive writers somewhere in the thousands. */
export const depthMax = 128;
const noFacts: JsonFacts = { repeatedKey: false, unsafeNumber: false, loneSurrogate: false, invalidUtf8: false, depth: 0 };
const noScan: Pick<JsonScan, 'root' | 'params'> = { root: [], params: [] };
const routingKeys = new Set(['method', 'params', 'id', 'name', 'arguments', 'result', 'error', '_meta']);

/** Costs one `JSON.parse` and one pass over the bytes. */
export function readMessage(bytes: Uint8Array): RpcMessage {
  let value: unknown;
  try {
    value = JSON.parse(viewOf(bytes).toString('utf8'));
  } catch {
    return { shape: 'noise', bytes, value: undefined, scan: noScan, facts: noFacts, isAmbiguous: false, isTooDeep: false, routeIsAmbiguous: false, mayBeCall: unreadableMayBeCall(bytes) };
  }
  const scan = scanJson(bytes);
  const { facts } = scan;
  const base = { bytes, value, scan, facts, isAmbiguous: isAmbiguous(facts), isTooDeep: facts.depth > depthMax };
  if (Array.isArray(value)) return { ...base, shape: 'batch', routeIsAmbiguous: hasReturn(bytes), mayBeCall: unreadableMayBeCall(bytes) };
  if (!isRecord(value)) return { ...base, shape: 'noise', routeIsAmbiguous: false, mayBeCall: hasReturn(bytes) && unreadableMayBeCall(bytes) };
  return readObject({ ...base, value });
}

/** A correlation key: two texts of one number (1, 1.0) are one key, 1 and "1" are two. */
export function idKey(rpcId: string): string {
  if (rpcId.startsWith('"')) return rpcId;
  const value = Number(rpcId);
  return Number.isSafeInteger(value) ? String(value) : rpcId;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface ReadSoFar extends Pick<RpcMessage, 'bytes' | 'scan' | 'facts' | 'isAmbiguous' | 'isTooDeep'> {
  readonly value: Record<string, unknown>;
}

/** One object literal on purpose: every message has the same hidden class, and the relay reads it many times. */
function readObject(read: ReadSoFar): RpcMessage {
  const { bytes, value, scan, facts } = read;
  const method = own(value, 'method');
  const params = own(value, 'params');
  const rpcId = idTextOf(bytes, scan.root, value);
  const routeIsAmbiguous = hasTwin(scan.root, facts) || scan.params.some((members) => hasTwin(members, facts)) || hasReturn(bytes);
  return {
    shape: shapeOf(value, rpcId !== undefined), bytes, value,
    method: typeof method === 'string' ? method : undefined,
    rpcId,
    params: isRecord(params) ? params : undefined,
    scan, facts, isAmbiguous: read.isAmbiguous, isTooDeep: read.isTooDeep, routeIsAmbiguous,
    mayBeCall: method === 'tools/call' || (routeIsAmbiguous && unreadableMayBeCall(bytes)),
  };
}

function shapeOf(value: Record<string, unknown>, hasId: boolean): MessageShape {
  if (typeof own(value, 'method') === 'string') return hasId ? 'request' : 'notification';
  if (Object.hasOwn(value, 'result') && hasId) return 'response';
  return Object.hasOwn(value, 'error') && (hasId || own(value, 'id') === null) ? 'error' : 'noise';
}

function idTextOf(bytes: Uint8Array, root: readonly MemberSpan[], value: Record<string, unknown>): string | undefined {
  const id = own(value, 'id');
  if (id === undefined || id === null) return undefined;
  if (typeof id === 'string') return JSON.stringify(id);
  const span = lastMember(root, 'id');
  return span === undefined ? JSON.stringify(id) : textAt(bytes, span);
}

/** Repeated routing keys, or the same key in another letter case. */
function hasTwin(members: readonly MemberSpan[], { repeatedKey }: JsonFacts): boolean {
  if (members.some(({ key }) => !routingKeys.has(key) && routingKeys.has(key.toLowerCase()))) return true;
  return repeatedKey && members.some(({ key }, index) => routingKeys.has(key) && members.findIndex((other) => other.key === key) < index);
}

/** Not a parse, on purpose: text that names the method, or hides text behind escapes or NULs, may be a call to somebody. */
function unreadableMayBeCall(bytes: Uint8Array): boolean {
  const text = viewOf(bytes).toString('latin1');
  return text.includes('tools/call') || /\\[u/]/.test(text) || text.includes('\0');
}

function hasReturn(bytes: Uint8Array): boolean {
  return viewOf(bytes).includes(13);
}

/** A `Buffer` searches with the machine's own instructions, a `Uint8Array` byte by byte. */
function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function own(value: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}
