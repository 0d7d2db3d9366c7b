/**
 * One request of a client, from its last byte to the end of its answer: guard → read → offer → send → relay.
 * EX1. A message is offered, and its passage decided, before a byte of it goes to the server (W3).
 * EX2. What the core does not judge (no JSON-RPC in it) passes unread and unrecorded: it may be a credential (T40).
 * EX3. Every exchange ends: forwarded, answered, empty, or broken off as its peer broke off (W7).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsEventStream, endToEndTrailers, findHeaderMismatch, guardRequest, headerMismatchError, takeAttestation, transportErrorCodes, type HeaderMismatch } from '@countersign/wire';
import { ClientSide } from './client-side.js';
import type { Exchange, House, Reading } from './house.js';
import { offerRequest, type RequestOutcome } from './offer-request.js';
import { failClosed, refuse, upstreamFailed } from './refusals.js';
import { relayResponse } from './relay-response.js';
import { readRequest, type RequestBody } from './request-body.js';
import { readRequestFacts, type RequestFacts } from './request-facts.js';

export async function relayExchange(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const guard = guardRequest(request.rawHeaders, request.url ?? '/', house.listenHost);
  const client = new ClientSide(response, { keepAliveMs: house.limits.keepAliveMs, mayStream: acceptsEventStream(request.rawHeaders) });
  if (!guard.ok) {
    refuse(client, 403, { code: transportErrorCodes.notAllowedHere, message: `${guard.reason} Only pages and clients of this machine may use it; nothing was sent to the server.` });
    return;
  }
  const loan = house.budget.open();
  try {
    const body = await readRequest({ house, request, client, loan });
    if (body === 'ended') return;
    await relayRead({ house, request, client, loan, body });
  } catch (error) {
    failClosed(house, client, error);
  } finally {
    loan.close();
  }
}

async function relayRead({ house, request, client, loan, body }: Reading & { readonly body: RequestBody | undefined }): Promise<void> {
  const path = request.url ?? '/';
  const mismatch = body?.read.kind === 'message' ? findHeaderMismatch(request.rawHeaders, body.read.message) : undefined;
  const facts = readRequestFacts(request.rawHeaders, body?.read, house.identities);
  if (mismatch !== undefined) {
    house.log(`A request was refused before judging: its ${mismatch.header} header disagrees with its body.`);
    return refuseMismatch({ house, request, client, loan, body }, facts, mismatch);
  }
  const { headers, attestation } = takeAttestation(request.rawHeaders);
  const isOffered = body !== undefined && (body.read.kind === 'message' || body.read.kind === 'batch' || house.upstream.isMcpPath(path) || mentionsRpc(body.decoded));
  const lease = house.sessions.lease({ facts: facts.session, rpcIds: facts.rpcIds, isInitialize: facts.isInitialize, nowMs: house.nowMs(), ...(body === undefined ? {} : { postedTo: path }) });
  const exchange: Exchange = { house, client, loan, method: request.method ?? 'GET', path, headers, facts, lease, isBatch: body?.read.kind === 'batch', isOffered };
  try {
    await pass(exchange, body, attestation);
  } finally {
    lease.release(house.nowMs());
  }
}

async function pass(exchange: Exchange, body: RequestBody | undefined, attestation: string | undefined): Promise<void> {
  const { client, facts, lease, house } = exchange;
  // Modern: closing the connection takes the request back. Legacy: it closes this answer and nothing else (T35).
  client.onDisconnect(() => {
    if (facts.isModern && exchange.isOffered) for (const id of facts.rpcIds) lease.stream.withdraw(id, 'client-disconnected');
  });
  const outcome: RequestOutcome = body === undefined || !exchange.isOffered ? { kind: 'send', headers: exchange.headers, body: body?.raw, answers: [] } : await offerRequest(exchange, body, attestation);
  if (outcome.kind === 'answered') {
    if (outcome.answers.length === 0) client.endEmpty();
    else client.answer(200, outcome.answers, outcome.body);
    return;
  }
  if (client.isGone && facts.isModern) return;
  const sent = house.upstream.send({ method: exchange.method, path: exchange.path, headers: outcome.headers, body: outcome.body, trailers: endToEndTrailers(body?.trailers ?? [], outcome.body !== body?.raw) });
  client.onDisconnect(() => sent.abort(!facts.isModern));
  if (client.isGone) sent.abort(true);
  let answer: IncomingMessage;
  try {
    answer = await sent.response;
  } catch (error) {
    if (!client.isGone) upstreamFailed(exchange, outcome.answers, error);
    return;
  }
  await relayResponse(exchange, answer, outcome.answers);
}

/** T38: nothing is judged or sent, but the attempt is in the record, in the session it belongs to. */
function refuseMismatch({ house, request, client, body }: Reading & { readonly body: RequestBody | undefined }, facts: RequestFacts, mismatch: HeaderMismatch): void {
  const refusal = headerMismatchError(facts.rpcIds[0], mismatch);
  const lease = house.sessions.lease({ facts: facts.session, rpcIds: [], isInitialize: false, nowMs: house.nowMs(), postedTo: request.url ?? '/' });
  try {
    if (body !== undefined && body.envelope === undefined) {
      const detail = `${mismatch.header} disagrees with the body`;
      void lease.stream.offer({ direction: 'client-to-server', bytes: body.decoded, framing: 'body', refusal: { reason: 'header-mismatch', detail, bytes: refusal }, ...(facts.protocolVersion === undefined ? {} : { protocolVersionHeader: facts.protocolVersion }) });
    }
  } finally {
    lease.release(house.nowMs());
  }
  client.answer(400, [refusal], refusal);
}

/** Text no strict parser reads, sent elsewhere than to the endpoint: still judged when it speaks of JSON-RPC. */
function mentionsRpc(bytes: Uint8Array): boolean {
  return /jsonrpc|tools\/call/i.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}
