/**
 * One request of a client, from its last byte to the end of its answer: guard → read → offer → send → relay.
 * EX1. A message is offered, and its passage decided, before a byte of it goes to the server (W3).
 * EX2. What the core does not judge (no JSON-RPC in it) passes unread and unrecorded: it may be a credential (T40).
 * EX3. Every exchange ends: forwarded, answered, empty, or broken off as its peer broke off (W7).
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { acceptsEventStream, findHeaderMismatch, guardRequest, headerMismatchError, headerValue, LongMessageReader, readHttpBody, rpcError, rpcErrors, takeAttestation, transportErrorCodes, type HttpBody, type LongMessage } from '@countersign/wire';
import type { TapCore } from '../passage.js';
import type { ByteBudget, ByteLoan } from './byte-budget.js';
import { ClientSide } from './client-side.js';
import { decodeBody } from './content-coding.js';
import type { HttpLimits } from './limits.js';
import { offerRequest, type RequestOutcome } from './offer-request.js';
import { readBody } from './read-body.js';
import { relayResponse } from './relay-response.js';
import { readRequestFacts, type RequestFacts } from './request-facts.js';
import type { SessionLease, SessionTable } from './sessions.js';
import type { Upstream } from './upstream.js';

/** What all exchanges of one tap share. */
export interface House {
  readonly core: TapCore;
  readonly upstream: Upstream;
  readonly sessions: SessionTable;
  readonly limits: HttpLimits;
  readonly budget: ByteBudget;
  readonly listenHost: string;
  readonly identityKey: Uint8Array;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
}

export interface Exchange {
  readonly house: House;
  readonly client: ClientSide;
  readonly loan: ByteLoan;
  readonly method: string;
  readonly path: string;
  readonly headers: string[];
  readonly facts: RequestFacts;
  readonly lease: SessionLease;
  readonly isBatch: boolean;
  /** The request's body is, or may be, JSON-RPC: its answer is judged too. */
  readonly isOffered: boolean;
}

/** The body as it came, and a copy that can be read. */
export interface RequestBody {
  readonly raw: Uint8Array;
  readonly decoded: Uint8Array;
  readonly read: HttpBody;
}

