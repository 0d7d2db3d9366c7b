/**
 * Brings the server's answer to the client: an event stream event by event, JSON as one message, anything else as bytes.
 * RR1. Status, reason and end-to-end headers are the server's; only what a verdict changed has other bytes, and says their length.
 * RR2. An answer to a message that was judged is read whole before any of it goes on, whatever it calls itself.
 * RR3. Broken off by the server is broken off for the client, after all that came before (T42); ended is ended (T34).
 */
import type { IncomingMessage } from 'node:http';
import { endToEndTrailers, headersForChangedBody, headerValue, joinBatch, mapFields, mediaTypeOf, readHttpBody, rpcError, transportErrorCodes, type LongMessage } from '@countersign/wire';
import type { Passage } from '../passage.js';
import { reasonOf } from './client-side.js';
import { decodeBody, encodeBody } from './content-coding.js';
import type { Exchange } from './house.js';
import { isUnchanged, offerData, readEnvelope } from './offer-message.js';
import { answerHeaders, isSignInChallenge, mayNameResource, relayResourceDocument } from './oauth-rewrite.js';
import { readBody } from './read-body.js';
import { relayEvents } from './relay-events.js';
import { mayPassUnread, relayUnread } from './relay-unread.js';
import { fromServer } from './reply-to-server.js';
import { refuseAnswer, sendHead } from './response-head.js';

export async function relayResponse(exchange: Exchange, response: IncomingMessage, answers: readonly Uint8Array[]): Promise<void> {
  noteSession(exchange, response);
  if (isSignInChallenge(response)) exchange.house.signInAsked();
  const media = mediaTypeOf(response.rawHeaders);
  const hasBody = exchange.method !== 'HEAD' && response.statusCode !== 204 && response.statusCode !== 304;
  if (hasBody && mayNameResource(exchange, response)) await relayResourceDocument(exchange, response);
  else if (hasBody && media === 'text/event-stream') await relayEvents(exchange, response, answers);
  else if (hasBody && (exchange.isOffered || media === 'application/json')) await relayWhole(exchange, response, answers);
  else await relayBytes(exchange, response);
}

/** What the answer says of the session: named, or over. */
function noteSession({ facts, lease, method, headers, path, house }: Exchange, response: IncomingMessage): void {
  const status = response.statusCode ?? 0;
  if (facts.isInitialize && status < 400) lease.bind(headerValue(response.rawHeaders, 'mcp-session-id'));
  if (headerValue(headers, 'mcp-session-id') === undefined || !house.upstream.isMcpPath(path)) return;
  if (method === 'DELETE' && status >= 200 && status < 300) lease.endSession('deleted');
  else if (status === 404) lease.endSession('not-found');
}

async function relayBytes(exchange: Exchange, response: IncomingMessage): Promise<void> {
  const { client } = exchange;
  sendHead(client, response, answerHeaders(exchange, response));
  client.flushHead();
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) await client.write(chunk);
  } catch {
    client.reset();
    return;
  }
  client.end(undefined, endToEndTrailers(response.rawTrailers));
}

