/**
 * A message → what the record says of it (contracts: `ObservedMessage`), and a tap's counters → a complete observation.
 * OB1. The digest is over the bytes as they came, before our metadata is cut out.
 * OB2. A payload over `payloadBytesMax`, or nested too deep to be written, is absent, and a flag says why.
 * OB3. Our own metadata is not in the payload; it has its own member.
 */
import { createHash } from 'node:crypto';
import type { ObservedMessage } from '@countersign/contracts';
import type { LongMessage } from './long-message.js';
import { metadataPrefix } from './metadata.js';
import { isRecord, type RpcMessage } from './rpc-message.js';

/** Equal to contracts' bound of the same name; a test keeps the two together (importing it would load the schemas into every tap). */
export const observedPayloadBytesMax = 256 * 1024;
const noiseCharactersMax = 4096;
const methodCharactersMax = 256;
const idCharactersMax = 512;

export type MessageFlag = ObservedMessage['flags'][number];

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

export function observedMessage(message: RpcMessage, facts: ObservedFacts): ObservedMessage {
  const method = message.method ?? facts.method;
  const flags = [...flagsOf(message, facts), ...facts.flags];
  const shape = message.isTooDeep ? 'uninspectable' : message.shape;
  const isOverCap = facts.raw.length > observedPayloadBytesMax;
  if (isOverCap) flags.push('over-cap');
  const payload = facts.payload === 'full' && !isOverCap && !message.isTooDeep ? payloadOf(message) : undefined;
  return {
    shape,
    bytes: facts.raw.length,
    digest: digestOf(facts.raw),
    flags,
    ...(method === undefined ? {} : { method: method.slice(0, methodCharactersMax) }),
    ...(message.rpcId === undefined ? {} : { rpcId: message.rpcId.slice(0, idCharactersMax) }),
    ...(facts.inReplyTo === undefined ? {} : { inReplyTo: facts.inReplyTo }),
    ...(payload === undefined ? {} : { payload }),
  };
}

/** A message that was too long to keep whole; all that is known of it is its envelope. */
export function observedLong(envelope: LongMessage, facts: { readonly digest: string; readonly framing: string; readonly method?: string | undefined; readonly inReplyTo?: string | undefined }): ObservedMessage {
  const method = envelope.method ?? facts.method;
  const framing: MessageFlag[] = facts.framing === '' ? ['no-newline'] : facts.framing === '\r\n' ? ['crlf'] : [];
  return {
    shape: 'uninspectable', bytes: envelope.bytes, digest: facts.digest, flags: ['over-cap', ...framing],
    ...(method === undefined ? {} : { method: method.slice(0, methodCharactersMax) }),
    ...(envelope.rpcId === undefined ? {} : { rpcId: envelope.rpcId.slice(0, idCharactersMax) }),
    ...(facts.inReplyTo === undefined ? {} : { inReplyTo: facts.inReplyTo }),
  };
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function flagsOf(message: RpcMessage, { framing, raw }: ObservedFacts): MessageFlag[] {
  const flags: MessageFlag[] = [];
  if (raw.length === 0 || raw.every((byte) => byte === 32 || byte === 9 || byte === 13)) flags.push('blank');
  if (framing === '') flags.push('no-newline');
  if (framing === '\r\n') flags.push('crlf');
  if (message.facts.invalidUtf8) flags.push('invalid-utf8');
  if (message.isAmbiguous || message.routeIsAmbiguous) flags.push('ambiguous-json');
  if (message.isTooDeep) flags.push('too-deep');
  return flags;
}

function payloadOf(message: RpcMessage): unknown {
  const { value } = message;
  switch (message.shape) {
    case 'request':
    case 'notification':
      return isRecord(value) ? withoutOurs(value['params']) : undefined;
    case 'response':
      return isRecord(value) ? value['result'] : undefined;
    case 'error':
      return isRecord(value) ? value['error'] : undefined;
    case 'batch':
      return undefined;
    case 'noise':
      return Buffer.from(message.bytes).toString('utf8').slice(0, noiseCharactersMax);
  }
}

function withoutOurs(params: unknown): unknown {
  if (!isRecord(params) || !isRecord(params['_meta'])) return params;
  const meta = Object.entries(params['_meta']);
  if (!meta.some(([key]) => key.startsWith(metadataPrefix))) return params;
  return { ...params, _meta: Object.fromEntries(meta.filter(([key]) => !key.startsWith(metadataPrefix))) };
}
