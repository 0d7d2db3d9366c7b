/** `countersign keys` and `countersign topics`: what the distributed profile needs once, before its services start. */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import type { TopicDefinition } from '@countersign/adapters/event-log/kafka/topics';
import { programFile } from '../program-file.js';
import { serviceConfig } from '../service-config.js';
import { UserError } from '../user-error.js';

const definitionsFile = join(dirname(programFile), '..', '..', '..', 'infra', 'kafka', 'topics.json');

export function registerPrepare(program: Command): void {
  program
    .command('keys')
    .description('make the signing keys, once: seal.pem for the gates, grant.pem for the console, grant.pub for the gates')
    .requiredOption('--dir <dir>', 'an empty or new folder')
    .action(async (flags: { readonly dir: string }) => {
      const { createKeys } = await import('@countersign/service');
      const dir = resolve(flags.dir);
      try {
        const { seal, grant } = createKeys(dir);
        process.stdout.write(`${JSON.stringify({ dir, sealKey: seal.publicKey, grantKey: grant.publicKey })}\n`);
      } catch (error) {
        throw new UserError(error instanceof Error ? error.message : String(error));
      }
    });
  program
    .command('topics')
    .description('make the ledger’s topics that are missing on Kafka; existing ones are never changed')
    .option('--config <file>', 'settings (YAML)')
    .option('--definitions <file>', 'topics, partitions and retention', definitionsFile)
    .action(async (flags: { readonly config?: string; readonly definitions: string }) => makeTopics(flags.config, flags.definitions));
}

async function makeTopics(configFile: string | undefined, definitions: string): Promise<void> {
  const { kafka } = await serviceConfig(configFile);
  if (kafka === undefined) throw new UserError('kafka.brokers is not set; name the brokers in --config or in COUNTERSIGN_KAFKA_BROKERS.');
  const { kafkaConnectionOf } = await import('@countersign/service');
  const { ensureTopics } = await import('@countersign/adapters/event-log/kafka/topics');
  const { RetriableError } = await import('@countersign/pipeline');
  const { topics } = JSON.parse(readFileSync(definitions, 'utf8')) as { readonly topics: readonly TopicDefinition[] };
  try {
    const differences = await ensureTopics({ connection: kafkaConnectionOf(kafka, 'countersign-topics'), topics, topicPrefix: kafka.topicPrefix });
    for (const sentence of differences) process.stderr.write(`${sentence}\n`);
    process.stdout.write(`${topics.map(({ name, partitions }) => `${kafka.topicPrefix}${name} (${partitions})`).join(', ')}\n`);
    if (differences.length > 0) process.exitCode = 1;
  } catch (error) {
    if (error instanceof RetriableError) throw new UserError(error.message);
    throw error;
  }
}