async function relayWhole(exchange: Exchange, response: IncomingMessage, answers: readonly Uint8Array[]): Promise<void> {
  const { client, house, loan, lease } = exchange;
  const whole = await readBody(response, { bytesMax: house.limits.messageBytesMax, loan });
  if (whole.kind === 'truncated') {
    lease.lose('truncated');
    if (!client.isGone) house.log('The server broke off in the middle of an answer; the client was told by a broken connection.');
    client.reset();
    return;
  }
  if (whole.kind === 'too-large' && mayPassUnread(exchange, response, answers)) return relayUnread(exchange, response, whole.soFar);
  if (whole.kind !== 'whole') return refuseAnswer(exchange, response, 'is larger than what can be kept to be judged');
  const decoded = await decodeBody(response.rawHeaders, whole.bytes, house.limits.messageBytesMax);
  const hasRoom = decoded === undefined || decoded === whole.bytes || loan.take(decoded.length);
  if ((decoded === undefined && exchange.isOffered) || !hasRoom) return refuseAnswer(exchange, response, 'is compressed in a way that cannot be read within the limits');
  const envelope = decoded !== undefined && decoded.length > house.limits.inspectBytesMax ? await readEnvelope(decoded) : undefined;
  // What answers a judged message under 200 as JSON is judged, readable or not; an error page is not a message.
  const isAnswer = exchange.isOffered && whole.bytes.length > 0 && response.statusCode === 200 && mediaTypeOf(response.rawHeaders) === 'application/json';
  if (decoded === undefined || !(isAnswer || carriesMessage(decoded, envelope))) return relayUnjudged(exchange, response, { bytes: whole.bytes, answers });
  const decision = offerData(lease.stream, { direction: 'server-to-client', bytes: decoded, framing: 'body', ...fromServer(exchange) }, { inspectBytesMax: house.limits.inspectBytesMax, envelope });
  const passage = decision instanceof Promise ? await client.whileHeld(decision) : decision;
  await deliver(exchange, response, { passage, raw: whole.bytes, decoded, answers });
}

function carriesMessage(bytes: Uint8Array, envelope: LongMessage | undefined): boolean {
  if (bytes.length === 0) return false;
  if (envelope !== undefined) return envelope.rpcId !== undefined || envelope.method !== undefined;
  const { kind } = readHttpBody(bytes);
  return kind === 'message' || kind === 'batch';
}

interface Judged {
  readonly passage: Passage;
  readonly raw: Uint8Array;
  readonly decoded: Uint8Array;
  readonly answers: readonly Uint8Array[];
}

async function deliver(exchange: Exchange, response: IncomingMessage, { passage, raw, decoded, answers }: Judged): Promise<void> {
  const { client } = exchange;
  const messages = passage.kind === 'drop' ? answers : [passage.bytes, ...answers];
  if (client.isHeldStream) return client.answer(200, messages, raw);
  if (messages.length === 0) return client.endEmpty();
  const headers = answerHeaders(exchange, response);
  if (answers.length === 0 && isUnchanged(passage, decoded)) {
    sendHead(client, response, headers);
    return client.end(raw, endToEndTrailers(response.rawTrailers));
  }
  const body = await encodeBody(headers, answers.length === 0 ? (messages[0] ?? decoded) : joinBatch(messages.flatMap((message) => elementsOf(message))));
  const changed = headersForChangedBody(headers, body.length);
  if (passage.kind === 'forward' && answers.length === 0) sendHead(client, response, changed);
  else client.head(200, reasonOf(200), mapFields(changed, (name, value) => (name.toLowerCase() === 'content-type' ? 'application/json' : value)));
  client.end(body);
}

/** No message in it: an empty 202, a page, a document of an authorization server. */
function relayUnjudged(exchange: Exchange, response: IncomingMessage, { bytes, answers }: { readonly bytes: Uint8Array; readonly answers: readonly Uint8Array[] }): void {
  const { client, facts } = exchange;
  const status = response.statusCode ?? 502;
  if (client.isHeldStream) {
    const problem = { code: transportErrorCodes.upstreamUnavailable, message: `The server answered HTTP ${status} without a message, after a hold had already opened the answer. Repeat the call to see that status.` };
    client.answer(200, [...answers, ...facts.rpcIds.map((id) => rpcError(id, problem))], bytes);
  } else if (answers.length > 0 && status < 400) {
    client.answer(200, answers, joinBatch(answers));
  } else {
    sendHead(client, response, answerHeaders(exchange, response));
    client.end(bytes);
  }
}

function elementsOf(message: Uint8Array): readonly Uint8Array[] {
  const body = readHttpBody(message);
  return body.kind === 'batch' ? body.messages.map((element) => element.bytes) : [message];
}
