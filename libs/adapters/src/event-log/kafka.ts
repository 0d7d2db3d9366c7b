/**
 * The ledger on Kafka.
 * KL1. `append` resolves after every partition's leader and its in-sync copies have the records (acks −1), and the reply named the
 *      partition. A plain producer, one request in flight, one partition per send: the idempotent producer, and sends that span
 *      brokers, lost acknowledged records when a broker was killed (measured).
 * KL2. The key decides the partition, by the hash the Java clients use; the number of partitions is read once and must not change.
 * KL3. Of L5 it can tell what this instance itself wrote lately. It cannot tell what another process wrote, or this one before its
 *      start, or long ago: such a record is stored twice, under one id, and followers see both (L2).
 * KL4. Members of a group share its partitions. What is followed alone is one Kafka group per topic, `<group>.<topic>`; what is shared
 *      together is one, `<group>`. `from: {beforeEnd}` reads all partitions, alone.
 * KL5. `from: n` holds for partition 0; the others begin at their beginning, where a reader that remembers positions passes over what
 *      it has: nothing is missed, much may be read twice (the port names one offset). Such a reader that gets a partition back goes on
 *      from its own place there, not from the group's. A lane of `share` names a place for its own partition: it has no such cost.
 * KL6. Waiting records are bounded in bytes, fetched ones too: at most `fetchBytesMax` per broker are in memory per subscription, and
 *      64 MiB of pieces.
 * KL7. A record over 256 KiB travels in pieces (`kafka/pieces.ts`); nobody sees it in part.
 * KL8. What is no record (bytes that are no text, a broken envelope, missing pieces) is in dead-letters, with its bytes and its place,
 *      before its partition goes on (`kafka/decode.ts`).
 */
import { randomUUID } from 'node:crypto';
import { topics, type Topic } from '@countersign/contracts';
import {
  EventLog, RetriableError, silentTelemetry, TerminalError, type Clock, type FollowOptions, type HandleBatch, type Lane as OpenedLane, type LedgerRecord, type OpenLane, type ShareOptions, type Subscription, type Telemetry,
} from '@countersign/pipeline';
import { CompressionTypes, Partitioners, type Admin, type Kafka, type Message, type PartitionMetadata, type Producer } from 'kafkajs';
import { SystemClock } from '../clock/system.js';
import { briefRetry, kafkaClient, type KafkaConnection } from './kafka/connection.js';
import { messageOf } from './kafka/envelope.js';
import { classified } from './kafka/errors.js';
import { Gather } from './kafka/gather.js';
import { Lane, type Outgoing } from './kafka/lane.js';
import { Member, type MemberOptions } from './kafka/member.js';
import { inPieces, pieceBytesMax, recordBytesMax } from './kafka/pieces.js';
import { partitionsOf } from './kafka/topics.js';

export interface KafkaEventLogOptions {
  readonly connection: KafkaConnection;
  /** Who writes, in `ce_source`: `gate`, `detect`, …; `countersign`. */
  readonly app?: string;
  /** Before every topic's and group's name; none. */
  readonly topicPrefix?: string;
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  /** gzip for batches of 16 KB and more: it costs about a tenth of the rate and saves two thirds of the bytes; true. */
  readonly compress?: boolean;
  /** Bytes of values that may wait for the brokers; above it `append` refuses. 64 MiB. */
  readonly pendingBytesMax?: number;
  /** How long an append is tried again while brokers are away; 60 000. */
  readonly appendMsMax?: number;
  readonly fetchBytesMax?: number;
  /** A member unheard of for so long loses its share; the broker's `group.min.session.timeout.ms` bounds it from below. 6 000. */
  readonly sessionMs?: number;
  /** How long `follow` waits for the group; 30 000. */
  readonly joinMsMax?: number;
}

const batchRecordsMax = 1_000;
const batchBytesMax = 900_000;
const idsRememberedPerLane = 100_000;
const closeMsMax = 5_000;
const joinMsMaxDefault = 30_000;
const batchRecordsMaxDefault = 256;
const compressedBytesMin = 16 * 1024;