export async function relayExchange(house: House, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const guard = guardRequest(request.rawHeaders, request.url ?? '/', house.listenHost);
  const client = new ClientSide(response, { keepAliveMs: house.limits.keepAliveMs, mayStream: acceptsEventStream(request.rawHeaders) });
  if (!guard.ok) {
    refuse(client, 403, { code: -32000, message: `${guard.reason} Only pages and clients of this machine may use it; nothing was sent to the server.` });
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

interface Reading {
  readonly house: House;
  readonly request: IncomingMessage;
  readonly client: ClientSide;
  readonly loan: ByteLoan;
}

async function readRequest({ house, request, client, loan }: Reading): Promise<RequestBody | undefined | 'ended'> {
  if (headerValue(request.rawHeaders, 'transfer-encoding') === undefined && Number(headerValue(request.rawHeaders, 'content-length') ?? 0) === 0) {
    request.resume();
    return undefined;
  }
  const rest = new LongMessageReader();
  const whole = await readBody(request, { bytesMax: house.limits.requestBytesMax, loan, rest });
  if (whole.kind === 'truncated') return 'ended';
  if (whole.kind !== 'whole') {
    refuseUnread(client, rest.end(), { status: whole.kind === 'too-large' ? 413 : 503, problem: tooLarge(whole.kind, house.limits.requestBytesMax) });
    return 'ended';
  }
  const decoded = await decodeBody(request.rawHeaders, whole.bytes, house.limits.requestBytesMax);
  if (decoded !== undefined && (decoded === whole.bytes || loan.take(decoded.length))) return { raw: whole.bytes, decoded, read: readHttpBody(decoded) };
  refuse(client, 415, { code: transportErrorCodes.uninspectable, message: 'The body is compressed in a way that cannot be read here within the limits; nothing was sent to the server. Send it uncompressed, or with gzip, deflate, br or zstd.' });
  return 'ended';
}

async function relayRead({ house, request, client, loan, body }: Reading & { readonly body: RequestBody | undefined }): Promise<void> {
  const path = request.url ?? '/';
  const mismatch = body?.read.kind === 'message' ? findHeaderMismatch(request.rawHeaders, body.read.message) : undefined;
  const facts = readRequestFacts(request.rawHeaders, body?.read, house.identityKey);
  if (mismatch !== undefined) {
    house.log(`A request was refused before judging: its ${mismatch.header} header disagrees with its body.`);
    const refusal = headerMismatchError(facts.rpcIds[0], mismatch);
    client.answer(400, [refusal], refusal);
    return;
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
    if (facts.isModern && exchange.isOffered) for (const id of facts.rpcIds) lease.stream.withdraw(id);
  });
  const outcome: RequestOutcome = body === undefined || !exchange.isOffered ? { kind: 'send', headers: exchange.headers, body: body?.raw, answers: [] } : await offerRequest(exchange, body, attestation);
  if (outcome.kind === 'answered') {
    if (outcome.answers.length === 0) client.endEmpty();
    else client.answer(200, outcome.answers, outcome.body);
    return;
  }
  if (client.isGone && facts.isModern) return;
  const sent = house.upstream.send({ method: exchange.method, path: exchange.path, headers: outcome.headers, body: outcome.body });
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

/** Text no strict parser reads, sent elsewhere than to the endpoint: still judged when it speaks of JSON-RPC. */
function mentionsRpc(bytes: Uint8Array): boolean {
  return /jsonrpc|tools\/call/i.test(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
}

function upstreamFailed(exchange: Exchange, answers: readonly Uint8Array[], error: unknown): void {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'connection failed';
  const problem = { code: transportErrorCodes.upstreamUnavailable, message: `The server behind this tap gave no answer (${code}). The call may not have run; repeat it when the server is back.` };
  exchange.house.log(`The server at ${exchange.house.upstream.origin} gave no answer: ${code}.`);
  exchange.lease.lose('upstream-unreachable');
  const { rpcIds } = exchange.facts;
  const errors = rpcIds.length === 0 ? [rpcError(undefined, problem)] : rpcIds.map((id) => rpcError(id, problem));
  exchange.client.answer(502, [...answers, ...errors], rpcErrors(rpcIds, exchange.isBatch, problem));
}

/** Something of ours is broken. What was not yet sent is not sent, and the client hears an end. */
function failClosed(house: House, client: ClientSide, error: unknown): void {
  house.log(`An exchange failed inside the tap: ${error instanceof Error ? error.message : 'unknown cause'}.`);
  if (!client.canAnswer) client.reset();
  else refuse(client, 500, { code: transportErrorCodes.failedClosed, message: 'The tap could not have this message judged, so it failed closed. Repeat it; if this stays so, look into the log of the tap.' });
}

function refuse(client: ClientSide, status: number, problem: { readonly code: number; readonly message: string }): void {
  const error = rpcError(undefined, problem);
  client.answer(status, [error], error);
}

/** Under the request's own id where the bytes that went by leave no doubt of it; else by a status no client can miss. */
function refuseUnread(client: ClientSide, seen: LongMessage, { status, problem }: { readonly status: number; readonly problem: { readonly code: number; readonly message: string } }): void {
  const isId = seen.rpcId !== undefined && /^(?:-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*")$/s.test(seen.rpcId);
  if (!isId || !seen.isSure || seen.method === undefined) return refuse(client, status, problem);
  const error = rpcError(seen.rpcId, problem);
  return client.answer(200, [error], error);
}

function tooLarge(kind: 'too-large' | 'no-room', bytesMax: number): { readonly code: number; readonly message: string } {
  const why = kind === 'too-large' ? `The body is larger than the ${bytesMax} bytes that can be judged whole` : 'This tap holds as much as it may at the moment';
  return { code: transportErrorCodes.uninspectable, message: `${why}; nothing was sent to the server. ${kind === 'too-large' ? 'Send less in one message.' : 'Repeat the request.'}` };
}
