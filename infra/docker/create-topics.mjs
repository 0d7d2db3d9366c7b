#!/usr/bin/env node
/**
 * Makes the ledger's topics from infra/kafka/topics.json on the brokers of COUNTERSIGN_KAFKA_BROKERS, and ends.
 * A topic that is there is never changed; one that differs from its definition is told, and the exit code is 1.
 */
import { readFileSync } from 'node:fs';
import { ensureTopics } from '@countersign/adapters/event-log/kafka/topics';

const brokers = (process.env.COUNTERSIGN_KAFKA_BROKERS ?? '').split(',').map((broker) => broker.trim()).filter((broker) => broker !== '');
const copies = process.env.COUNTERSIGN_KAFKA_COPIES;

function refuse(sentence) {
  process.stderr.write(`create-topics: ${sentence}\n`);
  process.exit(1);
}

if (brokers.length === 0) refuse('COUNTERSIGN_KAFKA_BROKERS names no broker; set it to host:port, several with commas.');
if (copies !== undefined && !/^[1-9]$/.test(copies)) refuse(`COUNTERSIGN_KAFKA_COPIES is ${copies}; it is a number of brokers.`);

const { topics } = JSON.parse(readFileSync(new URL('../kafka/topics.json', import.meta.url), 'utf8'));
try {
  const differences = await ensureTopics({ connection: { brokers }, topics, ...(copies !== undefined && { copies: Number(copies) }) });
  if (differences.length > 0) refuse(differences.join('\n'));
  process.stdout.write(`The topics ${topics.map(({ name }) => name).join(', ')} are there.\n`);
} catch (error) {
  refuse(error instanceof Error ? error.message : String(error));
}
