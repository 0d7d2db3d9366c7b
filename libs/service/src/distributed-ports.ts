/**
 * The distributed profile's ports, as far as one service needs them: Kafka, Redis, ClickHouse.
 * DP1. Each is reached and looked at before anything starts: topics and their partitions, stores that may forget, history's shape.
 * DP2. What is missing is waited for until the start's own limit, and then named (UR1, UR2).
 * Clients of outside engines are loaded only here, and only those that are needed.
 */
import type { ApprovalStore } from '@countersign/approval';
import { migrations, type HistoryStore } from '@countersign/history';
import { RetriableError, SnapshotStore, type Clock, type EventLog, type Subscription } from '@countersign/pipeline';
import { ConfigRefused } from './config/read-config.js';
import type { Config } from './config/shape.js';
import { kafkaConnectionOf } from './kafka-connection.js';
import type { Ports } from './ports-module.js';
import type { TelemetrySink } from './telemetry.js';
import { StartRefused, untilReachable, type Waiting } from './until-reachable.js';

/** `history` is read by whoever migrates it, `migrated` by whoever must find it as this program knows it. */
export type Need = 'snapshots' | 'approvals' | 'history' | 'migrated-history';

/** Wake-ups for approvals; each goes to one of all watchers, perhaps twice, perhaps late. */
export interface ApprovalWakes {
  /** @param handle is called again after a pause when it rejects. */
  watch(handle: (due: { readonly approvalId: string; readonly kind: 'reminder' | 'deadline' }) => Promise<void>): Promise<Subscription>;
}

export interface DistributedPorts {
  readonly ports: Ports;
  /** Of the store behind `ports.approvalStore`. */
  readonly wakes?: ApprovalWakes;
  /** After the application is stopped. */
  close(): Promise<void>;
}

export interface PortsRequest {
  readonly config: Config;
  /** Who writes, in every record's envelope. */
  readonly app: string;
  readonly needs: readonly Need[];
  readonly sink: TelemetrySink;
}

const sharedTopics = ['observations', 'findings', 'verdicts', 'decisions'] as const;

/** @throws {ConfigRefused} for a section that is missing, {StartRefused} for what cannot be reached or is not as it must be; nothing stays open then. */
export async function openDistributedPorts(request: PortsRequest): Promise<DistributedPorts> {
  const { SystemClock } = await import('@countersign/adapters/clock/system');
  const clock = new SystemClock();
  const opener = new Opener(request, clock);
  try {
    return await opener.open();
  } catch (error) {
    await opener.close();
    throw error;
  }
}

class Opener {
  readonly #request: PortsRequest;
  readonly #clock: Clock;
  readonly #waiting: Waiting;
  readonly #closers: (() => Promise<void>)[] = [];

  constructor(request: PortsRequest, clock: Clock) {
    this.#request = request;
    this.#clock = clock;
    this.#waiting = { clock, telemetry: request.sink.telemetry, untilMs: clock.monotonicMs() + request.config.startSeconds * 1_000 };
  }

