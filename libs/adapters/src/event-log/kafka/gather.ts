/**
 * One handler for all partitions of a topic: what several partitions have ready is handed over together, so that a follower that
 * writes makes few large writes, not one for each partition.
 * GA1. One batch is in hand at a time; a batch holds at most `recordsMax`, in each partition's order.
 * GA2. A part counts as handled when the batch that held all of it was; if that rejects, each of its parts is rejected.
 * GA3. A part still waiting when its partition is left is rejected and never handed over.
 */
import type { HandleBatch, StoredRecord } from '@countersign/pipeline';

interface Part {
  readonly partition: number;
  readonly records: readonly StoredRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Gather {
  readonly #handle: HandleBatch;
  readonly #recordsMax: number;
  #waiting: Part[] = [];
  #isRunning = false;

  constructor(handle: HandleBatch, recordsMax: number) {
    this.#handle = handle;
    this.#recordsMax = recordsMax;
  }

  /** @param records at most `recordsMax`, of one partition. */
  add(partition: number, records: readonly StoredRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ partition, records, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  leave(partition: number): void {
    const left = this.#waiting.filter((part) => part.partition === partition);
    this.#waiting = this.#waiting.filter((part) => part.partition !== partition);
    for (const { reject } of left) reject(new Error('the partition was left before its records were handed over'));
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Partitions fetched together arrive in one turn of the event loop.
    await Promise.resolve();
    for (let parts = this.#take(); parts.length > 0; parts = this.#take()) await this.#handOver(parts);
    this.#isRunning = false;
  }

  #take(): readonly Part[] {
    let records = 0;
    const end = this.#waiting.findIndex((part, index) => (records += part.records.length) > this.#recordsMax && index > 0);
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  async #handOver(parts: readonly Part[]): Promise<void> {
    try {
      await this.#handle(parts.flatMap((part) => part.records));
      for (const { resolve } of parts) resolve();
    } catch (error) {
      for (const { reject } of parts) reject(error);
    }
  }
}
