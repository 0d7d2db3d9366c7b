/** Reads what a client sends, so that it can be judged whole (T43); says so when it cannot be. */
import { headerValue, LongMessageReader, readHttpBody, transportErrorCodes, type HttpBody, type LongMessage } from '@countersign/wire';
import { decodeBody } from './content-coding.js';
import type { Reading } from './house.js';
import { readEnvelope } from './offer-message.js';
import { readBody } from './read-body.js';
import { refuse, refuseUnread, sureIdOf, type Problem } from './refusals.js';

/** The body as it came, and a copy that can be read. */
export interface RequestBody {
  readonly raw: Uint8Array;
  readonly decoded: Uint8Array;
  readonly read: HttpBody;
  /** Names and values, as they came. */
  readonly trailers: readonly string[];
  /** Present when the body is too long to inspect: then `read` says no more than this. */
  readonly envelope?: LongMessage;
}

/** `undefined`: the request has no body. `ended`: it was answered here, or its client broke off. */
export async function readRequest({ house, request, client, loan }: Reading): Promise<RequestBody | undefined | 'ended'> {
  if (headerValue(request.rawHeaders, 'transfer-encoding') === undefined && Number(headerValue(request.rawHeaders, 'content-length') ?? 0) === 0) {
    request.resume();
    return undefined;
  }
  const { messageBytesMax, inspectBytesMax, unpackedBytesMax } = house.limits;
  const rest = new LongMessageReader();
  const whole = await readBody(request, { bytesMax: messageBytesMax, loan, rest });
  if (whole.kind === 'truncated') return 'ended';
  if (whole.kind !== 'whole') {
    refuseUnread(client, rest.end(), whole.kind === 'too-large' ? { status: 413, problem: tooLarge(messageBytesMax) } : { status: 503, problem: noRoom });
    return 'ended';
  }
  const decoded = await decodeBody(request.rawHeaders, whole.bytes, unpackedBytesMax);
  if (decoded === undefined || (decoded !== whole.bytes && !loan.take(decoded.length))) {
    refuse(client, 415, unreadable);
    return 'ended';
  }
  if (decoded.length <= inspectBytesMax) return { raw: whole.bytes, decoded, trailers: request.rawTrailers, read: readHttpBody(decoded) };
  const envelope = await readEnvelope(decoded);
  return { raw: whole.bytes, decoded, trailers: request.rawTrailers, read: bodyOf(envelope, decoded), envelope };
}

function bodyOf(envelope: LongMessage, bytes: Uint8Array): HttpBody {
  if (!envelope.isSure || envelope.method === undefined) return { kind: 'unparsable' };
  const rpcId = sureIdOf(envelope);
  return {
    kind: 'message',
    message: {
      bytes,
      method: envelope.method,
      isRequest: rpcId !== undefined,
      params: envelope.tool === undefined ? {} : { name: envelope.tool },
      meta: {},
      ...(rpcId === undefined ? {} : { rpcId }),
    },
  };
}

function tooLarge(bytesMax: number): Problem {
  return { code: transportErrorCodes.uninspectable, message: `The body is larger than the ${bytesMax} bytes that can be kept to be judged; nothing was sent to the server. Send less in one message.` };
}

const noRoom: Problem = { code: transportErrorCodes.uninspectable, message: 'This tap holds as much as it may at the moment; nothing was sent to the server. Repeat the request.' };

const unreadable: Problem = {
  code: transportErrorCodes.uninspectable,
  message: 'The body is compressed in a way that cannot be read here within the limits; nothing was sent to the server. Send it uncompressed, or with gzip, deflate, br or zstd.',
};
