/**
 * Runs one processor over the ledger: reads, hands over, writes, remembers.
 * RP1. Everything the processor does passes one queue, whatever topic it came from: its memory has one writer.
 * RP2. Outputs are in the ledger before the batch that made them counts as read.
 * RP3. A record is applied to memory once per run, even if the ledger delivers it again (L2).
 * RP4. A snapshot is taken only between batches, with the positions it includes. A processor with memory starts at its snapshot's
 *      positions, and without a usable snapshot at the ledger's beginning: its memory is a function of the ledger, its outputs are ids.
 * RP5. `TerminalError`: a dead letter, then on. `RetriableError` (also from writing a dead letter): nothing moves until it succeeds.
 *      Any other error: the run ends, says so, and takes no snapshot of a memory it no longer trusts.
 * Does not promise: that two topics are read in the order they were written.
 */
import type { Topic } from '@countersign/contracts';
import type { Clock } from './clock.js';
import { deadLetterOf } from './dead-letter.js';
import type { EventLog, StoredRecord, Subscription } from './event-log.js';
import { createPatience, Stopped } from './patience.js';
import { TerminalError, type Output, type Processor, type RetriableError } from './processor.js';
import type { SnapshotStore } from './snapshot-store.js';
import { createSnapshots, type Snapshots } from './snapshots.js';
import type { Telemetry } from './telemetry.js';
import { createWorkQueue } from './work-queue.js';

/** Outputs wait at most this long (and this many) inside a long batch: a held call must not wait for its neighbours' findings. */
const flushMs = 5;
const outputsMax = 1_000;
const batchRecordsMaxDefault = 256;

export interface RunOptions {
  readonly processor: Processor;
  readonly eventLog: EventLog;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly batchRecordsMax?: number;
  /** A snapshot after this many records (10 000) or this long after a change (10 000 ms), whichever comes first. */
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
}

export interface ProcessorRun {
  /** Finishes the batch in hand, saves a snapshot, and resolves. Safe to call twice, and after a failure. */
  stop(): Promise<void>;
  /** Rejects if the run ends by a defect; otherwise never settles. Telemetry has said so already, so it may be left unread. */
  readonly failed: Promise<never>;
}

/**
 * Starts a processor; it runs when this resolves.
 * @throws what the snapshot store or the ledger throws when they cannot be opened; nothing was read then.
 */
export async function runProcessor(options: RunOptions): Promise<ProcessorRun> {
  const run = new Run(options);
  await run.start();
  return run;
}

class Run implements ProcessorRun {
  readonly failed: Promise<never>;
  readonly #options: RunOptions;
  readonly #queue = createWorkQueue();
  readonly #patience;
  readonly #snapshots: Snapshots;
  readonly #subscriptions: Subscription[] = [];
  /** Next offset to apply, per topic and partition. */
  readonly #positions = new Map<string, number>();
  #outputs: Output[] = [];
  #isSettled = true;
  #isTickQueued = false;
  #isOver = false;
  #error: unknown;
  #cancelWake: () => void = nothing;
  #stopping: Promise<void> | undefined;
  #reject: (error: unknown) => void = nothing;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#patience = createPatience(options.clock);
    this.#snapshots = createSnapshots({ ...options, positions: this.#positions, due: () => this.#enqueue(() => this.#snapshots.save()) });
    this.failed = new Promise<never>((_, reject) => (this.#reject = reject));
    this.failed.catch(nothing);
  }

  async start(): Promise<void> {
    const { processor, eventLog } = this.#options;
    const remembers = await this.#snapshots.restore();
    for (const topic of processor.reads) {
      const from = remembers ? { from: this.#positions.get(topic) ?? 0 } : {};
      const batchRecordsMax = this.#options.batchRecordsMax ?? batchRecordsMaxDefault;
      const subscription = await eventLog.follow(topic, { group: processor.name, batchRecordsMax, ...from }, (batch) => this.#enter(() => this.#handleBatch(topic, batch)));
      this.#subscriptions.push(subscription);
    }
    this.#arm();
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#end();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
    await this.#queue.idle();
    if (this.#error === undefined && this.#isSettled) await this.#snapshots.save();
  }

  #end(): void {
    this.#isOver = true;
    this.#cancelWake();
    this.#snapshots.stop();
    this.#patience.stop();
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
    const { processor, telemetry } = this.#options;
    this.#error = error;
    this.#end();
    const what = error instanceof Error ? error.message : String(error);
    telemetry({
      event: 'ProcessorStoppedError', level: 'error', fields: { stage: processor.name },
      message: `${processor.name} met an error it does not know and stopped: ${what} Nothing in the ledger is lost; restart it, and it goes on where it was.`,
    });
    this.#reject(error);
    // Not awaited: the ledger waits for the batch in hand, which is the one that failed here.
    for (const subscription of this.#subscriptions) subscription.stop().catch(nothing);
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
    const place = record.partition === 0 ? record.topic : `${record.topic}/${record.partition}`;
    if (record.offset < (this.#positions.get(place) ?? 0)) return;
    try {
      this.#outputs.push(...(await this.#try(() => processor.handle(record, clock.wallMs()))));
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      this.#setAside(record, error);
    }
    this.#positions.set(place, record.offset + 1);
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
