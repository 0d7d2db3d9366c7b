/**
 * The embedded ledger: one SQLite file.
 * SQ1. Appends of one turn of the event loop share one transaction; each resolves after COMMIT. With WAL and synchronous=NORMAL a commit
 *      survives a kill of this process, not a loss of power (that clause is the spool's).
 * SQ2. An append that the engine refuses for its own content fails alone: the others of its turn are committed without it.
 * SQ3. Followers in this process are woken by the commit, those of other processes by a look at the file each `pollMs`.
 * SQ4. A group's position is committed with the next transaction after its batch, and at `stop` and `close`.
 * SQ5. Trimming takes the oldest records first, none younger than ten minutes and none that a group still wants, unless that group
 *      has not read for thirty days.
 * Refuses: two processes reading as one group (each process would see all of it; one `solo` per file is the caller's to ensure).
 */
import type { Topic } from '@countersign/contracts';
import { EventLog, RetriableError, silentTelemetry, type Clock, type FollowOptions, type HandleBatch, type LedgerRecord, type OpenLane, type ShareOptions, type Subscription, type Telemetry } from '@countersign/pipeline';
import { SystemClock } from '../clock/system.js';
import { createFollowers } from './followers.js';
import { createOnePartition } from './one-partition.js';
import { classified } from './sqlite-errors.js';
import { SqliteTables } from './sqlite-tables.js';
import { trimOnce, type Retention } from './sqlite-trim.js';

const transactionRecordsMax = 5_000;
const trimEachMs = 60_000;

export interface SqliteEventLogOptions {
  readonly clock?: Clock;
  readonly telemetry?: Telemetry;
  /** How often the file is looked at for other processes' commits; 20. */
  readonly pollMs?: number;
  /** How long one statement may block this thread for another process's transaction; 250. */
  readonly busyMs?: number;
  /** Characters of values waiting for their transaction; above it `append` refuses. 64 Mi. */
  readonly pendingCharsMax?: number;
  /** Default: 4 GiB, no age. */
  readonly retention?: Retention;
}

