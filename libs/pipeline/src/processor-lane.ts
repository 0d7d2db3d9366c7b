/**
 * One processor on one partition: reads, hands over, writes, remembers. Its memory belongs to this partition alone.
 * PL1. Everything passes one queue, whatever topic it came from: the memory has one writer (RP1).
 * PL2. Outputs are in the ledger before the batch that made them counts as read (RP2), and a record is applied once (RP3).
 * PL3. `close` gives up what waits for the world, finishes what does not, and saves only a memory whose outputs are all written (RP4).
 */
import type { Topic } from '@countersign/contracts';
import type { Clock } from './clock.js';
import { deadLetterOf } from './dead-letter.js';
import type { EventLog, Lane, StoredRecord } from './event-log.js';
import { createPatience, Stopped } from './patience.js';
import { TerminalError, type Output, type Processor, type RetriableError } from './processor.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { SavePace } from './save-moment.js';
import { createSnapshots, type Snapshots } from './snapshots.js';
import type { Telemetry } from './telemetry.js';
import { createWorkQueue } from './work-queue.js';

/** Outputs wait at most this long (and this many) inside a long batch: a held call must not wait for its neighbours' findings. */
const flushMs = 5;
const outputsMax = 1_000;

export interface LaneOptions {
  readonly processor: Processor;
  readonly partition: number;
  readonly eventLog: EventLog;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly pace: SavePace;
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
  /** Told of a defect, once; the lane is over then. */
  readonly failed: (error: unknown) => void;
}

export class ProcessorLane implements Pick<Lane, 'handle' | 'close'> {
  readonly #options: LaneOptions;
  readonly #queue = createWorkQueue();
  readonly #patience;
  readonly #snapshots: Snapshots;
  /** Next offset to apply, per topic. */
  readonly #positions = new Map<Topic, number>();
  #remembers = false;
  #outputs: Output[] = [];
  #isSettled = true;
  #isTickQueued = false;
  #isOver = false;
  #hasFailed = false;
  #cancelWake: () => void = nothing;
  #closing: Promise<void> | undefined;

  /** @throws what the snapshot store throws; nothing was read then. */
  static async open(options: LaneOptions): Promise<ProcessorLane> {
    const lane = new ProcessorLane(options);
    lane.#remembers = await lane.#snapshots.restore();
    lane.#arm();
    return lane;
  }

  private constructor(options: LaneOptions) {
    this.#options = options;
    this.#patience = createPatience(options.clock);
    this.#snapshots = createSnapshots({ ...options, positions: this.#positions, survived: () => this.#survived(), due: () => this.#enqueue(() => this.#snapshots.save()) });
  }

  /** Where the ledger is to begin, before anything is handled; undefined where the group's position counts. */
  get from(): ReadonlyMap<Topic, number> | undefined {
    return this.#remembers ? new Map(this.#positions) : undefined;
  }

