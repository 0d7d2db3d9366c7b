/**
 * What the HTTP transport itself answers when no message can get through. The core's refusals are not made here.
 * HA1. Never 401, and 403 only to a foreign origin or host: both start a client's sign-in.
 * HA2. The id is the request's own, as it was written, so that the client's call ends at once.
 * HA3. No text names a credential, a query string or anything a peer sent except header names.
 */
import { answerCodes } from './answers.js';
import { headerMismatchCode, type HeaderMismatch } from './http-mismatch.js';

/** -31999 and down are the tap's (tap.md, section 7). */
export const transportErrorCodes = {
  /** The message could not be put before the gate: refused. */
  failedClosed: answerCodes.unavailable,
  /** Too large, or encoded in a way that cannot be read: refused, since nothing may be judged by a part. */
  uninspectable: answerCodes.uninspectable,
  /** The server behind the tap cannot be reached or broke off before it answered. */
  upstreamUnavailable: -31995,
  /** The listener is not for this origin or host (T41). */
  notAllowedHere: -31994,
} as const;

/** A JSON-RPC error. `rpcId` is JSON text; without one the id is null, as JSON-RPC has it for a message that could not be read. */
export function rpcError(rpcId: string | undefined, error: { readonly code: number; readonly message: string; readonly data?: unknown }): Uint8Array {
  return Buffer.from(`{"jsonrpc":"2.0","id":${rpcId ?? 'null'},"error":${JSON.stringify(error)}}`);
}

/** One error per request of an exchange; an array where the client had sent one. */
export function rpcErrors(rpcIds: readonly string[], isBatch: boolean, error: { readonly code: number; readonly message: string }): Uint8Array {
  if (!isBatch || rpcIds.length === 0) return rpcError(rpcIds[0], error);
  return Buffer.concat([Buffer.from('['), ...rpcIds.flatMap((id, index) => [Buffer.from(index === 0 ? '' : ','), rpcError(id, error)]), Buffer.from(']')]);
}

export function headerMismatchError(rpcId: string | undefined, mismatch: HeaderMismatch): Uint8Array {
  return rpcError(rpcId, {
    code: headerMismatchCode,
    message: `Header mismatch: ${mismatch.header} does not say what the body says. Nothing was sent to the server; send both alike.`,
    data: { mismatch: { header: mismatch.headerValue.slice(0, 256), body: mismatch.bodyValue.slice(0, 256) } },
  });
}
