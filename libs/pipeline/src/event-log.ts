import type { Topic } from '@countersign/contracts';

/** One record on its way into the ledger. `value` is the JSON text of a record of the topic's schema. */
export interface LedgerRecord {
  readonly id: string;
  /** The domain: records of one key keep their order. */
  readonly key: string;
  readonly value: string;
  /**
   * The record itself, if its writer has it: what `value` says, of the topic's schema. Readers in the same process are spared the reading;
   * it is shared and not to be changed. Whoever writes it vouches for it; an engine may drop it.
   */
  readonly parsed?: unknown;
}

/** One record as a follower sees it. `offset` grows within (topic, partition); here partition is always 0 unless the adapter has more. */
export interface StoredRecord extends LedgerRecord {
  readonly topic: Topic;
  readonly partition: number;
  readonly offset: number;
}

export type HandleBatch = (batch: readonly StoredRecord[]) => Promise<void>;

export interface FollowOptions {
  /** Members of one group share the topic; each group sees all of it. Its position survives restarts. */
  readonly group: string;
  /**
   * A number: start at this offset, whatever the group's position says (a restored snapshot names its own).
   * `beforeEnd`: start that many records before the current end, and keep no position (a reader of news, not of history).
   */
  readonly from?: number | { readonly beforeEnd: number };
  readonly batchRecordsMax?: number;
  /**
   * Hand records over as soon as their order is known, before they would survive a crash (L4). Only for a reader in the process that
   * appends, whose every effect goes back through `append`: a crash then takes the record and all that came of it. Engines
   * without such a moment ignore it.
   */
  readonly early?: boolean;
}

/** One partition in the hands of one member: all topics shared together, from one place, by one reader. */
export interface Lane {
  /**
   * The next offset per topic, whatever the group's position says; a topic that is missing here starts at the beginning of the ledger.
   * Absent: the group's position counts, for every topic (a reader without memory).
   */
  readonly from?: ReadonlyMap<Topic, number>;
  handle(topic: Topic, batch: readonly StoredRecord[]): Promise<void>;
  /**
   * The partition goes to another member, or this one stops: finish or give up the batch in hand and save what must not be lost.
   * May be called while `handle` runs; called once; nothing is handed over afterwards. The engine waits for it, but not for ever.
   */
  close(): Promise<void>;
}

/** Called when a partition comes to this member; rejecting makes the engine try again later. */
export type OpenLane = (partition: number) => Promise<Lane>;

export type ShareOptions = Pick<FollowOptions, 'group' | 'batchRecordsMax' | 'early'>;

export interface Subscription {
  /** Resolves after the batch in hand is finished; nothing is handled afterwards. Not to be awaited inside `handle`. */
  stop(): Promise<void>;
}

/**
 * The ledger, as a processor sees it.
 * L1. Order holds within one key, and nowhere else.
 * L2. Delivery is at least once: `handle` may see a batch again.
 * L3. A batch counts as read only after `handle` resolves; if it rejects, the same records come again after a pause.
 * L4. `append` resolves only when the records survive a crash of this process (and of the broker's leader); of no records: when
 *     everything does that was handed over early before.
 * L5. A record whose (topic, id) the ledger already holds is accepted and not stored twice, where the engine can tell;
 *     a follower must not rely on it (L2).
 * L6. Members of one group share partitions: partition p of all the topics shared together is with one member at a time, the same for
 *     all of them. `open` comes before its first batch; `close` is awaited, for a bounded time, before another member opens it.
 * Operating errors: `RetriableError` when the engine is busy, full or away; what `append` was given is then not acknowledged.
 * Does not promise: order across topics, delivery times, reading back by id.
 */
export abstract class EventLog {
  abstract append(topic: Topic, records: readonly LedgerRecord[]): Promise<void>;
  abstract follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription>;
  /** Resolves once this member belongs to the group; it may have no partition then. `stop` closes its lanes. Topics have equally many partitions. */
  abstract share(topics: readonly Topic[], options: ShareOptions, open: OpenLane): Promise<Subscription>;
  abstract close(): Promise<void>;
}