  handle(topic: Topic, batch: readonly StoredRecord[]): Promise<void> {
    return this.#enter(() => this.#handleBatch(topic, batch));
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  /** No more waiting, no more waking; a job in hand that needs neither is finished. */
  end(): void {
    this.#isOver = true;
    this.#cancelWake();
    this.#snapshots.stop();
    this.#patience.stop();
  }

  async #close(): Promise<void> {
    this.end();
    await this.#queue.idle();
    if (!this.#hasFailed && this.#isSettled) await this.#snapshots.save();
  }

  #enter(job: () => Promise<void>): Promise<void> {
    return this.#queue.enter(async () => {
      if (this.#isOver) throw new Stopped();
      try {
        await job();
      } catch (error) {
        if (!(error instanceof Stopped)) this.#fail(error);
        throw error;
      }
      this.#arm();
    });
  }

  /** For jobs nobody waits for: `#fail` has already told of their errors. */
  #enqueue(job: () => Promise<void>): void {
    this.#enter(job).catch(nothing);
  }

  #fail(error: unknown): void {
    this.#hasFailed = true;
    this.end();
    this.#options.failed(error);
  }

  async #handleBatch(topic: Topic, batch: readonly StoredRecord[]): Promise<void> {
    const { clock, telemetry, processor } = this.#options;
    const startedMs = clock.monotonicMs();
    let flushedMs = startedMs;
    this.#isSettled = false;
    for (const record of batch) {
      await this.#handleRecord(record);
      if (this.#outputs.length < outputsMax && clock.monotonicMs() - flushedMs < flushMs) continue;
      await this.#flush();
      flushedMs = clock.monotonicMs();
    }
    await this.#flush();
    this.#isSettled = true;
    const seconds = (clock.monotonicMs() - startedMs) / 1_000;
    telemetry({ event: 'BatchHandled', level: 'debug', message: `${processor.name} handled a batch of ${topic}.`, fields: { stage: processor.name, topic, records: batch.length, seconds } });
    await this.#snapshots.changed(batch.length);
  }

  async #handleRecord(record: StoredRecord): Promise<void> {
    const { processor, clock } = this.#options;
    if (record.offset < (this.#positions.get(record.topic) ?? 0)) return;
    try {
      this.#outputs.push(...(await this.#try(() => processor.handle(record, clock.wallMs()))));
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      this.#setAside(record, error);
    }
    this.#positions.set(record.topic, record.offset + 1);
  }

  #setAside(record: StoredRecord, error: TerminalError): void {
    const { processor, clock, telemetry } = this.#options;
    this.#outputs.push(deadLetterOf(record, { error, component: `${processor.name}@${processor.version}`, nowMs: clock.wallMs() }));
    telemetry({
      event: 'RecordDeadLettered', level: 'error', fields: { stage: processor.name, topic: record.topic, errorClass: error.errorClass },
      message: `${processor.name} set a record aside: ${error.message} Its bytes are in dead-letters; the records after it go on.`,
    });
  }

  async #flush(): Promise<void> {
    for (const [topic, records] of byTopic(this.#outputs)) await this.#try(() => this.#options.eventLog.append(topic, records));
    this.#outputs = [];
  }

  /** Everything read so far survives a crash (RP4). */
  async #survived(): Promise<void> {
    const { processor, eventLog } = this.#options;
    if (processor.early === true) await eventLog.append(processor.reads[0] ?? 'observations', []);
  }

  async #tick(): Promise<void> {
    const { processor, clock } = this.#options;
    this.#isTickQueued = false;
    this.#isSettled = false;
    this.#outputs.push(...(await this.#try(() => processor.tick?.(clock.wallMs()) ?? [])));
    await this.#flush();
    this.#isSettled = true;
    await this.#snapshots.changed(1);
  }

  #try<T>(job: () => Promise<T> | T): Promise<T> {
    return this.#patience.until(job, (error: RetriableError, pauseMs) => {
      const stage = this.#options.processor.name;
      this.#options.telemetry({
        event: 'BatchRetried', level: 'warn', fields: { stage, pauseSeconds: pauseMs / 1_000 },
        message: `${stage} waits ${Math.round(pauseMs)} ms and tries again: ${error.message}`,
      });
    });
  }

  #arm(): void {
    this.#cancelWake();
    if (this.#isOver || this.#isTickQueued) return;
    const { processor, clock } = this.#options;
    const wakeAtMs = processor.tick === undefined ? undefined : processor.nextWakeAtMs?.();
    if (wakeAtMs === undefined) return;
    this.#cancelWake = clock.after(Math.max(1, wakeAtMs - clock.wallMs()), () => {
      this.#isTickQueued = true;
      this.#enqueue(() => this.#tick());
    });
  }
}

function byTopic(outputs: readonly Output[]): Map<Topic, Output[]> {
  const grouped = new Map<Topic, Output[]>();
  for (const output of outputs) {
    const group = grouped.get(output.topic);
    if (group === undefined) grouped.set(output.topic, [output]);
    else group.push(output);
  }
  return grouped;
}

function nothing(): void {}
