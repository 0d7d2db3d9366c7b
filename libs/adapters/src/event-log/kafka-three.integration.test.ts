/** Three brokers, of which one is killed while records are appended to partitions that all of them lead. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { topics } from '@countersign/contracts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startKafka, type RunningKafka } from '../../../../infra/stack/kafka.mjs';
import { records } from './conformance.js';
import { KafkaEventLog } from './kafka.js';
import { collectDistinct } from './kafka/distinct-records.js';
import { ensureTopics } from './kafka/topics.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-three-'));
const domains = Array.from({ length: 12 }, (_, n) => `d${n}`);
let kafka: RunningKafka;
beforeAll(async () => {
  kafka = await startKafka({ dir, nodes: 3 });
}, 400_000);
afterAll(async () => {
  await kafka?.stop();
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

it('[L1] [L4] [P2] a cluster that loses a broker keeps every acknowledged record, each domain in order, and goes on taking them', async () => {
  const connection = { brokers: kafka.brokers };
  expect(await ensureTopics({ connection, topics: topics.map((name) => ({ name, partitions: 6, retentionMs: -1, cleanup: 'delete', recordBytesMax: 1_048_576 })) })).toEqual([]);
  const log = await KafkaEventLog.connect({ connection, sessionMs: 3_000 });
  const acknowledged = new Map(domains.map((domain) => [domain, 0]));
  const appendRounds = (rounds: number) => Promise.all(domains.map(async (domain) => {
    for (let round = 0; round < rounds; round += 1) {
      const first = acknowledged.get(domain) ?? 0;
      await log.append('observations', records(domain, first, 50));
      acknowledged.set(domain, first + 50);
    }
  }));
  await appendRounds(5);
  const under = appendRounds(40);
  await kafka.kill(2);
  await under;
  const seen = await collectDistinct(log, domains.length * 45 * 50);
  for (const domain of domains) {
    const own = [...new Set(seen.filter(({ key }) => key === domain).map(({ id }) => id))];
    expect(own).toEqual(records(domain, 0, 45 * 50).map(({ id }) => id));
  }
  await log.close();
}, 120_000);
