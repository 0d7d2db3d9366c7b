/**
 * A message → what the record says of it (contracts: `ObservedMessage`), as the JSON text the record is made of.
 * OB1. The digest is over the bytes as they came, before our metadata is cut out.
 * OB2. A payload over `payloadBytesMax`, or nested too deep to be written, is absent, and a flag says why.
 * OB3. Our own metadata is not in the payload; it has its own member.
 * OB4. The payload is never written out again from its parsed copy where it can be copied: its text is the peer's.
 */
import type { ObservedMessage } from '@countersign/contracts';
import { lastMember, textAt, type Span } from './json-spans.js';
import type { LongMessage } from './long-message.js';
import { metadataPrefix } from './metadata.js';
import { isRecord, type RpcMessage } from './rpc-message.js';
import { sha256Hex } from './sha256.js';

/** Equal to contracts' bound of the same name; a test keeps the two together (importing it would load the schemas into every tap). */
export const observedPayloadBytesMax = 256 * 1024;
const noiseCharactersMax = 4096;
const methodCharactersMax = 256;
const idCharactersMax = 512;

export type MessageFlag = ObservedMessage['flags'][number];

/**
 * What the record says of one message: JSON text of the members known now, from the opening brace on and not closed.
 * With `raw` the rest (digest, payload) is derived from those bytes when the record is read (`spool-record`); else only `}` is missing.
 */
export interface RecordedMessage {
  readonly text: string;
  readonly raw?: Uint8Array;
  readonly payload?: Span;
}

export interface ObservedFacts {
  /** The bytes as they came. */
  readonly raw: Uint8Array;
  readonly framing: string;
  readonly payload: 'full' | 'digest-only';
  readonly flags: readonly MessageFlag[];
  /** For an answer: the method it answers and the observation of the request. */
  readonly method?: string | undefined;
  readonly inReplyTo?: string | undefined;
}

export function observedMessage(message: RpcMessage, facts: ObservedFacts): RecordedMessage {
  const { raw } = facts;
  const isOverCap = raw.length > observedPayloadBytesMax;
  const text = knownText({
    shape: message.isTooDeep ? 'uninspectable' : message.shape, bytes: raw.length, flags: flagsOf(message, facts, isOverCap),
    method: message.method ?? facts.method, rpcId: message.rpcId, inReplyTo: facts.inReplyTo,
  });
  if (facts.payload !== 'full' || isOverCap) return digested(text, raw);
  if (message.isTooDeep) return kept(text, message, raw);
  if (message.shape === 'noise') return kept(`${text},"payload":${JSON.stringify(textAt(message.bytes, whole(message.bytes)).slice(0, noiseCharactersMax))}`, message, raw);
  const without = withoutOurs(message);
  if (without !== undefined) return digested(`${text},"payload":${JSON.stringify(without)}`, raw);
  const payload = payloadSpan(message);
  if (message.bytes !== raw) return digested(payload === undefined ? text : `${text},"payload":${textAt(message.bytes, payload)}`, raw);
  return payload === undefined ? { text, raw } : { text, raw, payload };
}

/** What is stored whole is what came, unless our own metadata was cut out of it. */
function kept(text: string, message: RpcMessage, raw: Uint8Array): RecordedMessage {
  return message.bytes === raw ? { text, raw } : digested(text, raw);
}

/** A message that was too long to keep whole; all that is known of it is its envelope. */
export function observedLong(envelope: LongMessage, facts: { readonly digest: string; readonly framing: string; readonly method?: string | undefined; readonly inReplyTo?: string | undefined }): RecordedMessage {
  const framing: MessageFlag[] = facts.framing === '' ? ['no-newline'] : facts.framing === '\r\n' ? ['crlf'] : [];
  const text = knownText({ shape: 'uninspectable', bytes: envelope.bytes, flags: ['over-cap', ...framing], method: envelope.method ?? facts.method, rpcId: envelope.rpcId, inReplyTo: facts.inReplyTo });
  return { text: `${text},"digest":"${facts.digest}"` };
}

interface Known {
  readonly shape: ObservedMessage['shape'];
  readonly bytes: number;
  readonly flags: readonly MessageFlag[];
  readonly method: string | undefined;
  readonly rpcId: string | undefined;
  readonly inReplyTo: string | undefined;
}

function knownText({ shape, bytes, flags, method, rpcId, inReplyTo }: Known): string {
  let text = `{"shape":"${shape}","bytes":${bytes},"flags":${flags.length === 0 ? '[]' : JSON.stringify(flags)}`;
  if (method !== undefined) text += `,"method":${JSON.stringify(method.slice(0, methodCharactersMax))}`;
  if (rpcId !== undefined) text += `,"rpcId":${JSON.stringify(rpcId.slice(0, idCharactersMax))}`;
  return inReplyTo === undefined ? text : `${text},"inReplyTo":${JSON.stringify(inReplyTo)}`;
}

function digested(text: string, raw: Uint8Array): RecordedMessage {
  return { text: `${text},"digest":"${sha256Hex(raw)}"` };
}

export function digestOf(bytes: Uint8Array): string {
  return sha256Hex(bytes);
}

const none: readonly MessageFlag[] = [];

function flagsOf(message: RpcMessage, { framing, raw, flags: given }: ObservedFacts, isOverCap: boolean): readonly MessageFlag[] {
  const isPlain = framing !== '' && framing !== '\r\n' && !message.facts.invalidUtf8 && !message.isAmbiguous && !message.routeIsAmbiguous && !message.isTooDeep;
  if (isPlain && !isOverCap && message.shape !== 'noise') return given.length === 0 ? none : given;
  const flags: MessageFlag[] = [];
  if (raw.every((byte) => byte === 32 || byte === 9 || byte === 13)) flags.push('blank');
  if (framing === '') flags.push('no-newline');
  if (framing === '\r\n') flags.push('crlf');
  if (message.facts.invalidUtf8) flags.push('invalid-utf8');
  if (message.isAmbiguous || message.routeIsAmbiguous) flags.push('ambiguous-json');
  if (message.isTooDeep) flags.push('too-deep');
  return [...flags, ...given, ...(isOverCap ? (['over-cap'] as const) : [])];
}

function payloadSpan({ shape, scan }: RpcMessage): Span | undefined {
  switch (shape) {
    case 'request':
    case 'notification':
      return lastMember(scan.root, 'params');
    case 'response':
      return lastMember(scan.root, 'result');
    case 'error':
      return lastMember(scan.root, 'error');
    case 'batch':
    case 'noise':
      return undefined;
  }
}

/** The params of a message that holds members under our prefix, without them; undefined when it holds none. */
function withoutOurs({ shape, value }: RpcMessage): Record<string, unknown> | undefined {
  const params = (shape === 'request' || shape === 'notification') && isRecord(value) ? value['params'] : undefined;
  const meta = isRecord(params) ? params['_meta'] : undefined;
  if (!isRecord(params) || !isRecord(meta) || !Object.keys(meta).some((key) => key.startsWith(metadataPrefix))) return undefined;
  return { ...params, _meta: Object.fromEntries(Object.entries(meta).filter(([key]) => !key.startsWith(metadataPrefix))) };
}

function whole(bytes: Uint8Array): Span {
  return { start: 0, end: bytes.length };
}