  async open(): Promise<DistributedPorts> {
    const { needs, sink } = this.#request;
    const isNeeded = (...any: readonly Need[]): boolean => any.some((need) => needs.includes(need));
    const eventLog = await this.#ledger();
    const snapshotStore = isNeeded('snapshots') ? await this.#snapshots() : new NoSnapshots();
    const approvals = isNeeded('approvals') ? await this.#approvals() : undefined;
    const historyStore = isNeeded('history', 'migrated-history') ? await this.#history(isNeeded('migrated-history')) : undefined;
    return {
      ports: { ...sink, eventLog, snapshotStore, clock: this.#clock, ...(approvals && { approvalStore: approvals }), ...(historyStore && { historyStore }) },
      ...(approvals && { wakes: approvals }),
      close: () => this.close(),
    };
  }

  async close(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async #ledger(): Promise<EventLog> {
    const { config, app, sink } = this.#request;
    const kafka = section(config.kafka, 'kafka');
    const { KafkaEventLog } = await import('@countersign/adapters/event-log/kafka');
    const { partitionDifferences } = await import('@countersign/adapters/event-log/kafka/topics');
    const connection = kafkaConnectionOf(kafka, `countersign-${app}`);
    const differences = await untilReachable('the ledger on Kafka', this.#waiting, () =>
      partitionDifferences({ connection, topics: sharedTopics.map((name) => ({ name, partitions: kafka.partitions })), topicPrefix: kafka.topicPrefix, telemetry: sink.telemetry }),
    );
    if (differences.length > 0) throw new StartRefused(`${differences.join(' ')} Nothing was started: every topic must have kafka.partitions (${kafka.partitions}) partitions, or a call's records would not meet.`);
    const log = await untilReachable('the ledger on Kafka', this.#waiting, () =>
      KafkaEventLog.connect({ connection, app, topicPrefix: kafka.topicPrefix, clock: this.#clock, telemetry: sink.telemetry, sessionMs: kafka.sessionSeconds * 1_000 }),
    );
    this.#closers.push(() => log.close());
    return log;
  }

  async #snapshots(): Promise<SnapshotStore> {
    const { RedisSnapshotStore } = await import('@countersign/adapters/snapshot-store/redis');
    const store = await untilReachable('Redis, for snapshots', this.#waiting, () => RedisSnapshotStore.connect(this.#redis(), this.#request.sink.telemetry));
    this.#closers.push(() => store.close());
    return store;
  }

  async #approvals(): Promise<ApprovalStore & ApprovalWakes> {
    const { BullmqApprovalStore: Store } = await import('@countersign/adapters/approval-store/bullmq');
    const { telemetry } = this.#request.sink;
    const store = await untilReachable('Redis, for approvals', this.#waiting, () => Store.connect(this.#redis(), { clock: this.#clock, telemetry }));
    this.#closers.push(() => store.close());
    return store;
  }

  async #history(mustBeMigrated: boolean): Promise<HistoryStore> {
    const { ClickHouseHistoryStore } = await import('@countersign/adapters/history-store/clickhouse');
    const { url, username, password = '', readUsername, readPassword = '', database } = section(this.#request.config.clickHouse, 'clickHouse');
    const store = await untilReachable('history on ClickHouse', this.#waiting, () => ClickHouseHistoryStore.connect({ url, username, password, readUsername, readPassword, database }));
    this.#closers.push(() => store.close());
    if (mustBeMigrated) await untilReachable('history’s tables', this.#waiting, () => asKnown(store));
    return store;
  }

  #redis(): { readonly url: string; readonly prefix: string } {
    const { url = '', prefix } = section(this.#request.config.redis, 'redis');
    return { url, prefix };
  }
}

/** A service without memory saves none; whoever asks for one all the same is a defect here. */
class NoSnapshots extends SnapshotStore {
  claim(): Promise<never> {
    return this.#refused();
  }

  save(): Promise<never> {
    return this.#refused();
  }

  load(): Promise<never> {
    return this.#refused();
  }

  async close(): Promise<void> {}

  #refused(): Promise<never> {
    return Promise.reject(new Error('this service was started without a snapshot store, and a processor in it wants one.'));
  }
}

/** @throws RetriableError while history knows fewer migrations than this program: `record` makes them. */
async function asKnown(store: HistoryStore): Promise<void> {
  const known = migrations.length;
  const [row] = await store.query('SELECT max(number) AS number FROM migrations').catch((error: unknown) => {
    throw new RetriableError(`history has no tables yet (${error instanceof Error ? error.message : String(error)}); \`countersign record\` makes them.`, { cause: error });
  });
  const there = Number(row?.['number'] ?? 0);
  if (there < known) throw new RetriableError(`history is of version ${there}, this program needs ${known}; start \`countersign record\` of this release, which brings it there.`);
}

function section<T>(value: T | undefined, name: string): T {
  if (value === undefined) throw new ConfigRefused([`${name}: this service needs it, and it is not set.`]);
  return value;
}
