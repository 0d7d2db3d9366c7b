/**
 * Which revision a message speaks. Decided per request, from its own `_meta`, else from what its session negotiated.
 * ER1. A request that carries the modern protocol-version key is modern, whatever its session did before.
 * ER2. A response is of the era of the request it answers.
 * ER3. What a server says unasked is modern when it carries a modern mark itself, or when its client last spoke so.
 * Source: MCP 2026-07-28 (no `initialize`; each request names its version), earlier revisions (`initialize` negotiates once).
 */
import { isRecord } from './rpc-message.js';

export interface Era {
  readonly era: 'legacy' | 'modern';
  /** At most 32 characters. */
  readonly protocolVersion?: string;
}

const versionKey = 'io.modelcontextprotocol/protocolVersion';
const clientKey = 'io.modelcontextprotocol/clientInfo';
const modernMarks = [versionKey, 'io.modelcontextprotocol/subscriptionId', 'io.modelcontextprotocol/serverInfo'];
const firstModern = '2026-07-28';

export interface ClientLabel {
  readonly clientName?: string;
  readonly clientVersion?: string;
}

/** @param negotiated what the session agreed on so far. @param header the HTTP header, already checked against the body. */
export function eraOf(params: Readonly<Record<string, unknown>> | undefined, session: { readonly negotiated?: string | undefined; readonly header?: string | undefined }): Era {
  const own = metaOf(params)?.[versionKey];
  if (typeof own === 'string') return { era: 'modern', protocolVersion: own.slice(0, 32) };
  const version = session.negotiated ?? session.header;
  if (version === undefined) return { era: 'legacy' };
  // Revisions are dates, so they compare as text.
  return { era: version >= firstModern ? 'modern' : 'legacy', protocolVersion: version.slice(0, 32) };
}

/** Does a message a server sent unasked carry a mark that only modern messages have? */
export function hasModernMark(params: Readonly<Record<string, unknown>> | undefined): boolean {
  const meta = metaOf(params);
  return meta !== undefined && modernMarks.some((key) => Object.hasOwn(meta, key));
}

/** What the client calls itself, in `initialize` or a modern request; a label, never an identity. */
export function clientLabelOf(method: string | undefined, params: Readonly<Record<string, unknown>> | undefined): ClientLabel | undefined {
  const info = method === 'initialize' ? params?.['clientInfo'] : metaOf(params)?.[clientKey];
  if (!isRecord(info)) return undefined;
  const { name, version } = info;
  return {
    ...(typeof name === 'string' ? { clientName: name.slice(0, 256) } : {}),
    ...(typeof version === 'string' ? { clientVersion: version.slice(0, 256) } : {}),
  };
}

function metaOf(params: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> | undefined {
  const meta = params?.['_meta'];
  return isRecord(meta) ? meta : undefined;
}
