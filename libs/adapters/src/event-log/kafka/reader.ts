/**
 * One subscription: one member of one Kafka group, for one topic.
 * RE1. Offsets are resolved and committed after `handle` resolved (L3), at least at the end of each fetched batch.
 * RE2. A batch whose `handle` rejects is handed over again after a pause that doubles from 50 ms to 5 s; the member stays alive meanwhile.
 * RE3. When the group moves, the batch in hand is finished and the rest left to whoever owns the partition then (L2).
 * RE4. A reader with a start of its own goes on from where it itself was, also on a partition that others read meanwhile: its memory
 *      holds what it handled, not what the group did. A reader of news is alone in its group and commits nothing.
 * RE5. Whatever ends the client's own loop, the reader begins again; only `stop` ends it.
 */
import { RetriableError, type Clock, type FollowOptions, type HandleBatch, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import type { Topic } from '@countersign/contracts';
import type { Consumer, ConsumerCrashEvent, ConsumerGroupJoinEvent, EachBatchPayload, Kafka } from 'kafkajs';
import { classified } from './errors.js';
import { storedOf } from './envelope.js';

const pauseMsMin = 50;
const pauseMsMax = 5_000;
const leaveMsMax = 5_000;
const commitEachMs = 100;

export interface ReaderOptions {
  readonly kafka: Kafka;
  readonly topic: Topic;
  /** The topic's name on the brokers. */
  readonly name: string;
  readonly groupId: string;
  /** First offset by partition; empty where the group's position counts. */
  readonly starts: ReadonlyMap<number, number>;
  readonly keepsPosition: boolean;
  readonly follow: FollowOptions;
  readonly handle: HandleBatch;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sessionMs: number;
  readonly fetchBytesMax: number;
  readonly joinMsMax: number;
}

export class Reader {
  readonly #options: ReaderOptions;
  /** Next offset by partition, as far as this reader has handled. */
  readonly #next = new Map<number, number>();
  #consumer: Consumer | undefined;
  #isStopped = false;
  #inHand: Promise<void> = Promise.resolve();
  #wake: () => void = nothing;
  #cancelRestart: () => void = nothing;
  #committedMs = 0;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Resolves once the group has given this member its share. @throws `RetriableError` when that takes too long. */
  async start(): Promise<void> {
    const { clock, joinMsMax, name } = this.#options;
    let cancel = nothing;
    const joined = new Promise<void>((resolve, reject) => {
      cancel = clock.after(joinMsMax, () => reject(new RetriableError(`${name} was not given to this reader within ${joinMsMax} ms; nothing was read. Try again.`)));
      this.#begin(resolve).catch(reject);
    });
    try {
      await joined;
    } catch (error) {
      await this.stop();
      throw classified(error, `${name} could not be followed; nothing was read`);
    } finally {
      cancel();
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancelRestart();
    this.#wake();
    await this.#inHand;
    await this.#leave();
  }

  async #begin(joined: () => void): Promise<void> {
    const { kafka, groupId, sessionMs, fetchBytesMax, name } = this.#options;
    const consumer = kafka.consumer({
      groupId, sessionTimeout: sessionMs, heartbeatInterval: Math.floor(sessionMs / 8), minBytes: 1, maxWaitTimeInMs: 250,
      maxBytes: fetchBytesMax, maxBytesPerPartition: Math.ceil(fetchBytesMax / 4),
      retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 1_000, restartOnFailure: () => Promise.resolve(!this.#isStopped) },
    });
    this.#consumer = consumer;
    consumer.on('consumer.group_join', (event) => {
      this.#seek(consumer, event);
      joined();
    });
    consumer.on('consumer.crash', (event) => this.#crashed(event));
    await consumer.connect();
    await consumer.subscribe({ topic: name, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: (payload) => this.#take(payload) });
  }

  #seek(consumer: Consumer, { payload }: ConsumerGroupJoinEvent): void {
    const { name, starts } = this.#options;
    if (starts.size === 0) return;
    for (const partition of payload.memberAssignment[name] ?? []) {
      const offset = this.#next.get(partition) ?? starts.get(partition);
      if (offset !== undefined) consumer.seek({ topic: name, partition, offset: String(offset) });
    }
  }

  #crashed({ payload }: ConsumerCrashEvent): void {
    if (this.#isStopped) return;
    const { clock, telemetry, groupId, topic } = this.#options;
    telemetry({
      event: 'LedgerReadRetried', level: 'warn', fields: { stage: groupId, topic, restarts: payload.restart },
      message: `Reading ${topic} for ${groupId} was broken off (${payload.error.name}); nothing is lost, it goes on from its position within a few seconds.`,
    });
    // What the client takes for final (an authorisation taken away) is mended by people: the reader outlives it.
    if (!payload.restart) this.#cancelRestart = clock.after(pauseMsMax, () => void this.#begin(nothing).catch((error: unknown) => this.#crashed({ payload: { error, restart: false } } as ConsumerCrashEvent)));
  }

  #take(payload: EachBatchPayload): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    const taken = this.#handled(payload);
    // `stop` waits for this; its failure is the client's to see.
    this.#inHand = taken.catch(nothing);
    return taken;
  }

  async #handled(payload: EachBatchPayload): Promise<void> {
    const { topic, follow } = this.#options;
    const { batch, isRunning, isStale } = payload;
    const records = batch.messages.map((message) => storedOf(message, { topic, partition: batch.partition }));
    const sliceMax = follow.batchRecordsMax ?? 256;
    try {
      for (let at = 0; at < records.length && isRunning() && !isStale() && !this.#isStopped; at += sliceMax) {
        const slice = records.slice(at, at + sliceMax);
        if (!(await this.#untilHandled(slice, payload))) return;
        this.#moved(slice, payload);
        if (at + sliceMax < records.length && this.#options.clock.monotonicMs() - this.#committedMs > commitEachMs) await this.#commit(payload);
        await payload.heartbeat();
      }
    } finally {
      await this.#commit(payload);
    }
  }

  #moved(slice: readonly StoredRecord[], { batch, resolveOffset }: EachBatchPayload): void {
    const last = slice.at(-1);
    if (last === undefined) return;
    resolveOffset(String(last.offset));
    this.#next.set(batch.partition, last.offset + 1);
  }

  async #commit({ batch, commitOffsetsIfNecessary }: EachBatchPayload): Promise<void> {
    const next = this.#next.get(batch.partition);
    if (!this.#options.keepsPosition || next === undefined || next <= Number(batch.firstOffset() ?? 0)) return;
    await commitOffsetsIfNecessary({ topics: [{ topic: this.#options.name, partitions: [{ partition: batch.partition, offset: String(next) }] }] });
    this.#committedMs = this.#options.clock.monotonicMs();
  }

  /** @returns false when the reader stopped, or the partition went elsewhere, before the slice was handled. */
  async #untilHandled(slice: readonly StoredRecord[], payload: EachBatchPayload): Promise<boolean> {
    for (let failures = 0; ; failures += 1) {
      try {
        await this.#alive(this.#options.handle(slice), payload);
        return true;
      } catch (error) {
        if (error instanceof MemberLost) throw error.reason;
        if (this.#isStopped) return false;
        await this.#pause(error, failures);
        if (this.#isStopped || !payload.isRunning() || payload.isStale()) return false;
        await payload.heartbeat();
      }
    }
  }

  /** Keeps the member alive while a long `handle` runs. When the group has moved meanwhile, `handle` is still awaited: it cannot be taken back. */
  async #alive(handled: Promise<void>, { heartbeat }: EachBatchPayload): Promise<void> {
    const { clock, sessionMs } = this.#options;
    let lost: MemberLost | undefined;
    let cancel = nothing;
    const beat = (): void => {
      cancel = clock.after(sessionMs / 4, () => {
        heartbeat().then(beat, (reason: unknown) => (lost = new MemberLost(reason)));
      });
    };
    beat();
    try {
      await handled;
    } catch (error) {
      throw lost ?? error;
    } finally {
      cancel();
    }
  }

  async #pause(error: unknown, failures: number): Promise<void> {
    const { clock, telemetry, topic, follow } = this.#options;
    const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(failures, 16));
    const what = error instanceof Error ? error.message : String(error);
    telemetry({
      event: 'BatchRetried', level: 'warn', fields: { stage: follow.group, topic, pauseSeconds: pauseMs / 1_000, retriable: error instanceof RetriableError },
      message: `Group ${follow.group} did not take a batch of ${topic}; it is read again in ${pauseMs} ms: ${what}`,
    });
    await new Promise<void>((resolve) => {
      const cancel = clock.after(pauseMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = nothing;
  }

  /** Leaving in order hands the share over at once; a broker that is away learns of it when the session runs out. */
  async #leave(): Promise<void> {
    const consumer = this.#consumer;
    if (consumer === undefined) return;
    const { clock, telemetry, groupId, topic } = this.#options;
    let cancel = nothing;
    const late = new Promise<'late'>((resolve) => (cancel = clock.after(leaveMsMax, () => resolve('late'))));
    const left = consumer.disconnect().then(nothing, (error: unknown) => error);
    const outcome = await Promise.race([left, late]);
    cancel();
    if (outcome !== undefined) telemetry({ event: 'LedgerLeaveDelayed', level: 'info', fields: { stage: groupId, topic }, message: `Group ${groupId} could not be told that this reader of ${topic} stopped; its share moves when the session runs out. Nothing more is handled here.` });
  }
}

class MemberLost extends Error {
  override readonly name = 'MemberLost';
  constructor(readonly reason: unknown) {
    super('the group has moved on');
  }
}

function nothing(): void {}
