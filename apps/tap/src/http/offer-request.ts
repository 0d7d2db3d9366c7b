/**
 * Offers a request's messages and says what goes to the server and what is answered in its place.
 * OR1. One refused element of a batch takes no other with it; the server gets a batch of the rest, the client one whole answer (T44).
 * OR2. A body nothing changed is sent as it came, compressed or not; a changed one keeps its codings, and its headers agree with it (T39).
 */
import { headersForChangedBody, joinBatch, messagesOf, mirrorChangedBody, readHttpBody, rpcError, transportErrorCodes, type LongMessage, type RawHeaders } from '@countersign/wire';
import type { Arrival } from '../passage.js';
import { encodeBody } from './content-coding.js';
import type { Exchange } from './house.js';
import { isUnchanged, offerLong, whenAll } from './offer-message.js';
import type { RequestBody } from './request-body.js';

export type RequestOutcome =
  /** `answers` belong to elements that were refused: the client gets them together with what the server answers. */
  | { readonly kind: 'send'; readonly headers: readonly string[]; readonly body: Uint8Array | undefined; readonly answers: readonly Uint8Array[] }
  /** Nothing goes to the server. Without answers there is nothing to say. */
  | { readonly kind: 'answered'; readonly answers: readonly Uint8Array[]; readonly body: Uint8Array };

export async function offerRequest(exchange: Exchange, body: RequestBody, attestation: string | undefined): Promise<RequestOutcome> {
  if (body.envelope !== undefined) return offerUninspected(exchange, body, body.envelope);
  const { lease, client } = exchange;
  const parts = body.read.kind === 'batch' ? body.read.messages.map((message) => message.bytes) : [body.decoded];
  const offered = parts.map((bytes) => lease.stream.offer(arrivalOf(exchange, bytes, attestation)));
  const decision = whenAll(offered, (passages) => passages);
  const passages = decision instanceof Promise ? await client.whileHeld(decision) : decision;
  const answers = passages.flatMap((passage) => (passage.kind === 'answer' ? [passage.bytes] : []));
  const sent = passages.flatMap((passage) => (passage.kind === 'forward' ? [passage.bytes] : []));
  if (sent.length === 0) return { kind: 'answered', answers, body: exchange.isBatch ? joinBatch(answers) : (answers[0] ?? new Uint8Array(0)) };
  if (passages.every((passage, index) => isUnchanged(passage, parts[index] ?? body.decoded))) return { kind: 'send', headers: exchange.headers, body: body.raw, answers };
  const changed = exchange.isBatch ? joinBatch(sent) : (sent[0] ?? body.decoded);
  const mirrors = passages.flatMap((passage) => (passage.kind === 'forward' ? (passage.mirrors ?? []) : []));
  return sendChanged(exchange, body, { changed, answers, mirrors });
}

function offerUninspected({ lease, headers }: Exchange, body: RequestBody, envelope: LongMessage): RequestOutcome {
  const passage = offerLong(lease.stream, { direction: 'client-to-server', framing: 'body', bytes: body.decoded }, envelope);
  if (passage.kind === 'forward') return { kind: 'send', headers, body: body.raw, answers: [] };
  const answers = passage.kind === 'answer' ? [passage.bytes] : [];
  return { kind: 'answered', answers, body: answers[0] ?? new Uint8Array(0) };
}

async function sendChanged(exchange: Exchange, body: RequestBody, { changed, answers, mirrors }: { readonly changed: Uint8Array; readonly answers: readonly Uint8Array[]; readonly mirrors: readonly string[] }): Promise<RequestOutcome> {
  const [before] = messagesOf(body.read);
  const [after] = messagesOf(readHttpBody(changed));
  const mirrored = exchange.isBatch || before === undefined || after === undefined ? exchange.headers : mirrorChangedBody(exchange.headers, before, after);
  if (mirrored === undefined) {
    const refusal = rpcError(exchange.facts.rpcIds[0], { code: transportErrorCodes.uninspectable, message: 'A verdict changed an argument that a header repeats, and it cannot be told which header; nothing was sent to the server. Call again without Mcp-Param headers, or with the values the policy allows.' });
    return { kind: 'answered', answers: [refusal], body: refusal };
  }
  const headers = [...mirrored, ...mirrors];
  const encoded = await encodeBody(headers, changed);
  return { kind: 'send', headers: headersForChangedBody(headers, encoded.length), body: encoded, answers };
}

function arrivalOf({ facts: { protocolVersion }, headers, client }: Exchange, bytes: Uint8Array, attestation: string | undefined): Arrival {
  const mirrors = mirrorsOf(headers);
  return {
    direction: 'client-to-server',
    bytes,
    framing: 'body',
    toSender: (said) => client.say(said),
    ...(mirrors.length === 0 ? {} : { mirrors }),
    ...(attestation === undefined ? {} : { attestationHeader: attestation }),
    ...(protocolVersion === undefined ? {} : { protocolVersionHeader: protocolVersion }),
  };
}

/** The fields that repeat arguments. */
function mirrorsOf(headers: RawHeaders): readonly string[] {
  const mirrors: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] ?? '';
    if (name.length > mirrorPrefix.length && name.toLowerCase().startsWith(mirrorPrefix)) mirrors.push(name, headers[at + 1] ?? '');
  }
  return mirrors;
}

const mirrorPrefix = 'mcp-param-';
