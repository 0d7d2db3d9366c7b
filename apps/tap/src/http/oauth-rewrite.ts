/**
 * A server behind OAuth names its own address as the resource, and a client that came by the tap's address refuses to sign in for another.
 * OR1. By default nothing is rewritten; that the server asks for OAuth is said once, with what can be done.
 * OR2. Only when asked for (`--oauth-rewrite`) the server's origin becomes the tap's, in `resource_metadata=` of `WWW-Authenticate` and in
 *      `resource` of the protected-resource document. Tokens are then issued for the tap.
 * OR3. A document that cannot be read, or that names a resource elsewhere, passes unchanged.
 */
import type { IncomingMessage } from 'node:http';
import { endToEndHeaders, headersForChangedBody, headerValue, mapFields, mediaTypeOf } from '@countersign/wire';
import { decodeBody, encodeBody } from './content-coding.js';
import type { Exchange } from './house.js';
import { readBody } from './read-body.js';
import { relayUnread } from './relay-unread.js';
import { sendHead } from './response-head.js';

const documentBytesMax = 256 * 1024;

export const oauthAsItIs =
  'The server asks its clients to sign in (OAuth) for its own address. A client that compares this with the tap’s address does not sign in; a credential it already has goes through. If the server and its authorization server accept tokens that were issued for another address, start the tap with --oauth-rewrite.';
export const oauthRewritten =
  'Warning: --oauth-rewrite shows clients the tap’s address as the protected resource. Tokens are issued for the tap and are sent on to the server; that works, and is right, only where the server accepts the tap’s address as their audience or checks none.';

export function isSignInChallenge({ rawHeaders, statusCode }: Pick<IncomingMessage, 'rawHeaders' | 'statusCode'>): boolean {
  return statusCode === 401 && /\bresource_metadata\s*=/i.test(headerValue(rawHeaders, 'www-authenticate') ?? '');
}

/** The end-to-end headers of an answer, challenges rewritten when that was asked for. */
export function answerHeaders({ house, headers }: Exchange, { rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): string[] {
  const own = endToEndHeaders(rawHeaders);
  const tap = house.isOauthRewritten ? originOfTap(headers) : undefined;
  if (tap === undefined) return own;
  const challenge = (text: string): string => text.replace(/(\bresource_metadata\s*=\s*")([^"]{1,2048})(?=")/gi, (_, before: string, url: string) => before + atTap(url, house.upstream.origin, tap));
  return mapFields(own, (name, value) => (name.toLowerCase() === 'www-authenticate' ? challenge(value) : value));
}

/** May this answer be the document that names the protected resource? */
export function mayNameResource({ house, method, isOffered }: Exchange, { statusCode, rawHeaders }: IncomingMessage): boolean {
  return house.isOauthRewritten && method === 'GET' && !isOffered && statusCode === 200 && mediaTypeOf(rawHeaders) === 'application/json';
}

export async function relayResourceDocument(exchange: Exchange, response: IncomingMessage): Promise<void> {
  const { client, house, loan, headers } = exchange;
  const read = await readBody(response, { bytesMax: documentBytesMax, loan });
  if (read.kind === 'truncated') return client.reset();
  if (read.kind !== 'whole') return relayUnread(exchange, response, read.soFar);
  const decoded = await decodeBody(response.rawHeaders, read.bytes, documentBytesMax);
  const tap = originOfTap(headers);
  const text = decoded === undefined || tap === undefined ? undefined : documentAtTap(decoded, house.upstream.origin, tap);
  const own = answerHeaders(exchange, response);
  if (text === undefined) {
    sendHead(client, response, own);
    return client.end(read.bytes);
  }
  const body = await encodeBody(own, Buffer.from(text));
  sendHead(client, response, headersForChangedBody(own, body.length));
  client.end(body);
}

/** @returns undefined when there is nothing to change. */
function documentAtTap(bytes: Uint8Array, from: string, to: string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null || !('resource' in document) || typeof document.resource !== 'string' || !('authorization_servers' in document)) return undefined;
  const resource = atTap(document.resource, from, to);
  return resource === document.resource ? undefined : JSON.stringify({ ...document, resource });
}

/** Only an address at the server itself becomes one at the tap: its path and query stay as they were written. */
function atTap(url: string, from: string, to: string): string {
  if (!URL.canParse(url) || new URL(url).origin !== from) return url;
  const pathAt = url.slice(url.indexOf('//') + 2).search(/[/?#]/);
  return pathAt === -1 ? to : to + url.slice(url.indexOf('//') + 2 + pathAt);
}

/** As the client called it; the guard has let only names of this machine, or the address the tap listens on, through. */
function originOfTap(headers: readonly string[]): string | undefined {
  const host = headerValue(headers, 'host');
  return host === undefined || !URL.canParse(`http://${host}`) ? undefined : `http://${host}`;
}
