/**
 * Runs one processor over the ledger, partition by partition as the group hands them out.
 * RP1. Everything the processor does for a partition passes one queue, whatever topic it came from: its memory has one writer.
 * RP2. Outputs are in the ledger before the batch that made them counts as read.
 * RP3. A record is applied to memory once while this member has its partition, even if the ledger delivers it again (L2).
 * RP4. Each partition has a processor of its own, with its own memory and snapshot. A snapshot is taken only between batches, with the
 *      positions it includes. A processor with memory starts at its snapshot's positions, and without a usable snapshot at the
 *      ledger's beginning, on whatever member it is opened: its memory is a function of the ledger, its outputs are ids. A processor
 *      that reads early waits, before a snapshot, until what it has read survives a crash: what a crash takes was never saved.
 * RP5. `TerminalError`: a dead letter, then on. `RetriableError` (also from writing a dead letter): nothing moves until it succeeds.
 *      Any other error: the run ends, says so, and takes no snapshot of a memory it no longer trusts.
 * Does not promise: that two topics are read in the order they were written.
 */
import type { Clock } from './clock.js';
import type { EventLog, Lane, Subscription } from './event-log.js';
import { ProcessorLane } from './processor-lane.js';
import { RetriableError, type Processor } from './processor.js';
import type { SnapshotStore } from './snapshot-store.js';
import type { SavePace } from './save-moment.js';
import type { Telemetry } from './telemetry.js';

const batchRecordsMaxDefault = 256;

export interface RunOptions {
  /** Makes the processor of one partition, with an empty memory; all of one name, version and topics. Called once more than needed at most. */
  readonly createProcessor: () => Processor;
  readonly eventLog: EventLog;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly batchRecordsMax?: number;
  /** A snapshot at the latest after this many records (100 000) or this long after a change (300 000 ms); in a quiet moment, sooner. */
  readonly snapshotRecords?: number;
  readonly snapshotMs?: number;
}

export interface ProcessorRun {
  readonly name: string;
  readonly reads: Processor['reads'];
  /** How many partitions are with this member now. */
  readonly partitions: number;
  /** Finishes the batches in hand, saves snapshots, hands the partitions back, and resolves. Safe to call twice, and after a failure. */
  stop(): Promise<void>;
  /** Rejects if the run ends by a defect; otherwise never settles. Telemetry has said so already, so it may be left unread. */
  readonly failed: Promise<never>;
}

/**
 * Starts a processor; it is a member of its group when this resolves.
 * @throws what the ledger throws when it cannot be shared, and what is no `RetriableError` of the snapshot store; nothing was read then.
 */
export async function runProcessor(options: RunOptions): Promise<ProcessorRun> {
  const run = new Run(options);
  await run.start();
  return run;
}

class Run implements ProcessorRun {
  readonly failed: Promise<never>;
  readonly name: string;
  readonly reads: Processor['reads'];
  readonly #options: RunOptions;
  readonly #pace: SavePace = { notBeforeMs: -Infinity };
  readonly #isEarly: boolean;
  readonly #lanes = new Set<ProcessorLane>();
  /** Made to learn the name; the first partition gets it. */
  #spare: Processor | undefined;
  #subscription: Subscription | undefined;
  #isOver = false;
  #error: unknown;
  #stopping: Promise<void> | undefined;
  #reject: (error: unknown) => void = nothing;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#spare = options.createProcessor();
    this.name = this.#spare.name;
    this.reads = this.#spare.reads;
    this.#isEarly = this.#spare.early === true;
    this.failed = new Promise<never>((_, reject) => (this.#reject = reject));
    this.failed.catch(nothing);
  }

  get partitions(): number {
    return this.#lanes.size;
  }

  async start(): Promise<void> {
    const { eventLog, batchRecordsMax = batchRecordsMaxDefault } = this.#options;
    this.#subscription = await eventLog.share(this.reads, { group: this.name, batchRecordsMax, early: this.#isEarly }, (partition) => this.#open(partition));
    if (this.#error === undefined) return;
    await this.stop();
    throw this.#error;
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    this.#end();
    await this.#subscription?.stop();
    await Promise.all([...this.#lanes].map((lane) => lane.close()));
  }

  async #open(partition: number): Promise<Lane> {
    if (this.#isOver) throw new RetriableError(`${this.name} is stopping and takes no partition.`);
    const processor = this.#spare ?? this.#options.createProcessor();
    this.#spare = undefined;
    try {
      const lane = await ProcessorLane.open({ ...this.#options, processor, partition, pace: this.#pace, failed: (error) => this.#fail(error) });
      this.#lanes.add(lane);
      return this.#left(lane);
    } catch (error) {
      if (!(error instanceof RetriableError)) this.#fail(error);
      throw error;
    }
  }

  /** The lane, which is forgotten here when it is closed. */
  #left(lane: ProcessorLane): Lane {
    const { from } = lane;
    return {
      ...(from === undefined ? {} : { from }),
      handle: (topic, batch) => lane.handle(topic, batch),
      close: () => lane.close().finally(() => this.#lanes.delete(lane)),
    };
  }

  #end(): void {
    this.#isOver = true;
    for (const lane of this.#lanes) lane.end();
  }

  #fail(error: unknown): void {
    if (this.#error !== undefined) return;
    const { telemetry } = this.#options;
    this.#error = error;
    this.#end();
    const what = error instanceof Error ? error.message : String(error);
    telemetry({
      event: 'ProcessorStoppedError', level: 'error', fields: { stage: this.name },
      message: `${this.name} met an error it does not know and stopped: ${what} Nothing in the ledger is lost; restart it, and it goes on where it was.`,
    });
    this.#reject(error);
    // Not awaited: the ledger waits for the batch in hand, which is the one that failed here.
    this.#subscription?.stop().catch(nothing);
  }
}

function nothing(): void {}
