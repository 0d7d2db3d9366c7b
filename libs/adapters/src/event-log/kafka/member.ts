/**
 * One member of one Kafka group: reads partition p of all its topics together, one lane per partition (L6).
 * ME1. On assignment each partition's lane is opened, its topics are sought, and only then read.
 * ME2. When the group moves, reading stops and every lane is closed before this member joins again (AS2), for at most `closeMsMax`; it
 *      stays alive in the group meanwhile.
 * ME3. A member unheard of for `sessionMs` loses its partitions; its lane may then still finish one batch, whose commit is refused.
 * ME4. Whatever ends the client's own loop, the member begins again; only `stop` ends it.
 */
import type { Topic } from '@countersign/contracts';
import { RetriableError, type Clock, type Lane, type LedgerRecord, type Telemetry } from '@countersign/pipeline';
import kafkajs, { type Consumer, type ConsumerCrashEvent, type ConsumerGroupJoinEvent, type EachBatchPayload, type Kafka, type TopicPartitions } from 'kafkajs';
import { JoinAgain, laneAssigner } from './assigner.js';
import { classified } from './errors.js';
import { HeldPartition } from './held-partition.js';
import { PieceStore } from './pieces.js';

const { KafkaJSNonRetriableError } = kafkajs;
const beginAgainMs = 5_000;
/** What is fetched together may be handled together; a partition is served one batch at a time all the same. */
const partitionsAtOnce = 64;
const leaveMsMax = 5_000;
const rebalanceMs = 30_000;
const closeMsMax = 25_000;
const pieceBytesHeldMax = 64 * 1024 * 1024;

export interface MemberOptions {
  readonly kafka: Kafka;
  readonly topics: readonly Topic[];
  /** Before the topics' names on the brokers. */
  readonly topicPrefix: string;
  /** On the brokers. */
  readonly groupId: string;
  /** For sentences and telemetry. */
  readonly group: string;
  readonly open: (partition: number) => Lane | Promise<Lane>;
  readonly keepsPosition: boolean;
  readonly batchRecordsMax: number;
  readonly setAside: (letters: readonly LedgerRecord[]) => Promise<void>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sessionMs: number;
  readonly fetchBytesMax: number;
  readonly joinMsMax: number;
}

export class Member {
  readonly #options: MemberOptions;
  readonly #held = new Map<number, HeldPartition>();
  readonly #pieces = new PieceStore(pieceBytesHeldMax);
  #consumer: Consumer | undefined;
  #isStopped = false;
  #releasing: Promise<void> | undefined;
  #cancelRestart: () => void = nothing;
  #joined: () => void = nothing;

  constructor(options: MemberOptions) {
    this.#options = options;
  }

