/** For tests: one real broker, and empty ledgers on it, each under a prefix of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KafkaEventLog, type KafkaEventLogOptions } from '../kafka.js';
import { ensureTopics, type TopicDefinition } from './topics.js';

const root = new URL('../../../../../', import.meta.url);

/** What of `infra/stack`'s broker the tests use. */
interface Broker {
  readonly brokers: string[];
  kill(node?: number): Promise<void>;
  restart(node?: number): Promise<void>;
  stop(): Promise<void>;
}

export interface EmptyLedger {
  readonly topicPrefix: string;
  connect(options?: Partial<KafkaEventLogOptions>): Promise<KafkaEventLog>;
}

export interface TestBroker extends Broker {
  readonly dir: string;
  empty(change?: (topic: TopicDefinition) => TopicDefinition): Promise<EmptyLedger>;
}

/** The first run on a machine fetches the broker's jars: allow minutes. */
export async function startTestBroker(): Promise<TestBroker> {
  const { startKafka } = (await import(fileURLToPath(new URL('infra/stack/kafka.mjs', root)))) as { startKafka(options: { readonly dir: string }): Promise<Broker> };
  const { topics } = JSON.parse(readFileSync(new URL('infra/kafka/topics.json', root), 'utf8')) as { readonly topics: readonly TopicDefinition[] };
  const dir = mkdtempSync(join(tmpdir(), 'countersign-broker-'));
  const broker = await startKafka({ dir });
  const connection = { brokers: broker.brokers };
  let ledgers = 0;
  return {
    ...broker,
    dir,
    async empty(change = (topic) => topic) {
      ledgers += 1;
      const topicPrefix = `t${ledgers}-`;
      await ensureTopics({ connection, topicPrefix, topics: topics.map(change) });
      return { topicPrefix, connect: (options = {}) => KafkaEventLog.connect({ connection, topicPrefix, sessionMs: 3_000, ...options }) };
    },
    async stop() {
      await broker.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
