/**
 * Three fates for a broker's error, by code: what passes with time, what will never pass, and what nobody here knows.
 * Authorisation that was taken away and a topic that is gone are of the first kind: people mend them, and the records are not to blame.
 */
import { RetriableError, TerminalError } from '@countersign/pipeline';
import kafkajs from 'kafkajs';

// Node sees no named exports for these: the client's module spreads its errors into its exports.
const { KafkaJSConnectionError, KafkaJSError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError, KafkaJSRequestTimeoutError, KafkaJSSASLAuthenticationError, KafkaJSTimeout } = kafkajs;

/** Codes of the Kafka protocol (its specification's table), beside those the client itself calls retriable. */
const terminalCodes: ReadonlyMap<number, string> = new Map([
  [10, 'over-limit'], // MESSAGE_TOO_LARGE
  [18, 'over-limit'], // RECORD_LIST_TOO_LARGE
  [87, 'refused-by-broker'], // INVALID_RECORD
]);
const passingCodes: ReadonlySet<number> = new Set([
  3, // UNKNOWN_TOPIC_OR_PARTITION
  8, // BROKER_NOT_AVAILABLE
  22, 25, 27, // ILLEGAL_GENERATION, UNKNOWN_MEMBER_ID, REBALANCE_IN_PROGRESS
  29, 30, 31, // topic, group, cluster authorisation
  44, // POLICY_VIOLATION: the cluster's own rules, mended there
  58, // SASL_AUTHENTICATION_FAILED
  79, 82, // MEMBER_ID_REQUIRED, FENCED_INSTANCE_ID
  89, // THROTTLING_QUOTA_EXCEEDED
]);

/**
 * @param what what was attempted and what stands, as the sentence's beginning.
 * @returns `RetriableError`, `TerminalError`, or the error itself when its code is known to neither.
 */
export function classified(error: unknown, what: string): unknown {
  const cause = rootOf(error);
  if (!(cause instanceof KafkaJSError)) return error;
  if (cause instanceof KafkaJSProtocolError) return ofProtocol(cause, what);
  const isAway = cause.retriable || error instanceof KafkaJSNumberOfRetriesExceeded || awayKinds.some((kind) => cause instanceof kind) || cause.name === 'KafkaJSGroupCoordinatorNotFound';
  return isAway ? new RetriableError(`${what} (${codeOf(cause)})${hintOf(cause)}; try again.`, { cause: error }) : error;
}

const untrusted: ReadonlySet<unknown> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID', 'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** What a person mends, where the client's code alone does not say it. Never what was sent. */
function hintOf(cause: kafkajs.KafkaJSError): string {
  if (cause instanceof KafkaJSSASLAuthenticationError) return ': the brokers did not accept the user or the password; check both, and the mechanism';
  if ('code' in cause && untrusted.has(cause.code)) return ': the brokers’ certificate is not trusted; name its authority (tls.ca), or connect by the name it was made for';
  return cause.name === 'KafkaJSConnectionClosedError' ? ': the brokers closed the connection; a listener that wants TLS or a password does that' : '';
}

const awayKinds = [KafkaJSConnectionError, KafkaJSRequestTimeoutError, KafkaJSSASLAuthenticationError, KafkaJSTimeout] as const;

function ofProtocol(cause: kafkajs.KafkaJSProtocolError, what: string): unknown {
  const errorClass = terminalCodes.get(cause.code);
  if (errorClass !== undefined) return new TerminalError(errorClass, `${what} (Kafka code ${cause.code}, ${cause.type}); it will be refused tomorrow too.`);
  if (cause.retriable || passingCodes.has(cause.code)) return new RetriableError(`${what} (Kafka code ${cause.code}, ${cause.type}); try again.`, { cause });
  return cause;
}

function rootOf(error: unknown): unknown {
  let at = error;
  for (let depth = 0; depth < 8; depth += 1) {
    const cause: unknown = at instanceof KafkaJSError ? at.cause : undefined;
    if (!(cause instanceof Error)) break;
    at = cause;
  }
  return at;
}

function codeOf(error: kafkajs.KafkaJSError): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  return typeof code === 'string' || typeof code === 'number' ? `${error.name} ${code}` : error.name;
}
