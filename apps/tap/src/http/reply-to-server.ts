/**
 * Says one message to the server in the client's place: the refusal of something it asked of the client.
 * RS1. It is posted as the client itself would answer: same address, same session, same credentials, for that one request.
 * RS2. What the server answers to it is read and dropped; that it could not be reached is logged.
 */
import { mapFields, type RawHeaders } from '@countersign/wire';
import type { Arrival } from '../passage.js';
import type { Exchange } from './house.js';

/** Of the request this is said beside, not of the message that is said. */
const ofTheRequest = new Set(['content-length', 'content-encoding', 'content-type', 'transfer-encoding', 'expect', 'last-event-id', 'mcp-method', 'mcp-name', 'accept']);

/** What every message of the server's in this exchange arrives with. */
export function fromServer(exchange: Exchange): Pick<Arrival, 'toSender' | 'protocolVersionHeader'> {
  const { protocolVersion } = exchange.facts;
  return { toSender: (bytes) => reply(exchange, bytes), ...(protocolVersion === undefined ? {} : { protocolVersionHeader: protocolVersion }) };
}

function reply({ house, headers, path, lease }: Exchange, bytes: Uint8Array): boolean {
  const sent = house.upstream.send({ method: 'POST', path: lease.postedTo ?? path, headers: replyHeaders(headers, bytes.length), body: bytes, trailers: [] });
  sent.response.then(
    (response) => void response.resume().on('error', () => undefined),
    (error: unknown) => house.log(`The server could not be told that what it asked of the client was refused: ${error instanceof Error ? error.message : 'no reason given'}.`),
  );
  return true;
}

function replyHeaders(headers: RawHeaders, bodyBytes: number): string[] {
  const kept = mapFields(headers, (name, value) => {
    const lower = name.toLowerCase();
    return ofTheRequest.has(lower) || lower.startsWith('mcp-param-') ? undefined : value;
  });
  return [...kept, 'Accept', 'application/json, text/event-stream', 'Content-Type', 'application/json', 'Content-Length', String(bodyBytes)];
}
