export { Spool, SpoolFull, type CompleteRecord, type SpoolAppend, type SpoolEntry } from './spool.js';
export { rebuiltMessage, recordLiteral, recordText, type MessageRecord, type OpenRecord, type RecordRest, type SpoolRecord } from './spool-record.js';
export { transportErrorCodes, rpcError, rpcErrors, headerMismatchError } from './http-answers.js';
export { attestationHeaderBytesMax, decodeAttestation, takeAttestation } from './http-attestation.js';
export { joinBatch, messagesOf, protocolVersionKey, readHttpBody, type HttpBody, type HttpMessage } from './http-body.js';
export { guardRequest, isLoopbackName, type GuardOutcome } from './http-guard.js';
export { acceptsEventStream, endToEndHeaders, endToEndTrailers, headersForChangedBody, headerValue, headerValues, mapFields, mediaTypeOf, upstreamRequestHeaders, type RawHeaders } from './http-headers.js';
export { decodeMirrored, encodeMirrored, findHeaderMismatch, headerMismatchCode, mirrorChangedBody, type HeaderMismatch } from './http-mismatch.js';
export { clientIdentity, continuesSession, sessionIdleGapMs, sessionKeyOf, sessionName, traceIdOf, type HttpSessionRule, type SessionFacts, type SessionKey } from './http-session.js';
export { concatBytes, sseFrameWithData, SseFramer, sseKeepAlive, sseMessage, type SseFrame } from './sse.js';
export { actionDigest, type ActionContext } from './action-digest.js';
export { answerCodes, refusalAnswer, type AnswerCode, type AnsweredRequest, type Refusal } from './answers.js';
export { Correlation, type Answered } from './correlation.js';
export { clientAbilitiesOf, noAbilities, type ClientAbilities } from './client-abilities.js';
export { editArguments, type EditedArgument } from './edit-arguments.js';
export { clientLabelOf, eraOf, hasModernMark, type ClientLabel, type Era } from './era.js';
export { openHold, resumeHold, stepHold, type Hold, type HoldAction, type HoldInput, type HoldRule, type HoldStep } from './hold.js';
export { filterList, type FilteredList, type ListFilter } from './filter-list.js';
export { elementsOf, type Span } from './json-spans.js';
export { LineFramer, type Framed, type LineEnding } from './line-framer.js';
export { LongMessageReader, type LongMessage } from './long-message.js';
export { mayHoldOurs, metadataPrefix, stripFromServer, stripMetadata, type CallerMetadata, type StrippedMessage } from './metadata.js';
export { digestOf, observedLong, observedMessage, type MessageFlag, type ObservedFacts, type RecordedMessage } from './observed.js';
export { redactResult, type Redacted, type TextRedaction } from './redact.js';
export { depthMax, idKey, isRecord, readMessage, type MessageShape, type RpcMessage } from './rpc-message.js';
export { blockOffset, decodeFrame, encodeBlock, encodeFrame, frameBytesMax, recoverSegment, type Frame, type Recovered } from './spool-frame.js';
export {
  askingForTask, callOfTask, callUnder, outcomeOf, relatedTo, saidOfTask, serverTaskOf, taskAcknowledged, taskCancelled, taskCreated, taskIdOf, taskResult, taskState,
  type TaskFacts, type TaskOutcome, type TaskRequest,
} from './task-handle.js';
export {
  cancelledNotification, elicitationOf, elicitationRequest, inputRequiredAnswer, isOwnRequestId, ownRequestId, ownRoundOf, progressNotification, serverRoundOf, wishOf, withServerRound,
  type ServerRound, type Waiting, type Wish,
} from './waiting-answers.js';
