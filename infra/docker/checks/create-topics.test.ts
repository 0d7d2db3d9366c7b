/** What the compose file's `topics` runs, natively, against a real broker. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafka } from '../../stack/kafka.mjs';

const script = fileURLToPath(new URL('../create-topics.mjs', import.meta.url));
const { topics } = JSON.parse(readFileSync(fileURLToPath(new URL('../../kafka/topics.json', import.meta.url)), 'utf8')) as { topics: { name: string; partitions: number }[] };

function createTopics(env: Readonly<Record<string, string>>): { readonly status: number | null; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8', timeout: 60_000 });
  return { status, said: stdout + stderr };
}

describe('create-topics', () => {
  let dir: string;
  let kafka: Awaited<ReturnType<typeof startKafka>>;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'countersign-topics-'));
    kafka = await startKafka({ dir });
  }, 120_000);
  afterAll(async () => {
    await kafka?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it('makes the ledger’s topics once, and again changes nothing', { timeout: 60_000 }, async () => {
    const env = { COUNTERSIGN_KAFKA_BROKERS: kafka.brokers.join(','), COUNTERSIGN_KAFKA_COPIES: '1' };
    for (const attempt of ['first', 'second']) expect(createTopics(env), attempt).toMatchObject({ status: 0, said: expect.stringContaining('observations') });
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: 0 }).admin();
    await admin.connect();
    const { topics: found } = await admin.fetchTopicMetadata({ topics: topics.map(({ name }) => name) });
    await admin.disconnect();
    expect(Object.fromEntries(found.map(({ name, partitions }) => [name, partitions.length]))).toEqual(Object.fromEntries(topics.map(({ name, partitions }) => [name, partitions])));
  });

  it.each([
    ['no broker is named', {}, 'COUNTERSIGN_KAFKA_BROKERS'],
    ['the copies are no number', { COUNTERSIGN_KAFKA_BROKERS: '127.0.0.1:1', COUNTERSIGN_KAFKA_COPIES: 'three' }, 'COUNTERSIGN_KAFKA_COPIES'],
    ['nobody answers', { COUNTERSIGN_KAFKA_BROKERS: '127.0.0.1:1' }, 'no existing topic was changed'],
  ])('says in a sentence that %s, and ends with 1', { timeout: 60_000 }, (_what, env, word) => {
    const { status, said } = createTopics(env);
    expect([status, said.includes(word), said.includes('    at ')]).toEqual([1, true, false]);
  });
});