  /** Resolves once the group has given this member its share, which may be none. @throws `RetriableError` when that takes too long. */
  async start(): Promise<void> {
    const { clock, joinMsMax, group } = this.#options;
    let cancel = nothing;
    const joined = new Promise<void>((resolve, reject) => {
      cancel = clock.after(joinMsMax, () => reject(new RetriableError(`${this.#what()} was not given to this reader within ${joinMsMax} ms; nothing was read. Try again.`)));
      this.#joined = resolve;
      this.#begin().catch(reject);
    });
    try {
      await joined;
    } catch (error) {
      await this.stop();
      throw classified(error, `${this.#what()} could not be followed by ${group}; nothing was read`);
    } finally {
      cancel();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    await this.#release();
    await this.#leave();
  }

  async #begin(): Promise<void> {
    const { kafka, groupId, sessionMs, fetchBytesMax, topics, topicPrefix } = this.#options;
    const consumer = kafka.consumer({
      groupId, sessionTimeout: sessionMs, rebalanceTimeout: rebalanceMs, heartbeatInterval: Math.floor(sessionMs / 8), minBytes: 1, maxWaitTimeInMs: 250,
      maxBytes: fetchBytesMax, maxBytesPerPartition: Math.ceil(fetchBytesMax / 4), partitionAssigners: [laneAssigner(() => this.#mayJoin())],
      // So many attempts outlast the closing of lanes, during which joining is put off.
      retry: { retries: 40, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(!this.#isStopped) },
    });
    this.#consumer = consumer;
    consumer.on('consumer.group_join', (event) => this.#take(consumer, event));
    consumer.on('consumer.rebalancing', () => void this.#release());
    consumer.on('consumer.crash', (event) => this.#crashed(event));
    await consumer.connect();
    await consumer.subscribe({ topics: topics.map((topic) => topicPrefix + topic), fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, partitionsConsumedConcurrently: partitionsAtOnce, eachBatch: (payload) => this.#eachBatch(payload) });
  }

  #mayJoin(): boolean {
    if (this.#held.size === 0) return true;
    void this.#release();
    return false;
  }

  #take(consumer: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    this.#joined();
    if (this.#isStopped) return;
    for (const partition of new Set(Object.values(payload.memberAssignment).flat())) this.#hold(consumer, partition);
  }

  #hold(consumer: Consumer, partition: number): void {
    const { topics, topicPrefix, group, open, keepsPosition, batchRecordsMax, clock, telemetry, sessionMs, setAside } = this.#options;
    const own = this.#named([partition]);
    const held = new HeldPartition({
      partition, topics, group, open, keepsPosition, batchRecordsMax, clock, telemetry, setAside, pieces: this.#pieces, heartbeatMs: Math.floor(sessionMs / 4),
      nameOf: (topic) => topicPrefix + topic, seek: (topic, offset) => whileRunning(() => consumer.seek({ topic: topicPrefix + topic, partition, offset: String(offset) })), lost: () => void this.#release(),
    });
    this.#held.set(partition, held);
    const isOpen = held.begin(() => whileRunning(() => consumer.resume(own)));
    if (!isOpen) consumer.pause(own);
  }

  #named(partitions: number[]): TopicPartitions[] {
    return this.#options.topics.map((topic) => ({ topic: this.#options.topicPrefix + topic, partitions }));
  }

  async #eachBatch(payload: EachBatchPayload): Promise<void> {
    const { topics, topicPrefix } = this.#options;
    const topic = topics.find((name) => topicPrefix + name === payload.batch.topic);
    if (topic === undefined || this.#isStopped || this.#releasing !== undefined) return;
    const held = this.#held.get(payload.batch.partition);
    // Given up although the group still counts on it: only joining again gets it back.
    if (held === undefined) throw new JoinAgain('the partition was closed before the group asked for it');
    await held.take(topic, payload);
  }

  /** Closes what is held. Joining again, and leaving, wait for it. */
  #release(): Promise<void> {
    return (this.#releasing ??= this.#released().finally(() => (this.#releasing = undefined)));
  }

  async #released(): Promise<void> {
    const all = [...this.#held.values()];
    if (all.length === 0) return;
    const { clock, sessionMs } = this.#options;
    whileRunning(() => this.#consumer?.pause(this.#named([...this.#held.keys()])));
    let cancel = nothing;
    const beat = (): void => {
      cancel = clock.after(sessionMs / 4, () => void all[0]?.beat().then(beat));
    };
    beat();
    let cancelLate = nothing;
    const late = new Promise<'late'>((resolve) => (cancelLate = clock.after(closeMsMax, () => resolve('late'))));
    const outcome = await Promise.race([Promise.all(all.map((held) => held.close())), late]);
    cancel();
    cancelLate();
    if (outcome === 'late') this.#sayLate();
    // Read on, should the group not have moved after all: whoever gets a batch now joins again.
    if (!this.#isStopped) whileRunning(() => this.#consumer?.resume(this.#named([...this.#held.keys()])));
    this.#held.clear();
  }

  #crashed({ payload }: ConsumerCrashEvent): void {
    if (this.#isStopped) return;
    void this.#release();
    const { clock, telemetry, groupId } = this.#options;
    telemetry({
      event: 'LedgerReadRetried', level: 'warn', fields: { stage: groupId, topic: this.#what(), restarts: payload.restart },
      message: `Reading ${this.#what()} for ${groupId} was broken off (${payload.error.name}); nothing is lost, it goes on from its position within a few seconds.`,
    });
    // What the client takes for final (an authorisation taken away) is mended by people: the member outlives it.
    if (!payload.restart) this.#cancelRestart = clock.after(beginAgainMs, () => void this.#begin().catch((error: unknown) => this.#crashed({ payload: { error, restart: false } } as ConsumerCrashEvent)));
  }

  /** Leaving in order hands the share over at once; a broker that is away learns of it when the session runs out. */
  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    const { clock, telemetry, groupId } = this.#options;
    let cancel = nothing;
    const late = new Promise<'late'>((resolve) => (cancel = clock.after(leaveMsMax, () => resolve('late'))));
    const left = consumer.disconnect().then(nothing, (error: unknown) => error);
    const outcome = await Promise.race([left, late]);
    cancel();
    if (outcome !== undefined) telemetry({ event: 'LedgerLeaveDelayed', level: 'info', fields: { stage: groupId, topic: this.#what() }, message: `Group ${groupId} could not be told that this reader of ${this.#what()} stopped; its share moves when the session runs out. Nothing more is handled here.` });
  }

  #sayLate(): void {
    const { telemetry, group } = this.#options;
    telemetry({
      event: 'LaneCloseLate', level: 'error', fields: { stage: group, closeSeconds: closeMsMax / 1_000 },
      message: `${group} could not close its parts of the ledger within ${closeMsMax / 1_000} s; they go to another member, which may read again what is being finished here. Nothing is lost.`,
    });
  }

  #what(): string {
    return this.#options.topics.join(', ');
  }
}

/** A consumer that has just broken off has no partitions to seek or pause, and says so by throwing; it is given them anew when it joins. */
function whileRunning(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof KafkaJSNonRetriableError)) throw error;
  }
}

function nothing(): void {}
