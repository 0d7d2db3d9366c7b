/**
 * The way to one partition: one send at a time, in the order of the appends.
 * LA1. A send carries records of this partition only, and counts only when the reply names the partition: with sends that span
 *      brokers the client skips on a retry those that answered before, and acknowledged records were lost (measured).
 * LA2. While a send is under way the next records gather: the busier, the larger the batches, up to their bounds.
 * LA3. What passes is tried again, in place, until the time of the batch's oldest append is over; then the batch is refused, and so is
 *      all that was left of its appends.
 * LA4. A batch that will never be taken is taken apart, so that one append's content costs no other append.
 * LA5. An id this lane has written lately is acknowledged and not written again.
 * LA6. A record in pieces is a batch of its own: its pieces are acknowledged before it is sent, because it names the first one's offset.
 */
import { RetriableError, TerminalError, type Clock } from '@countersign/pipeline';
import type { Message } from 'kafkajs';
import type { InPieces } from './pieces.js';
import { RecentIds } from './recent-ids.js';

const pauseMsMin = 100;
const pauseMsMax = 1_000;

export interface LaneOptions {
  /** For sentences: `observations/0`. */
  readonly place: string;
  /** @returns the offset of the first message, if the broker's reply names this lane's partition. @throws classified errors. */
  readonly send: (messages: readonly Message[]) => Promise<number | undefined>;
  readonly clock: Clock;
  readonly batchRecordsMax: number;
  readonly batchBytesMax: number;
  readonly appendMsMax: number;
  readonly idsRemembered: number;
}

export interface Outgoing {
  readonly id: string;
  readonly message: Message | InPieces;
  readonly bytes: number;
}

interface Append {
  left: number;
  isSettled: boolean;
  readonly untilMs: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Waiting extends Outgoing {
  readonly append: Append;
}

interface Whole extends Waiting {
  readonly message: Message;
}

interface Pieced extends Waiting {
  readonly message: InPieces;
}

export class Lane {
  readonly #options: LaneOptions;
  readonly #written: RecentIds;
  #waiting: Waiting[] = [];
  #first = 0;
  #isSending = false;
  #isClosed = false;
  #wake: () => void = nothing;

  constructor(options: LaneOptions) {
    this.#options = options;
    this.#written = new RecentIds(options.idsRemembered);
  }

  append(records: readonly Outgoing[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const append = { left: records.length, isSettled: false, untilMs: this.#options.clock.monotonicMs() + this.#options.appendMsMax, resolve, reject };
      for (const record of records) this.#waiting.push({ ...record, append });
      if (!this.#isSending) void this.#run();
    });
  }

  /** Refuses what still waits; a send under way keeps its outcome. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    this.#isSending = true;
    // Appends of one turn of the event loop travel together.
    await Promise.resolve();
    for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#write(batch);
    this.#isSending = false;
  }

  #take(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (this.#first < this.#waiting.length && batch.length < this.#options.batchRecordsMax) {
      const next = this.#waiting[this.#first];
      if (next === undefined || (batch.length > 0 && (isPieced(next) || bytes + next.bytes > this.#options.batchBytesMax))) break;
      this.#first += 1;
      if (next.append.isSettled) continue;
      bytes += next.bytes;
      batch.push(next);
      if (isPieced(next)) break;
    }
    if (this.#first * 2 > this.#waiting.length) this.#drop();
    return batch;
  }

  #drop(): void {
    this.#waiting = this.#waiting.slice(this.#first);
    this.#first = 0;
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const ids = new Set<string>();
    const fresh = batch.filter(({ id }) => !this.#written.has(id) && !ids.has(id) && ids.add(id));
    try {
      await this.#sentAll(fresh);
      for (const { id } of fresh) this.#written.add(id);
      for (const { append } of batch) settle(append);
    } catch (error) {
      await this.#refused(batch, error);
    }
  }

  async #refused(batch: readonly Waiting[], error: unknown): Promise<void> {
    const appends = new Set(batch.map(({ append }) => append));
    if (error instanceof TerminalError && appends.size > 1) {
      for (const append of appends) await this.#write(batch.filter((record) => record.append === append));
      return;
    }
    for (const append of appends) {
      append.isSettled = true;
      append.reject(error);
    }
  }

  async #sentAll(records: readonly Waiting[]): Promise<void> {
    const untilMs = Math.min(...records.map(({ append }) => append.untilMs));
    const wholes = records.filter(isWhole);
    if (wholes.length > 0) await this.#sent(wholes.map(({ message }) => message), untilMs);
    for (const { message } of records.filter(isPieced)) await this.#sentInPieces(message, untilMs);
  }

  async #sentInPieces({ pieces, record }: InPieces, untilMs: number): Promise<void> {
    let first: number | undefined;
    for (const batch of this.#batched(pieces)) {
      const offset = await this.#sent(batch, untilMs);
      first ??= offset;
    }
    await this.#sent([record(first ?? 0)], untilMs);
  }

  #batched(pieces: readonly Message[]): readonly (readonly Message[])[] {
    const perBatch = Math.max(1, Math.floor(this.#options.batchBytesMax / Math.max(1, ...pieces.map(({ value }) => value?.length ?? 0))));
    return Array.from({ length: Math.ceil(pieces.length / perBatch) }, (_, n) => pieces.slice(n * perBatch, (n + 1) * perBatch));
  }

  /** @returns the offset of the first of them. */
  async #sent(messages: readonly Message[], untilMs: number): Promise<number> {
    const { clock, send, place } = this.#options;
    for (let pauseMs = pauseMsMin; ; pauseMs = Math.min(pauseMsMax, pauseMs * 2)) {
      if (this.#isClosed) throw new RetriableError(`the ledger was closed while records waited for ${place}; they are not acknowledged. Open it again and repeat.`);
      const outcome = await this.#try(() => send(messages));
      if (typeof outcome === 'number') return outcome;
      if (!(outcome instanceof RetriableError) || clock.monotonicMs() + pauseMs > untilMs) throw outcome;
      await this.#pause(pauseMs);
    }
  }

  /** @returns the offset, or the error. */
  async #try(send: () => Promise<number | undefined>): Promise<unknown> {
    try {
      return (await send()) ?? new RetriableError(`the brokers' reply did not name ${this.#options.place}; its records are not acknowledged. Try again.`);
    } catch (error) {
      return error;
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
    this.#wake = nothing;
  }
}

function isPieced(record: Waiting): record is Pieced {
  return 'pieces' in record.message;
}

function isWhole(record: Waiting): record is Whole {
  return !isPieced(record);
}

function settle(append: Append): void {
  append.left -= 1;
  if (append.left > 0 || append.isSettled) return;
  append.isSettled = true;
  append.resolve();
}

function nothing(): void {}
