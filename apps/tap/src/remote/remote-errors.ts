/**
 * What a stdio client is told when the server behind the URL did not answer with a message.
 * RE1. The answer carries the request's own id, as it was written, so that nobody waits for nothing.
 * RE2. A server's own JSON-RPC error is handed on; one without an id, as HTTP allows it, gets the request's.
 * RE3. No text names a credential or a query string.
 */
import { isRecord, rpcError, transportErrorCodes } from '@countersign/wire';

export function unreachable(rpcIds: readonly string[], why: string): Uint8Array[] {
  return rpcIds.map((id) => rpcError(id, { code: transportErrorCodes.upstreamUnavailable, message: `The server behind this tap ${why}` }));
}

/** @param body as it came. @returns one error per request. */
export function refusedByServer(rpcIds: readonly string[], status: number, body: Uint8Array): Uint8Array[] {
  const own = errorIn(body);
  if (own !== undefined) return rpcIds.map((id) => Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${JSON.stringify(own)}}`));
  return unreachable(rpcIds, sentenceOf(status));
}

/** The `error` of a JSON-RPC error, whatever its id. */
export function errorIn(body: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
    return isRecord(value) && isRecord(value['error']) && typeof value['error']['code'] === 'number' ? value['error'] : undefined;
  } catch {
    return undefined;
  }
}

function sentenceOf(status: number): string {
  if (status === 401 || status === 403) return `answered HTTP ${status}: it wants credentials. Nothing was run. Give them with --header-env NAME=VARIABLE; a server that signs people in by itself needs a client that speaks HTTP.`;
  if (status >= 300 && status < 400) return `answered HTTP ${status}: it lives at another address. Nothing was run. Give that address with --upstream.`;
  return `answered HTTP ${status} and no message. Whether the call has run cannot be told from that.`;
}
