/**
 * How the brokers are reached: addresses, TLS, SASL, and waits that end.
 * Short waits everywhere: a send on a dead connection hung 33 s with the client's own values; the patience is ours, above it.
 */
import type { ConnectionOptions } from 'node:tls';
import type { Telemetry, TelemetryLevel } from '@countersign/pipeline';
import { Kafka, logLevel, type LogEntry, type SASLOptions } from 'kafkajs';
import { readForeignCodecs } from './codecs.js';

export interface KafkaConnection {
  /** `host:port`, at least one; the others are learnt from it. */
  readonly brokers: readonly string[];
  /** Shown in the brokers' logs and quotas; `countersign`. */
  readonly clientId?: string;
  /** `true`: TLS with the system's authorities; or Node's own options (ca, cert, key, servername). Absent: plain text. */
  readonly tls?: boolean | ConnectionOptions;
  readonly sasl?: SaslCredentials;
}

/** `plain` sends the password itself: only with TLS. */
export interface SaslCredentials {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

const connectionMsMax = 1_000;
const requestMsMax = 3_000;
/** One call of the client tries this often, within about two seconds; who calls it decides whether to go on. */
export const briefRetry = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000 } as const;

/** @throws `Error` when a password would travel in clear text; nothing was connected. */
export function kafkaClient({ brokers, clientId = 'countersign', tls, sasl }: KafkaConnection, telemetry: Telemetry): Kafka {
  if (sasl?.mechanism === 'plain' && (tls === undefined || tls === false)) throw new Error('SASL PLAIN sends the password itself and is used only with TLS; nothing was connected. Set tls, or use scram-sha-512.');
  readForeignCodecs();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: connectionMsMax,
    requestTimeout: requestMsMax,
    retry: briefRetry,
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => telemetry(eventOf(entry)),
    ...(tls === undefined ? {} : { ssl: tls }),
    ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
  });
}

/** The client's own log is a detail: what it means for records is said by the adapter. */
function eventOf({ level, namespace, log }: LogEntry): { readonly event: string; readonly level: TelemetryLevel; readonly message: string; readonly fields: Record<string, string | number> } {
  const { error, groupId, retryCount } = log as { readonly error?: unknown; readonly groupId?: unknown; readonly retryCount?: unknown };
  const what = typeof error === 'string' ? `: ${error}` : '';
  return {
    event: 'KafkaClientReported', level: 'debug', message: `The Kafka client said: ${log.message}${what}`.slice(0, 500),
    fields: { namespace, clientLevel: level, ...(typeof groupId === 'string' ? { group: groupId } : {}), ...(typeof retryCount === 'number' ? { retries: retryCount } : {}) },
  };
}
