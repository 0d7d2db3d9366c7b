/**
 * The ledger's topics on the brokers: made if missing, and checked before anything relies on them.
 * TO1. An existing topic is never changed here; what differs from its definition is told, for a person to decide.
 */
import type { Topic } from '@countersign/contracts';
import { RetriableError, silentTelemetry, type Clock, type Telemetry } from '@countersign/pipeline';
import type { Admin } from 'kafkajs';
import { SystemClock } from '../../clock/system.js';
import { kafkaClient, type KafkaConnection } from './connection.js';
import { classified } from './errors.js';

const ledMsMax = 15_000;

export interface TopicDefinition {
  readonly name: Topic;
  /** Never changed on a live topic: a domain would move to another partition and lose its order. */
  readonly partitions: number;
  /** Milliseconds; -1 keeps for ever. */
  readonly retentionMs: number;
  readonly cleanup: 'delete';
  /** Of one record, and of one compressed batch. */
  readonly recordBytesMax: number;
}

export interface EnsureTopicsOptions {
  readonly connection: KafkaConnection;
  readonly topics: readonly TopicDefinition[];
  /** Before every topic's name; none by default. */
  readonly topicPrefix?: string;
  /** Copies of each partition; as many as there are brokers, at most three, by default. */
  readonly copies?: number;
  readonly telemetry?: Telemetry;
  readonly clock?: Clock;
}

/**
 * Makes the topics that are missing.
 * @returns sentences about existing topics whose partitions differ from their definition; empty when all is as defined.
 * @throws `RetriableError` when the brokers are away or the cluster does not allow it; topics already made stay.
 */
export async function ensureTopics({ connection, topics, topicPrefix = '', copies, telemetry = silentTelemetry, clock = new SystemClock() }: EnsureTopicsOptions): Promise<readonly string[]> {
  const admin = kafkaClient(connection, telemetry).admin();
  try {
    await admin.connect();
    const { brokers } = await admin.describeCluster();
    const replicationFactor = copies ?? Math.min(3, brokers.length);
    const present = new Set(await admin.listTopics());
    const missing = topics.filter(({ name }) => !present.has(topicPrefix + name));
    if (missing.length > 0) {
      // The client's own wait for leaders gives up where a new topic is not known to every part of the broker yet.
      await admin.createTopics({ waitForLeaders: false, topics: missing.map((topic) => ({ topic: topicPrefix + topic.name, numPartitions: topic.partitions, replicationFactor, configEntries: settings(topic, replicationFactor) })) });
    }
    return await differences(admin, { topics, topicPrefix, clock });
  } catch (error) {
    throw classified(error, 'the ledger’s topics could not be made or looked at; no existing topic was changed');
  } finally {
    await admin.disconnect();
  }
}

/**
 * Looks at existing topics and makes none.
 * @returns sentences about topics whose partitions are not those wanted; empty when all are.
 * @throws `RetriableError` when the brokers are away or a topic is missing.
 */
export async function partitionDifferences({ connection, topics, topicPrefix = '', telemetry = silentTelemetry }: Pick<EnsureTopicsOptions, 'connection' | 'topicPrefix' | 'telemetry'> & { readonly topics: readonly Pick<TopicDefinition, 'name' | 'partitions'>[] }): Promise<readonly string[]> {
  const admin = kafkaClient(connection, telemetry).admin();
  try {
    await admin.connect();
    return differencesIn(await partitionsOf(admin, topics.map(({ name }) => topicPrefix + name)), { topics, topicPrefix });
  } catch (error) {
    throw classified(error, 'the ledger’s topics could not be looked at; nothing was changed');
  } finally {
    await admin.disconnect();
  }
}

/**
 * Removes a measurement's or a test's own topics, with everything in them.
 * @throws `Error` without a prefix: the ledger itself is never removed from here.
 */
export async function removeTopics({ connection, topicPrefix, telemetry = silentTelemetry }: Pick<EnsureTopicsOptions, 'connection' | 'telemetry'> & { readonly topicPrefix: string }): Promise<void> {
  if (topicPrefix === '') throw new Error('Topics without a prefix are the ledger; they are not removed.');
  const admin = kafkaClient(connection, telemetry).admin();
  try {
    await admin.connect();
    const own = (await admin.listTopics()).filter((name) => name.startsWith(topicPrefix));
    if (own.length > 0) await admin.deleteTopics({ topics: own });
  } catch (error) {
    throw classified(error, `the topics ${topicPrefix}* could not be removed`);
  } finally {
    await admin.disconnect();
  }
}

/** Partitions per topic. @throws `RetriableError` that names what is missing. */
export async function partitionsOf(admin: Admin, names: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const present = new Set(await admin.listTopics());
  const missing = names.filter((name) => !present.has(name));
  if (missing.length > 0) throw new RetriableError(`The ledger has no topic ${missing.join(', ')} on these brokers; nothing was read or written. Make them from infra/kafka/topics.json and try again.`);
  const { topics } = await admin.fetchTopicMetadata({ topics: [...names] });
  return new Map(topics.map(({ name, partitions }) => [name, partitions.length]));
}

interface Wanted {
  readonly topics: readonly TopicDefinition[];
  readonly topicPrefix: string;
  readonly clock: Clock;
}

async function differences(admin: Admin, { topics, topicPrefix, clock }: Wanted): Promise<readonly string[]> {
  return differencesIn(await ledPartitions(admin, { names: topics.map(({ name }) => topicPrefix + name), clock }), { topics, topicPrefix });
}

function differencesIn(counts: ReadonlyMap<string, number>, { topics, topicPrefix }: { readonly topics: readonly Pick<TopicDefinition, 'name' | 'partitions'>[]; readonly topicPrefix: string }): readonly string[] {
  return topics.flatMap(({ name, partitions }) => {
    const there = counts.get(topicPrefix + name);
    return there === partitions ? [] : [`Topic ${topicPrefix}${name} has ${there} partitions, its definition says ${partitions}; it is left as it is, because a domain keeps its order only while the number stays.`];
  });
}

/** A topic just made is led a moment later. */
async function ledPartitions(admin: Admin, { names, clock }: { readonly names: readonly string[]; readonly clock: Clock }): Promise<ReadonlyMap<string, number>> {
  for (const untilMs = clock.monotonicMs() + ledMsMax; ; ) {
    try {
      return await partitionsOf(admin, names);
    } catch (error) {
      const known = classified(error, `the topics ${names.join(', ')} are not led yet`);
      if (!(known instanceof RetriableError) || clock.monotonicMs() > untilMs) throw known;
    }
    await new Promise<void>((resolve) => clock.after(50, resolve));
  }
}

function settings({ retentionMs, cleanup, recordBytesMax }: TopicDefinition, copies: number): { readonly name: string; readonly value: string }[] {
  const values = { 'retention.ms': retentionMs, 'cleanup.policy': cleanup, 'max.message.bytes': recordBytesMax, 'min.insync.replicas': Math.max(1, copies - 1), 'compression.type': 'producer' };
  return Object.entries(values).map(([name, value]) => ({ name, value: String(value) }));
}
