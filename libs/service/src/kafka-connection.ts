/** From settings to how the brokers are reached. */
import { readFileSync } from 'node:fs';
import type { KafkaConnection } from '@countersign/adapters/event-log/kafka/connection';
import type { Config } from './config/shape.js';

type Kafka = NonNullable<Config['kafka']>;

/** @throws when a file named by the TLS settings cannot be read. */
export function kafkaConnectionOf({ brokers, tls, sasl }: Kafka, clientId: string): KafkaConnection {
  return {
    brokers, clientId,
    ...(tls === undefined ? {} : { tls: tlsOf(tls) }),
    ...(sasl === undefined ? {} : { sasl: { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password ?? '' } }),
  };
}

function tlsOf({ caFile, certFile, keyFile, serverName }: NonNullable<Kafka['tls']>): Exclude<KafkaConnection['tls'], undefined> {
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
