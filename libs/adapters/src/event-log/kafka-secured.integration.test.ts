/** Against a listener that wants TLS and a password, as clusters in production do. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { topics } from '@countersign/contracts';
import type { TelemetryEvent } from '@countersign/pipeline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSecuredKafka, type SecuredKafka } from '../../../../infra/kafka/tools/secured-kafka.mjs';
import { collect, records } from './conformance.js';
import { KafkaEventLog } from './kafka.js';
import type { KafkaConnection, SaslCredentials } from './kafka/connection.js';
import { ensureTopics } from './kafka/topics.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-secured-'));
const username = 'countersign';
const password = 'correct-horse-7';
const mechanisms: readonly SaslCredentials['mechanism'][] = ['plain', 'scram-sha-256', 'scram-sha-512'];
let kafka: SecuredKafka;

// The first run on a machine fetches the broker's jars.
beforeAll(async () => {
  kafka = await startSecuredKafka({ dir, username, password });
}, 400_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

const secured = (mechanism: SaslCredentials['mechanism'], more: Partial<KafkaConnection> = {}): KafkaConnection => ({ brokers: kafka.brokers, tls: { ca: kafka.ca }, sasl: { mechanism, username, password }, ...more });
const definitions = topics.map((name) => ({ name, partitions: 2, retentionMs: -1, cleanup: 'delete', recordBytesMax: 1_048_576 }) as const);

it.each(mechanisms)('appends and follows over TLS with %s', async (mechanism) => {
  const topicPrefix = `${mechanism}-`;
  const connection = secured(mechanism);
  expect(await ensureTopics({ connection, topicPrefix, topics: definitions })).toEqual([]);
  const log = await KafkaEventLog.connect({ connection, topicPrefix });
  await log.append('observations', records('a', 0, 3));
  expect((await collect(log, 3)).map(({ id }) => id)).toEqual(['a-0', 'a-1', 'a-2']);
  await log.close();
});

it('says that the password was not accepted, and what to check, without repeating it', async () => {
  const heard: TelemetryEvent[] = [];
  for (const mechanism of mechanisms) {
    const wrong = 'an-other-pass-8';
    const connecting = KafkaEventLog.connect({ connection: secured(mechanism, { sasl: { mechanism, username, password: wrong } }), telemetry: (event) => heard.push(event) });
    const error = await connecting.then(() => undefined, (refusal: unknown) => refusal as Error);
    expect(error).toMatchObject({ name: 'RetriableError', message: expect.stringMatching(/did not accept the user or the password/) as string });
    const said = inspect([error, heard], { depth: 20, maxArrayLength: null, maxStringLength: null, showHidden: true });
    expect(said).toContain('KafkaClientReported');
    for (const secret of [wrong, Buffer.from(wrong).toString('base64'), Buffer.from(`\0${username}\0${wrong}`).toString('base64')]) expect(said).not.toContain(secret);
  }
});

it('says that the certificate was not trusted when its authority is not named', async () => {
  await expect(KafkaEventLog.connect({ connection: secured('plain', { tls: true }) })).rejects.toMatchObject({ name: 'RetriableError', message: expect.stringMatching(/certificate .*not trusted/) as string });
});

it('sends no password over a connection that others can read', async () => {
  await expect(KafkaEventLog.connect({ connection: { brokers: kafka.brokers, sasl: { mechanism: 'plain', username, password } } })).rejects.toThrow(/only with TLS/);
});

it('does not hang on a listener that wants TLS and gets none', async () => {
  const plain: KafkaConnection = { brokers: kafka.brokers };
  await expect(KafkaEventLog.connect({ connection: plain })).rejects.toMatchObject({ name: 'RetriableError' });
});