export class KafkaEventLog extends EventLog {
  readonly #kafka: Kafka;
  readonly #admin: Admin;
  readonly #producer: Producer;
  readonly #options: KafkaEventLogOptions & { readonly clock: Clock; readonly telemetry: Telemetry; readonly topicPrefix: string };
  readonly #partitions = new Map<Topic, number>();
  readonly #lanes = new Map<string, Lane>();
  readonly #members = new Set<Member>();
  readonly #sends = new Set<Promise<unknown>>();
  #pendingBytes = 0;
  #isClosed = false;

  /**
   * Connects and looks for the topics.
   * @throws `RetriableError` when no broker answers or a topic is missing (made by `ensureTopics`).
   */
  static async connect(options: KafkaEventLogOptions): Promise<KafkaEventLog> {
    const log = new KafkaEventLog(options);
    try {
      await log.#connect();
      return log;
    } catch (error) {
      await log.close();
      throw classified(error, 'the ledger’s brokers could not be reached; nothing was read or written');
    }
  }

  private constructor(options: KafkaEventLogOptions) {
    super();
    this.#options = { ...options, clock: options.clock ?? new SystemClock(), telemetry: options.telemetry ?? silentTelemetry, topicPrefix: options.topicPrefix ?? '' };
    this.#kafka = kafkaClient(options.connection, this.#options.telemetry);
    this.#admin = this.#kafka.admin();
    this.#producer = this.#kafka.producer({ maxInFlightRequests: 1, idempotent: false, allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner, retry: briefRetry });
  }

