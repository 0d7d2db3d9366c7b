/** How an answer begins: as the server began it, or refused because it cannot be judged. */
import type { IncomingMessage } from 'node:http';
import { rpcError, rpcErrors, transportErrorCodes } from '@countersign/wire';
import type { Exchange } from './house.js';

/** The answer cannot be judged, so the client gets an error in its place. */
export function refuseAnswer({ client, facts, isBatch, house }: Exchange, response: IncomingMessage, why: string): void {
  response.destroy();
  house.log(`An answer of the server ${why}; the client got an error in its place.`);
  const problem = { code: transportErrorCodes.uninspectable, message: `The server's answer ${why}, so it was not delivered. The call itself has run. Ask for less in one answer.` };
  const errors = facts.rpcIds.length === 0 ? [rpcError(undefined, problem)] : facts.rpcIds.map((id) => rpcError(id, problem));
  client.answer(facts.rpcIds.length === 0 ? 502 : 200, errors, rpcErrors(facts.rpcIds, isBatch, problem));
}

export function sendHead(client: Exchange['client'], response: IncomingMessage, headers: readonly string[]): void {
  client.head(response.statusCode ?? 502, response.statusMessage ?? '', headers);
}
