/**
 * One partition in the hands of one member: all its topics, one lane, one thing at a time.
 * HP1. Nothing is handed over before the lane is open, and nothing after `close` began but the batch in hand.
 * HP2. Offsets are resolved and committed after `handle` resolved and what was set aside is in dead-letters (L3): at most 500 ms later,
 *      beside the next batch and not before it, and in any case before the partition goes to another member.
 * HP3. A batch whose `handle` rejects is handed over again after a pause that doubles from 50 ms to 5 s; so is a lane that does not open.
 * HP4. The member stays alive in its group while a long `handle` runs; when the group moves meanwhile, it is told at once.
 */
import type { Topic } from '@countersign/contracts';
import { RetriableError, type Clock, type Lane, type LedgerRecord, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import type { EachBatchPayload } from 'kafkajs';
import { Decoder, type Decoded, type SetAside } from './decode.js';
import type { PieceStore } from './pieces.js';

const pauseMsMin = 50;
const pauseMsMax = 5_000;
const commitEachMs = 500;

/** What a batch is taken from; a fetched batch of the client is one. */
export type Fetched = Pick<EachBatchPayload, 'batch' | 'resolveOffset' | 'heartbeat' | 'commitOffsetsIfNecessary' | 'isRunning' | 'isStale'>;

export interface HeldPartitionOptions {
  readonly partition: number;
  readonly topics: readonly Topic[];
  /** For sentences. */
  readonly group: string;
  readonly nameOf: (topic: Topic) => string;
  readonly open: (partition: number) => Lane | Promise<Lane>;
  readonly keepsPosition: boolean;
  readonly batchRecordsMax: number;
  readonly pieces: PieceStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly heartbeatMs: number;
  readonly setAside: (letters: readonly LedgerRecord[]) => Promise<void>;
  readonly seek: (topic: Topic, offset: number) => void;
  /** The group has moved on without this member. */
  readonly lost: () => void;
}

export class HeldPartition {
  readonly #options: HeldPartitionOptions;
  readonly #decoders: ReadonlyMap<Topic, Decoder>;
  /** Next offset by topic, as far as it was handled. */
  readonly #next = new Map<Topic, number>();
  readonly #uncommitted = new Set<Topic>();
  #lane: Lane | undefined;
  #opening: Promise<unknown> = Promise.resolve();
  #queue: Promise<void> = Promise.resolve();
  #closing: Promise<void> | undefined;
  #fetched: Fetched | undefined;
  #committing: Promise<void> = Promise.resolve();
  #isCommitDue = false;
  #cancelCommit: () => void = nothing;
  #wake: () => void = nothing;

  constructor(options: HeldPartitionOptions) {
    this.#options = options;
    this.#decoders = new Map(options.topics.map((topic) => [topic, new Decoder({ topic, partition: options.partition, pieces: options.pieces })]));
  }

  /**
   * @param ready called once, when the lane is open.
   * @returns whether it is already: `open` answered without a promise.
   */
  begin(ready: () => void): boolean {
    return this.#opened(0, ready);
  }

  /** Waits while the lane opens. What is not handed over is not resolved either. */
  take(topic: Topic, fetched: Fetched): Promise<void> {
    this.#fetched = fetched;
    return this.#inTurn(() => this.#taken(topic, fetched));
  }

  /** Resolves when nothing runs any more, the lane is closed and its positions are committed. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** Tells the group that this member lives; what it answers does not matter. */
  async beat(): Promise<void> {
    await this.#fetched?.heartbeat().catch(nothing);
  }

  #opened(failures: number, ready: () => void): boolean {
    const { open, partition } = this.#options;
    let opened: Lane | Promise<Lane>;
    try {
      opened = open(partition);
    } catch (error) {
      opened = Promise.reject(error as Error);
    }
    if (!(opened instanceof Promise)) {
      this.#isOpen(opened, ready);
      return true;
    }
    this.#opening = opened.then((lane) => this.#isOpen(lane, ready), (error: unknown) => this.#openLater({ error, failures, ready }));
    return false;
  }

  #isOpen(lane: Lane, ready: () => void): void {
    this.#lane = lane;
    if (this.#closing !== undefined) return;
    const { topics, seek } = this.#options;
    for (const topic of lane.from === undefined ? [] : topics) seek(topic, lane.from?.get(topic) ?? 0);
    ready();
  }

  #openLater({ error, failures, ready }: { readonly error: unknown; readonly failures: number; readonly ready: () => void }): void {
    if (this.#closing !== undefined) return;
    const { clock, telemetry, group, partition } = this.#options;
    const pauseMs = pauseAfter(failures);
    telemetry({
      event: 'LaneOpenRetried', level: 'warn', fields: { stage: group, partition, pauseSeconds: pauseMs / 1_000, retriable: error instanceof RetriableError },
      message: `${group} could not open its part ${partition} of the ledger; nothing of it was read, it is tried again in ${pauseMs} ms: ${textOf(error)}`,
    });
    this.#wake = clock.after(pauseMs, () => void (this.#closing === undefined && this.#opened(failures + 1, ready)));
  }

  #inTurn(job: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(job);
    // Whoever asked hears of its failure; the next in turn does not.
    this.#queue = done.catch(nothing);
    return done;
  }

  async #taken(topic: Topic, fetched: Fetched): Promise<void> {
    const decoder = this.#decoders.get(topic);
    if (decoder === undefined) return;
    let part = new Part();
    for (const message of fetched.batch.messages) {
      if (this.#isOver(fetched)) return;
      const decoded = decoder.decode(message);
      if (decoded.kind === 'back') return this.#goBack(topic, { part, fetched, to: decoded.to });
      part.add(decoded, Number(message.offset) + 1);
      if (part.size < this.#options.batchRecordsMax) continue;
      if (!(await this.#handedOver(topic, part, fetched))) return;
      part = new Part();
    }
    await this.#handedOver(topic, part, fetched);
  }

  async #goBack(topic: Topic, { part, fetched, to }: { readonly part: Part; readonly fetched: Fetched; readonly to: number }): Promise<void> {
    if (await this.#handedOver(topic, part, fetched)) this.#options.seek(topic, to);
  }

  /** @returns false when it was not, because the partition is no longer ours. */
  async #handedOver(topic: Topic, part: Part, fetched: Fetched): Promise<boolean> {
    if (part.next === 0) return true;
    if (!(await this.#untilHandled(topic, part, fetched))) return false;
    fetched.resolveOffset(String(part.next - 1));
    // On the way back for pieces the offsets are lower than what was handled already.
    this.#next.set(topic, Math.max(part.next, this.#next.get(topic) ?? 0));
    this.#uncommitted.add(topic);
    this.#commitLater();
    await fetched.heartbeat();
    return true;
  }

  async #untilHandled(topic: Topic, part: Part, fetched: Fetched): Promise<boolean> {
    for (let failures = 0; ; failures += 1) {
      if (this.#isOver(fetched)) return false;
      try {
        await this.#alive(this.#handled(topic, part), fetched);
        return true;
      } catch (error) {
        if (error instanceof MemberLost) throw error.reason;
        if (this.#isOver(fetched)) return false;
        await this.#pause(topic, error, failures);
        await fetched.heartbeat();
      }
    }
  }

  async #handled(topic: Topic, { records, setAside }: Part): Promise<void> {
    if (setAside.length > 0) await this.#options.setAside(setAside.map(({ letter }) => letter));
    for (const { errorClass, why } of setAside.splice(0)) {
      this.#options.telemetry({
        event: 'RecordDeadLettered', level: 'error', fields: { stage: this.#options.group, topic, errorClass },
        message: `${this.#options.group} met what is no record: ${why} Its bytes are in dead-letters; the records after it go on.`,
      });
    }
    if (records.length > 0) await this.#lane?.handle(topic, records);
  }

  /** When the group has moved meanwhile, `handle` is still awaited: it cannot be taken back, but its lane is being closed. */
  async #alive(handled: Promise<void>, { heartbeat }: Fetched): Promise<void> {
    const { clock, heartbeatMs, lost } = this.#options;
    let reason: MemberLost | undefined;
    let cancel = nothing;
    const beat = (): void => {
      cancel = clock.after(heartbeatMs, () => {
        heartbeat().then(beat, (error: unknown) => {
          // An answer that did not come says nothing of the group.
          if (!hasGroupMoved(error)) return beat();
          reason = new MemberLost(error);
          lost();
        });
      });
    };
    beat();
    try {
      await handled;
    } catch (error) {
      throw reason ?? error;
    } finally {
      cancel();
    }
  }

  async #pause(topic: Topic, error: unknown, failures: number): Promise<void> {
    const { clock, telemetry, group } = this.#options;
    const pauseMs = pauseAfter(failures);
    telemetry({
      event: 'BatchRetried', level: 'warn', fields: { stage: group, topic, pauseSeconds: pauseMs / 1_000, retriable: error instanceof RetriableError },
      message: `Group ${group} did not take a batch of ${topic}; it is read again in ${pauseMs} ms: ${textOf(error)}`,
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

  /** A refused commit is made good by the next one, or by who reads again from the last (L2). */
  #commitLater(): void {
    if (this.#isCommitDue || !this.#options.keepsPosition) return;
    this.#isCommitDue = true;
    this.#cancelCommit = this.#options.clock.after(commitEachMs, () => void this.#commit().catch(nothing));
  }

  #commit(): Promise<void> {
    this.#isCommitDue = false;
    this.#committing = this.#committing.catch(nothing).then(() => this.#committed());
    return this.#committing;
  }

  async #committed(): Promise<void> {
    const { nameOf, partition, keepsPosition } = this.#options;
    const due = [...this.#uncommitted];
    if (due.length === 0 || !keepsPosition) return;
    this.#uncommitted.clear();
    try {
      await this.#fetched?.commitOffsetsIfNecessary({ topics: due.map((topic) => ({ topic: nameOf(topic), partitions: [{ partition, offset: String(this.#next.get(topic)) }] })) });
    } catch (error) {
      for (const topic of due) this.#uncommitted.add(topic);
      throw error;
    }
  }

  async #close(): Promise<void> {
    this.#wake();
    this.#cancelCommit();
    await this.#opening;
    // Together: closing the lane is what frees a batch in hand that waits for the world.
    await Promise.all([this.#laneClosed(), this.#queue]);
    // A group that has moved on refuses; its next owner reads from the last commit (L2).
    await this.#commit().catch(nothing);
  }

  async #laneClosed(): Promise<void> {
    const { telemetry, group, partition } = this.#options;
    try {
      await this.#lane?.close();
    } catch (error) {
      telemetry({ event: 'LaneCloseFailed', level: 'error', fields: { stage: group, partition }, message: `${group} could not close its part ${partition} of the ledger in order; whoever has it next reads again what was not kept: ${textOf(error)}` });
    }
  }

  #isOver({ isRunning, isStale }: Fetched): boolean {
    return this.#closing !== undefined || this.#lane === undefined || !isRunning() || isStale();
  }
}

/** What is handed over at once. */
class Part {
  readonly records: StoredRecord[] = [];
  readonly setAside: SetAside[] = [];
  /** Offset after the last message in it; 0 when there is none. */
  next = 0;

  get size(): number {
    return this.records.length + this.setAside.length;
  }

  add(decoded: Exclude<Decoded, { kind: 'back' }>, next: number): void {
    if (decoded.kind === 'record') this.records.push(decoded.record);
    if (decoded.kind === 'set-aside') this.setAside.push(decoded);
    this.next = next;
  }
}

class MemberLost extends Error {
  override readonly name = 'MemberLost';
  constructor(readonly reason: unknown) {
    super('the group has moved on');
  }
}

const movedTypes: ReadonlySet<unknown> = new Set(['REBALANCE_IN_PROGRESS', 'UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID']);

function hasGroupMoved(error: unknown): boolean {
  return error instanceof Error && 'type' in error && movedTypes.has(error.type);
}

function pauseAfter(failures: number): number {
  return Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(failures, 16));
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nothing(): void {}
