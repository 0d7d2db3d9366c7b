/**
 * The embedded ledger: one SQLite file.
 * SQ1. Appends of one turn of the event loop share one transaction; each resolves after COMMIT. With WAL and synchronous=NORMAL a commit
 *      survives a kill of this process, not a loss of power (that clause is the spool's).
 * SQ2. An append that the engine refuses for its own content fails alone: the others of its turn are committed without it.
 * SQ3. Followers in this process are woken by the commit and read from memory while they keep up; other processes' commits are found by a
 *      look at the file each `pollMs`.
 * SQ4. Early followers see a record within the turn that appends it, before the commit; all others after it. If the commit fails, what
 *      was seen is written again before anything else is taken (TW3): no reader knows a record that will not be stored.
 * SQ5. Trimming takes the oldest records first, none younger than ten minutes and none that a group still wants, unless that group
 *      has not read for thirty days.
 * SQ6. A group's position is committed at most `positionsMs` after its batch, and at `stop` and `close`.
 * Refuses: two processes reading as one group (each process would see all of it; one `solo` per file is the caller's to ensure).
 */
import type { Topic } from '@countersign/contracts';
import { EventLog, RetriableError, silentTelemetry, type Clock, type FollowOptions, type HandleBatch, type LedgerRecord, type OpenLane, type ShareOptions, type StoredRecord, type Subscription, type Telemetry } from '@countersign/pipeline';
import { SystemClock } from '../clock/system.js';
import { createFollowers, type Wanted } from './followers.js';
import { createOnePartition } from './one-partition.js';
import { createCheckpoints } from './sqlite-checkpoint.js';
import { classified } from './sqlite-errors.js';
import { UnwrittenPositions } from './sqlite-positions.js';
import { SqliteTables } from './sqlite-tables.js';
import { trimOnce, type Retention } from './sqlite-trim.js';
import { TurnWriter } from './sqlite-turn.js';
import { TopicTail } from './topic-tail.js';

const trimEachMs = 60_000;
const positionsMs = 100;

export interface SqliteEventLogOptions {
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  /** How often the file is looked at for other processes' commits; 20. */
  readonly pollMs?: number;
  /** How long one statement may block this thread for another process's transaction; 250. */
  readonly busyMs?: number;
  /** Characters of values one turn may append; above it `append` refuses. 64 Mi. */
  readonly pendingCharsMax?: number;
  /** Default: 4 GiB, no age. */
  readonly retention?: Retention;
}

export class SqliteEventLog extends EventLog {
  readonly #tables: SqliteTables;
  readonly #writer: TurnWriter;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #checkpoints;
  readonly #followers;
  readonly #shared;
  readonly #tails = new Map<Topic, TopicTail>();
  readonly #positions = new UnwrittenPositions();
  readonly #options: Required<Pick<SqliteEventLogOptions, 'pollMs' | 'retention'>>;
  #isClosed = false;
  #dataVersion: number;
  #cancelPoll: () => void;
  #cancelTrim: () => void;
  #cancelPositions: (() => void) | undefined;

  /**
   * Opens or creates the ledger; its directory must exist.
   * @throws `RetriableError` when the file is locked by another process or the disk is full.
   */
  static open(file: string, options: SqliteEventLogOptions = {}): SqliteEventLog {
    try {
      return new SqliteEventLog(file, options);
    } catch (error) {
      throw classified(error, `the ledger ${file} could not be opened; nothing in it was changed`);
    }
  }

