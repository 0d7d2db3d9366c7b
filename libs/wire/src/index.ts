export { Spool, SpoolFull, type SpoolEntry } from './spool.js';
export { transportErrorCodes, rpcError, rpcErrors, headerMismatchError } from './http-answers.js';
export { attestationHeaderBytesMax, decodeAttestation, takeAttestation } from './http-attestation.js';
export { joinBatch, messagesOf, protocolVersionKey, readHttpBody, type HttpBody, type HttpMessage } from './http-body.js';
export { guardRequest, isLoopbackName, type GuardOutcome } from './http-guard.js';
export { acceptsEventStream, endToEndHeaders, headersForChangedBody, headerValue, headerValues, mapFields, mediaTypeOf, upstreamRequestHeaders, type RawHeaders } from './http-headers.js';
export { decodeMirrored, encodeMirrored, findHeaderMismatch, headerMismatchCode, mirrorChangedBody, type HeaderMismatch } from './http-mismatch.js';
export { clientIdentity, continuesSession, sessionIdleGapMs, sessionKeyOf, sessionName, traceIdOf, type HttpSessionRule, type SessionFacts, type SessionKey } from './http-session.js';
export { concatBytes, sseFrameWithData, SseFramer, sseKeepAlive, sseMessage, type SseFrame } from './sse.js';
