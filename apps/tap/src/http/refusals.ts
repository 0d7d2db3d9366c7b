/** What the client is told when the transport itself cannot bring a message through. Each ends its exchange. */
import { rpcError, rpcErrors, transportErrorCodes, type LongMessage } from '@countersign/wire';
import type { ClientSide } from './client-side.js';
import type { Exchange, House } from './house.js';

export interface Problem {
  readonly code: number;
  readonly message: string;
}

export function refuse(client: ClientSide, status: number, problem: Problem): void {
  const error = rpcError(undefined, problem);
  client.answer(status, [error], error);
}

/** Under the request's own id where the bytes that went by leave no doubt of it; else by a status no client can miss. */
export function refuseUnread(client: ClientSide, seen: LongMessage, { status, problem }: { readonly status: number; readonly problem: Problem }): void {
  const rpcId = sureIdOf(seen);
  if (rpcId === undefined) return refuse(client, status, problem);
  const error = rpcError(rpcId, problem);
  return client.answer(200, [error], error);
}

/** The id of a request of which only the envelope is known; `undefined` when it could be another. */
export function sureIdOf(seen: LongMessage): string | undefined {
  const isId = seen.rpcId !== undefined && /^(?:-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*")$/s.test(seen.rpcId);
  return isId && seen.isSure && seen.method !== undefined ? seen.rpcId : undefined;
}

/** T42: no answer at all came back. */
export function upstreamFailed(exchange: Exchange, answers: readonly Uint8Array[], error: unknown): void {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'connection failed';
  const problem = { code: transportErrorCodes.upstreamUnavailable, message: `The server behind this tap gave no answer (${code}). The call may or may not have run; look before you repeat it.` };
  exchange.house.log(`The server at ${exchange.house.upstream.origin} gave no answer: ${code}.`);
  exchange.lease.lose('upstream-unreachable');
  const { rpcIds } = exchange.facts;
  const errors = rpcIds.length === 0 ? [rpcError(undefined, problem)] : rpcIds.map((id) => rpcError(id, problem));
  exchange.client.answer(502, [...answers, ...errors], rpcErrors(rpcIds, exchange.isBatch, problem));
}

/** Something of ours is broken. What was not yet sent is not sent, and the client hears an end. */
export function failClosed(house: House, client: ClientSide, error: unknown): void {
  house.log(`An exchange failed inside the tap: ${error instanceof Error ? error.message : 'unknown cause'}.`);
  if (!client.canAnswer) client.reset();
  else refuse(client, 500, { code: transportErrorCodes.failedClosed, message: 'The tap could not have this message judged, so it failed closed. Repeat it; if this stays so, look into the log of the tap.' });
}