  private constructor(file: string, { clock = new SystemClock(), telemetry = silentTelemetry, ...options }: SqliteEventLogOptions) {
    super();
    this.#clock = clock;
    this.#telemetry = telemetry;
    this.#options = { pollMs: options.pollMs ?? 20, retention: options.retention ?? { bytesMax: 4 * 1024 ** 3 } };
    const { busyMs = 250 } = options;
    this.#tables = new SqliteTables(file, busyMs);
    this.#checkpoints = createCheckpoints({ file, busyMs, telemetry });
    this.#dataVersion = this.#tables.dataVersion();
    this.#followers = createFollowers({
      clock,
      telemetry,
      read: (topic, wanted) => this.#read(topic, wanted),
      end: (topic) => Math.min(this.#writer.sureBelow(topic), this.#tables.end(topic)),
      position: (topic, group) => this.#positions.next(topic, group) ?? this.#tables.position(topic, group),
      keepPosition: (topic, group, next) => this.#keepPosition(topic, group, next),
    });
    this.#writer = new TurnWriter({
      tables: this.#tables, clock, telemetry, positions: this.#positions, pendingCharsMax: options.pendingCharsMax ?? 64 * 1024 * 1024,
      onAppended: (topic, records) => this.#appended(topic, records),
      onCommitted: (topics) => this.#committed(topics),
      onForgotten: (topic, offset) => this.#tailOf(topic).forgetFrom(offset),
    });
    this.#shared = createOnePartition({ clock, telemetry, follow: (topic, followed, handle) => this.follow(topic, followed, handle) });
    this.#cancelPoll = clock.after(this.#options.pollMs, () => this.#poll());
    this.#cancelTrim = clock.after(trimEachMs, () => this.#trim());
  }

  append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    // Lanes that end with the ledger still ask whether what they read survives.
    if (this.#isClosed && records.length > 0) return Promise.reject(new RetriableError('the ledger is closed; nothing was appended. Open it again and repeat.'));
    return this.#writer.append(topic, records);
  }

  async follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError(`the ledger is closed; ${topic} cannot be followed.`);
    const subscription = this.#followers.follow({ ...options, topic, handle });
    return {
      stop: async () => {
        await subscription.stop();
        if (!this.#isClosed) this.#writer.flush(true);
      },
    };
  }

  async share(topics: readonly Topic[], options: ShareOptions, open: OpenLane): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError('the ledger is closed; its topics cannot be shared.');
    return this.#shared.share({ topics, options, open });
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelPoll();
    this.#cancelTrim();
    await this.#shared.stopAll();
    await this.#followers.stopAll();
    this.#cancelPositions?.();
    this.#writer.close();
    await this.#checkpoints.stop();
    this.#tables.db.close();
  }

  #read(topic: Topic, { offset, recordsMax, isEarly }: Wanted): readonly StoredRecord[] {
    const below = isEarly ? Infinity : this.#writer.sureBelow(topic);
    const batch = this.#tailOf(topic).read(offset, { below, recordsMax }) ?? this.#tables.read(topic, { offset, below, recordsMax });
    const last = batch.at(-1);
    if (isEarly && last !== undefined) this.#writer.noticeSeen(topic, last.offset);
    return batch;
  }

  #tailOf(topic: Topic): TopicTail {
    const known = this.#tails.get(topic);
    if (known !== undefined) return known;
    const tail = new TopicTail();
    this.#tails.set(topic, tail);
    return tail;
  }

  #appended(topic: Topic, records: readonly StoredRecord[]): void {
    const tail = this.#tailOf(topic);
    for (const record of records) tail.push(record);
    this.#followers.wakeEarly(topic);
  }

  #committed(topics: ReadonlySet<Topic>): void {
    this.#checkpoints.committed();
    this.#followers.wake(topics);
  }

  #keepPosition(topic: Topic, group: string, next: number): void {
    this.#positions.keep({ topic, group, next });
    this.#cancelPositions ??= this.#clock.after(positionsMs, () => {
      this.#cancelPositions = undefined;
      if (!this.#isClosed) this.#writer.flush(true);
    });
  }

  #poll(): void {
    this.#cancelPoll = this.#clock.after(this.#options.pollMs, () => this.#poll());
    try {
      const version = this.#tables.dataVersion();
      if (version === this.#dataVersion) return;
      this.#dataVersion = version;
    } catch (error) {
      this.#telemetry({ event: 'LedgerLookError', level: 'warn', message: `The ledger's file could not be looked at (${error instanceof Error ? error.message : String(error)}); its followers try to read it now.` });
    }
    // Others have written: what follows the last record known here is in the file.
    for (const tail of this.#tails.values()) tail.clear();
    this.#followers.wake();
  }

  #trim(): void {
    this.#cancelTrim = this.#clock.after(trimEachMs, () => this.#trim());
    this.#writer.flush(true);
    try {
      const records = trimOnce(this.#tables, this.#options.retention, this.#clock.wallMs());
      if (records > 0) this.#telemetry({ event: 'LedgerTrimmed', level: 'info', fields: { count: records }, message: `${records} of the oldest records left the ledger by its retention; every group that reads it had read them.` });
    } catch (error) {
      this.#telemetry({ event: 'LedgerTrimError', level: 'warn', message: `The ledger was not trimmed (${error instanceof Error ? error.message : String(error)}); nothing is lost, it is tried again in a minute.` });
    }
  }
}
