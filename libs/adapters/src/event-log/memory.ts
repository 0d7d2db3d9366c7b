/**
 * The ledger in memory: tests, the demonstration, and anything that need not outlive its process.
 * ME1. L1 to L3 and L5 as the port says. L4 holds trivially: nothing here survives the process, so nothing is acknowledged that would.
 * ME2. Keeps at most `recordsMax` records per topic; the oldest go first, and a follower that was slower misses them.
 */
import type { Topic } from '@countersign/contracts';
import { EventLog, RetriableError, silentTelemetry, type Clock, type FollowOptions, type HandleBatch, type LedgerRecord, type OpenLane, type ShareOptions, type StoredRecord, type Subscription, type Telemetry } from '@countersign/pipeline';
import { SystemClock } from '../clock/system.js';
import { createFollowers } from './followers.js';
import { createOnePartition } from './one-partition.js';

export interface MemoryEventLogOptions {
  /** For the pause after a rejected batch. */
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  readonly recordsMax?: number;
}

interface TopicRecords {
  /** Offset of `records[0]`. */
  first: number;
  records: StoredRecord[];
  readonly ids: Set<string>;
}

export class MemoryEventLog extends EventLog {
  readonly #topics = new Map<Topic, TopicRecords>();
  readonly #positions = new Map<string, number>();
  readonly #recordsMax: number;
  readonly #followers;
  readonly #shared;
  #isClosed = false;

  constructor({ clock = new SystemClock(), telemetry = silentTelemetry, recordsMax = 1_000_000 }: MemoryEventLogOptions = {}) {
    super();
    this.#recordsMax = recordsMax;
    this.#followers = createFollowers({
      clock,
      telemetry,
      read: (topic, { offset, recordsMax }) => this.#read(topic, offset, recordsMax),
      position: (topic, group) => this.#positions.get(`${topic}\0${group}`) ?? 0,
      keepPosition: (topic, group, next) => void this.#positions.set(`${topic}\0${group}`, next),
      end: (topic) => this.#end(topic),
    });
    this.#shared = createOnePartition({ clock, telemetry, follow: (topic, options, handle) => this.follow(topic, options, handle) });
  }

  async append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    if (records.length === 0) return;
    if (this.#isClosed) throw new RetriableError('the ledger is closed; nothing was appended. Open it again and repeat.');
    const held = this.#of(topic);
    for (const { id, key, value, parsed } of records) {
      if (held.ids.has(id)) continue;
      held.ids.add(id);
      held.records.push({ topic, partition: 0, offset: held.first + held.records.length, id, key, value, parsed });
    }
    if (held.records.length > this.#recordsMax) this.#trim(held);
    this.#followers.wakeEarly(topic);
    this.#followers.wake(new Set([topic]));
  }

  async follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError(`the ledger is closed; ${topic} cannot be followed.`);
    return this.#followers.follow({ ...options, topic, handle });
  }

  async share(topics: readonly Topic[], options: ShareOptions, open: OpenLane): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError('the ledger is closed; its topics cannot be shared.');
    return this.#shared.share({ topics, options, open });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#shared.stopAll();
    await this.#followers.stopAll();
  }

  #of(topic: Topic): TopicRecords {
    const held = this.#topics.get(topic) ?? { first: 0, records: [], ids: new Set<string>() };
    this.#topics.set(topic, held);
    return held;
  }

  #end(topic: Topic): number {
    const { first, records } = this.#of(topic);
    return first + records.length;
  }

  #read(topic: Topic, offset: number, recordsMax: number): readonly StoredRecord[] {
    const { first, records } = this.#of(topic);
    const start = Math.max(0, offset - first);
    return records.slice(start, start + recordsMax);
  }

  // A tenth at a time: cutting one record per append would copy the whole array each time.
  #trim(held: TopicRecords): void {
    const gone = held.records.splice(0, Math.max(Math.ceil(this.#recordsMax / 10), held.records.length - this.#recordsMax));
    for (const { id } of gone) held.ids.delete(id);
    held.first += gone.length;
  }
}