interface Append {
  readonly topic: Topic;
  readonly records: readonly LedgerRecord[];
  readonly chars: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class SqliteEventLog extends EventLog {
  readonly #tables: SqliteTables;
  readonly #clock: Clock;
  readonly #telemetry: Telemetry;
  readonly #followers;
  readonly #shared;
  readonly #options: Required<Pick<SqliteEventLogOptions, 'pollMs' | 'pendingCharsMax' | 'retention'>>;
  readonly #positions = new Map<string, { readonly topic: Topic; readonly group: string; readonly next: number }>();
  #pending: Append[] = [];
  #pendingChars = 0;
  #isFlushQueued = false;
  #isClosed = false;
  #dataVersion: number;
  #cancelPoll: () => void;
  #cancelTrim: () => void;

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

  private constructor(file: string, options: SqliteEventLogOptions) {
    super();
    this.#clock = options.clock ?? new SystemClock();
    this.#telemetry = options.telemetry ?? silentTelemetry;
    this.#options = { pollMs: options.pollMs ?? 20, pendingCharsMax: options.pendingCharsMax ?? 64 * 1024 * 1024, retention: options.retention ?? { bytesMax: 4 * 1024 ** 3 } };
    this.#tables = new SqliteTables(file, options.busyMs ?? 250);
    this.#dataVersion = this.#tables.dataVersion();
    this.#followers = createFollowers({
      clock: this.#clock,
      telemetry: this.#telemetry,
      read: (topic, offset, max) => this.#tables.read(topic, offset, max),
      end: (topic) => this.#tables.end(topic),
      position: (topic, group) => this.#positions.get(`${topic}\0${group}`)?.next ?? this.#tables.position(topic, group),
      keepPosition: (topic, group, next) => this.#keepPosition(topic, group, next),
    });
    this.#shared = createOnePartition({ clock: this.#clock, telemetry: this.#telemetry, follow: (topic, options, handle) => this.follow(topic, options, handle) });
    this.#cancelPoll = this.#clock.after(this.#options.pollMs, () => this.#poll());
    this.#cancelTrim = this.#clock.after(trimEachMs, () => this.#trim());
  }

  append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    if (this.#isClosed) return Promise.reject(new RetriableError('the ledger is closed; nothing was appended. Open it again and repeat.'));
    if (records.length === 0) return Promise.resolve();
    const chars = records.reduce((sum, { value }) => sum + value.length, 0);
    if (this.#pending.length > 0 && this.#pendingChars + chars > this.#options.pendingCharsMax) {
      return Promise.reject(new RetriableError(`${this.#pendingChars} characters already wait for the ledger; nothing of this append was stored. Repeat it later.`));
    }
    this.#pendingChars += chars;
    return new Promise((resolve, reject) => {
      this.#pending.push({ topic, records, chars, resolve, reject });
      this.#queueFlush();
    });
  }

  async follow(topic: Topic, options: FollowOptions, handle: HandleBatch): Promise<Subscription> {
    if (this.#isClosed) throw new RetriableError(`the ledger is closed; ${topic} cannot be followed.`);
    const subscription = this.#followers.follow({ ...options, topic, handle });
    return {
      stop: async () => {
        await subscription.stop();
        if (!this.#isClosed) this.#flush();
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
    while (this.#pending.length > 0) this.#flush();
    this.#flush();
    this.#tables.db.close();
  }

  #keepPosition(topic: Topic, group: string, next: number): void {
    this.#positions.set(`${topic}\0${group}`, { topic, group, next });
    this.#queueFlush();
  }

  #queueFlush(): void {
    if (this.#isFlushQueued || this.#isClosed) return;
    this.#isFlushQueued = true;
    setImmediate(() => {
      this.#isFlushQueued = false;
      if (!this.#isClosed) this.#flush();
    });
  }

  #flush(): void {
    const appends = this.#take();
    const positions = [...this.#positions.values()];
    if (appends.length === 0 && positions.length === 0) return;
    try {
      this.#commit(appends, positions);
      for (const append of appends) append.resolve();
    } catch (error) {
      this.#separate(appends, error);
    }
    for (const topic of new Set(appends.map((append) => append.topic))) this.#followers.wake(topic);
    if (this.#pending.length > 0) this.#queueFlush();
  }

  #take(): readonly Append[] {
    let records = 0;
    let count = 0;
    while (count < this.#pending.length && records < transactionRecordsMax) {
      records += this.#pending[count]?.records.length ?? 0;
      count += 1;
    }
    const taken = this.#pending.splice(0, count);
    for (const { chars } of taken) this.#pendingChars -= chars;
    return taken;
  }

  #commit(appends: readonly Append[], positions: readonly { readonly topic: Topic; readonly group: string; readonly next: number }[]): void {
    const nowMs = this.#clock.wallMs();
    this.#tables.db.transaction(() => {
      for (const { topic, records } of appends) this.#tables.insert(topic, records, nowMs);
      for (const { topic, group, next } of positions) this.#tables.keepPosition(topic, group, { next, nowMs });
    }).immediate();
    for (const { topic, group, next } of positions) {
      if (this.#positions.get(`${topic}\0${group}`)?.next === next) this.#positions.delete(`${topic}\0${group}`);
    }
  }

  /** The engine is away: all of this turn may be repeated. One append is wrong: it fails alone. Positions stay for the next transaction. */
  #separate(appends: readonly Append[], error: unknown): void {
    const sentence = 'the ledger did not commit; nothing of this append was stored';
    const cause = classified(error, sentence);
    if (cause instanceof RetriableError || appends.length === 1) {
      for (const append of appends) append.reject(cause);
      if (appends.length === 0) this.#telemetry({ event: 'PositionKeepRetried', level: 'warn', message: 'The ledger did not take a group’s position; it is written with the next commit, and until then a restart reads a few records again.' });
      return;
    }
    for (const append of appends) {
      try {
        this.#commit([append], []);
        append.resolve();
      } catch (own) {
        append.reject(classified(own, sentence));
      }
    }
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
    this.#followers.wake();
  }

  #trim(): void {
    this.#cancelTrim = this.#clock.after(trimEachMs, () => this.#trim());
    try {
      const records = trimOnce(this.#tables, this.#options.retention, this.#clock.wallMs());
      if (records > 0) this.#telemetry({ event: 'LedgerTrimmed', level: 'info', fields: { count: records }, message: `${records} of the oldest records left the ledger by its retention; every group that reads it had read them.` });
    } catch (error) {
      this.#telemetry({ event: 'LedgerTrimError', level: 'warn', message: `The ledger was not trimmed (${error instanceof Error ? error.message : String(error)}); nothing is lost, it is tried again in a minute.` });
    }
  }
}