  async append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    // Nothing is handed over early here.
    if (records.length === 0) return;
    if (this.#isClosed) throw new RetriableError('the ledger is closed; nothing was appended. Open it again and repeat.');
    const outgoing = this.#byPartition(topic, records);
    const bytes = [...outgoing.values()].flat().reduce((sum, record) => sum + record.bytes, 0);
    if (this.#pendingBytes > 0 && this.#pendingBytes + bytes > (this.#options.pendingBytesMax ?? 64 * 1024 * 1024)) {
      throw new RetriableError(`${this.#pendingBytes} bytes already wait for the brokers; nothing of this append was stored. Repeat it later.`);
    }
    this.#pendingBytes += bytes;
    try {
      const appended = await Promise.allSettled([...outgoing].map(([partition, share]) => this.#lane(topic, partition).append(share)));
      const refused = appended.find((outcome) => outcome.status === 'rejected');
      if (refused !== undefined) throw refused.reason;
    } finally {
      this.#pendingBytes -= bytes;
    }
  }

  async follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError(`the ledger is closed; ${topic} cannot be followed.`);
    const readsNews = typeof options.from === 'object';
    const starts = await this.#starts(topic, options.from);
    // As far as this reader has handled: its memory holds that, also of a partition that others read meanwhile.
    const next = new Map<number, number>();
    const { batchRecordsMax = batchRecordsMaxDefault } = options;
    const gather = new Gather(handle, batchRecordsMax);
    const open = (partition: number): OpenedLane => {
      const from = starts.size === 0 ? undefined : (next.get(partition) ?? starts.get(partition));
      return {
        ...(from === undefined ? {} : { from: new Map([[topic, from]]) }),
        handle: async (_, batch) => {
          await gather.add(partition, batch);
          next.set(partition, (batch.at(-1)?.offset ?? -1) + 1);
        },
        close: () => Promise.resolve(gather.leave(partition)),
      };
    };
    return this.#joined({
      topics: [topic], open, keepsPosition: !readsNews, batchRecordsMax,
      group: options.group, groupId: `${this.#options.topicPrefix}${options.group}.${topic}${readsNews ? `.${randomUUID()}` : ''}`,
    });
  }

  /** @throws `TerminalError` (`partitions`) when the topics have different numbers of partitions: there is no partition p of all of them. */
  async share(shared: readonly Topic[], { group, batchRecordsMax = batchRecordsMaxDefault }: ShareOptions, open: OpenLane): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError(`the ledger is closed; ${shared.join(', ')} cannot be shared.`);
    const counts = new Set(shared.map((topic) => this.#partitions.get(topic)));
    if (counts.size > 1) {
      const each = shared.map((topic) => `${topic} ${this.#partitions.get(topic)}`).join(', ');
      throw new TerminalError('partitions', `${group} cannot share topics with different numbers of partitions (${each}); nothing was read. Share topics with equally many.`);
    }
    return this.#joined({ topics: shared, open: (partition) => this.#openLane(shared, partition, open), keepsPosition: true, batchRecordsMax, group, groupId: this.#options.topicPrefix + group });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.all([...this.#members].map((member) => member.stop()));
    await this.#settled([...this.#sends]);
    for (const lane of this.#lanes.values()) lane.close();
    await this.#settled([this.#producer.disconnect(), this.#admin.disconnect()]);
  }

  async #joined(own: Pick<MemberOptions, 'topics' | 'open' | 'keepsPosition' | 'batchRecordsMax' | 'group' | 'groupId'>): Promise<Subscription> {
    const { clock, telemetry, topicPrefix, sessionMs = 6_000, fetchBytesMax = 8 * 1024 * 1024, joinMsMax = joinMsMaxDefault } = this.#options;
    const member = new Member({ ...own, kafka: this.#kafka, topicPrefix, clock, telemetry, sessionMs, fetchBytesMax, joinMsMax, setAside: (letters) => this.append('dead-letters', letters) });
    this.#members.add(member);
    const stop = async (): Promise<void> => {
      await member.stop();
      this.#members.delete(member);
    };
    try {
      await member.start();
    } catch (error) {
      await stop();
      throw error;
    }
    return { stop };
  }

  /** A place that retention has taken meanwhile is moved to the beginning of what there is. */
  async #openLane(shared: readonly Topic[], partition: number, open: OpenLane): Promise<OpenedLane> {
    const lane = await open(partition);
    const wanted = lane.from;
    if (wanted === undefined) return lane;
    try {
      const from = new Map<Topic, number>();
      for (const topic of shared) {
        const ends = await this.#admin.fetchTopicOffsets(this.#options.topicPrefix + topic);
        from.set(topic, Math.max(Number(ends.find((end) => end.partition === partition)?.low ?? 0), wanted.get(topic) ?? 0));
      }
      return { from, handle: (topic, batch) => lane.handle(topic, batch), close: () => lane.close() };
    } catch (error) {
      await lane.close();
      throw classified(error, `the ends of ${shared.join(', ')} could not be read`);
    }
  }

  async #connect(): Promise<void> {
    await Promise.all([this.#admin.connect(), this.#producer.connect()]);
    const counts = await partitionsOf(this.#admin, topics.map((topic) => this.#options.topicPrefix + topic));
    for (const topic of topics) this.#partitions.set(topic, counts.get(this.#options.topicPrefix + topic) ?? 0);
  }

  #byPartition(topic: Topic, records: readonly LedgerRecord[]): ReadonlyMap<number, Outgoing[]> {
    const { clock, app = 'countersign' } = this.#options;
    const envelope = { topic, app, recordedAt: new Date(clock.wallMs()).toISOString() };
    const shares = new Map<number, Outgoing[]>();
    const places = new Map<string, number>();
    for (const record of records) {
      const bytes = Buffer.byteLength(record.value);
      if (bytes > recordBytesMax) throw new TerminalError('over-limit', `a record of ${bytes} bytes is over the ${recordBytesMax} that one record may have; nothing of this append was stored.`);
      const message = bytes > pieceBytesMax ? inPieces(record, envelope) : messageOf(record, envelope);
      const partition = places.get(record.key) ?? this.#partitionOf(topic, record.key);
      places.set(record.key, partition);
      const share = shares.get(partition) ?? [];
      share.push({ id: record.id, message, bytes });
      shares.set(partition, share);
    }
    return shares;
  }

  readonly #partitioner = Partitioners.DefaultPartitioner();
  #partitionOf(topic: Topic, key: string): number {
    const count = this.#partitions.get(topic) ?? 1;
    // The hash uses the number of partitions alone; leaders change, keys do not move.
    return this.#partitioner({ topic, partitionMetadata: Array.from({ length: count }, () => anyPartition), message: { key, value: null } });
  }

  #lane(topic: Topic, partition: number): Lane {
    const place = `${topic}/${partition}`;
    const known = this.#lanes.get(place);
    if (known !== undefined) return known;
    const lane = new Lane({
      place, clock: this.#options.clock, batchRecordsMax, batchBytesMax, appendMsMax: this.#options.appendMsMax ?? 60_000, idsRemembered: idsRememberedPerLane,
      send: (messages) => this.#tracked(this.#send(topic, partition, messages)),
    });
    this.#lanes.set(place, lane);
    return lane;
  }

  async #send(topic: Topic, partition: number, messages: readonly Message[]): Promise<number | undefined> {
    const name = this.#options.topicPrefix + topic;
    try {
      const reply = await this.#producer.send({ topic: name, messages: messages.map((message) => ({ ...message, partition })), acks: -1, compression: this.#codecFor(messages) });
      const named = reply.find((part) => part.topicName === name && part.partition === partition && part.errorCode === 0);
      return named === undefined ? undefined : Number(named.baseOffset ?? 0);
    } catch (error) {
      throw classified(error, `${messages.length} records for ${topic}/${partition} were not acknowledged by the brokers`);
    }
  }

  /** A small batch is one that somebody waits for: compressing it, and expanding it at each reader, costs more time than its bytes. */
  #codecFor(messages: readonly Message[]): CompressionTypes {
    const bytes = messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
    return this.#options.compress === false || bytes < compressedBytesMin ? CompressionTypes.None : CompressionTypes.GZIP;
  }

  /** Patient as `follow` is: while a leader moves, the client asks the wrong broker and does not ask again by itself. */
  async #starts(topic: Topic, from: FollowOptions['from']): Promise<ReadonlyMap<number, number>> {
    if (from === undefined) return new Map();
    const { clock, topicPrefix, joinMsMax = joinMsMaxDefault } = this.#options;
    for (const untilMs = clock.monotonicMs() + joinMsMax; ; ) {
      try {
        const ends = await this.#admin.fetchTopicOffsets(topicPrefix + topic);
        const wanted = (partition: number, end: number) => (typeof from === 'object' ? end - from.beforeEnd : partition === 0 ? from : 0);
        return new Map(ends.map(({ partition, low, high }) => [partition, Math.max(Number(low), wanted(partition, Number(high)))]));
      } catch (error) {
        const known = classified(error, `the ends of ${topicPrefix}${topic} could not be read; nothing was followed`);
        if (!(known instanceof RetriableError) || clock.monotonicMs() > untilMs || this.#isClosed) throw known;
      }
      await new Promise<void>((resolve) => clock.after(200, resolve));
    }
  }

  #tracked<T>(send: Promise<T>): Promise<T> {
    const over = (): void => void this.#sends.delete(send);
    this.#sends.add(send);
    send.then(over, over);
    return send;
  }

  /** Waits for all, but not for ever: brokers that are away must not keep a process from ending. */
  async #settled(works: readonly Promise<unknown>[]): Promise<void> {
    let cancel = (): void => undefined;
    const late = new Promise<void>((resolve) => (cancel = this.#options.clock.after(closeMsMax, resolve)));
    await Promise.race([Promise.allSettled(works), late]);
    cancel();
  }
}

const anyPartition: PartitionMetadata = { partitionErrorCode: 0, partitionId: 0, leader: 0, replicas: [], isr: [] };
