/**
 * Writes the embedded ledger: what one turn of the event loop appends is one transaction, open from its first append to its end.
 * TW1. A record has its offset, and its repetition is known, as soon as it is appended; it is sure when the transaction is committed.
 * TW2. An append that the engine refuses for its own content leaves nothing behind and fails alone.
 * TW3. A transaction that cannot be committed is gone, and all its appends reject. If readers were shown some of it, they cannot forget:
 *      it is then written again, at the same offsets, before anything else is taken.
 * TW4. If it cannot be written at the same offsets, this ledger takes nothing more: what its readers know is not what is stored.
 */
import type { Topic } from '@countersign/contracts';
import { RetriableError, type Clock, type LedgerRecord, type StoredRecord, type Telemetry } from '@countersign/pipeline';
import { classified } from './sqlite-errors.js';
import type { UnwrittenPositions } from './sqlite-positions.js';
import type { SqliteTables } from './sqlite-tables.js';

const pauseMsMin = 50;
const pauseMsMax = 5_000;

export interface TurnWriterOptions {
  readonly tables: SqliteTables;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Characters of values one transaction may hold. */
  readonly pendingCharsMax: number;
  readonly onAppended: (topic: Topic, records: readonly StoredRecord[]) => void;
  readonly onCommitted: (topics: ReadonlySet<Topic>) => void;
  /** From here on, records of the topic that were appended are not stored. */
  readonly onForgotten: (topic: Topic, offset: number) => void;
  readonly positions: UnwrittenPositions;
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Turn {
  readonly records: StoredRecord[];
  readonly firstOffsets: Map<Topic, number>;
  waiting: Waiting[];
  chars: number;
  isSeen: boolean;
}

export class TurnWriter {
  readonly #options: TurnWriterOptions;
  #turn: Turn | undefined;
  /** Seen by readers and not stored yet (TW3). */
  #owed: Turn | undefined;
  #failures = 0;
  #broken: Error | undefined;
  #isEndPlanned = false;
  #isClosed = false;
  #cancelRetry: () => void = nothing;

  constructor(options: TurnWriterOptions) {
    this.#options = options;
  }

  /** The first offset of the topic that is not sure yet; infinite when all are. */
  sureBelow(topic: Topic): number {
    return (this.#turn ?? this.#owed)?.firstOffsets.get(topic) ?? Infinity;
  }

  /** Readers were shown records of `topic` up to `offset`. */
  noticeSeen(topic: Topic, offset: number): void {
    if (this.#turn !== undefined && offset >= this.sureBelow(topic)) this.#turn.isSeen = true;
  }

  /** Resolves when the records are committed; of no records: when everything appended before is. */
  append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    if (records.length === 0 && this.#turn === undefined && this.#owed === undefined) return Promise.resolve();
    try {
      const turn = this.#begun();
      if (records.length > 0) this.#insert(turn, topic, records);
      return new Promise((resolve, reject) => turn.waiting.push({ resolve, reject }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Commits what is open, and the positions that wait if wanted. Never throws: whoever appended is told. */
  flush(withPositions: boolean): void {
    if (this.#owed !== undefined) return;
    const { tables, clock, positions } = this.#options;
    const kept = withPositions ? positions.all() : [];
    if (this.#turn === undefined && kept.length === 0) return;
    let turn;
    try {
      turn = this.#begun();
      if (kept.length > 0) tables.keepPositions(kept, clock.wallMs());
      tables.commit();
    } catch (error) {
      return this.#failed(error);
    }
    positions.written(kept);
    this.#turn = undefined;
    this.#sure(turn);
  }

  /** Commits, or gives up what cannot be committed; nothing is taken afterwards. */
  close(): void {
    this.flush(true);
    this.#cancelRetry();
    if (this.#owed !== undefined) this.#writeAgain();
    this.#isClosed = true;
    this.#cancelRetry();
  }

  #begun(): Turn {
    if (this.#broken !== undefined) throw this.#broken;
    if (this.#owed !== undefined) throw new RetriableError('the ledger could not commit a moment ago and is trying again; nothing of this append counts as stored. Repeat it later.');
    if (this.#turn !== undefined) return this.#turn;
    try {
      this.#options.tables.begin();
    } catch (error) {
      throw classified(error, notStored);
    }
    this.#turn = { records: [], firstOffsets: new Map(), waiting: [], chars: 0, isSeen: false };
    this.#planEnd();
    return this.#turn;
  }

  #insert(turn: Turn, topic: Topic, records: readonly LedgerRecord[]): void {
    const { tables, clock, pendingCharsMax } = this.#options;
    const chars = records.reduce((sum, { value }) => sum + value.length, 0);
    if (turn.chars > 0 && turn.chars + chars > pendingCharsMax) {
      throw new RetriableError(`${turn.chars} characters already wait for the ledger; nothing of this append was stored. Repeat it later.`);
    }
    const stored: StoredRecord[] = [];
    try {
      const nowMs = clock.wallMs();
      for (const record of records) {
        const offset = tables.insert(topic, record, nowMs);
        if (offset !== undefined) stored.push({ topic, partition: 0, offset, id: record.id, key: record.key, value: record.value, parsed: record.parsed });
      }
    } catch (error) {
      this.#undo(topic, stored, error);
      throw classified(error, notStored);
    }
    turn.chars += chars;
    const [first] = stored;
    if (first === undefined) return;
    if (!turn.firstOffsets.has(topic)) turn.firstOffsets.set(topic, first.offset);
    turn.records.push(...stored);
    this.#options.onAppended(topic, stored);
  }

  /** What was inserted of a failed append goes; when the engine has given up the whole transaction, all of the turn fails with it. */
  #undo(topic: Topic, [first]: readonly StoredRecord[], cause: unknown): void {
    try {
      if (this.#options.tables.db.inTransaction) {
        if (first !== undefined) this.#options.tables.removeFrom(topic, first.offset);
        return;
      }
    } catch {
      // The transaction ends here, with the error that began it.
    }
    this.#failed(cause);
  }

  #failed(error: unknown): void {
    const turn = this.#turn;
    this.#turn = undefined;
    try {
      this.#options.tables.rollback();
    } catch (rollbackError) {
      this.#broken = new Error('the ledger could neither commit nor give up a transaction; it takes nothing more until it is opened again.', { cause: rollbackError });
    }
    const cause = this.#broken ?? classified(error, notStored);
    for (const { reject } of turn?.waiting ?? []) reject(cause);
    if (turn === undefined || turn.records.length === 0) return this.#tellPositions(error);
    if (turn.isSeen) return this.#owe({ ...turn, waiting: [] }, error);
    for (const [topic, offset] of turn.firstOffsets) this.#options.onForgotten(topic, offset);
  }

  #tellPositions(error: unknown): void {
    const what = error instanceof Error ? error.message : String(error);
    this.#options.telemetry({ event: 'PositionKeepRetried', level: 'warn', message: `The ledger did not take a group’s position (${what}); it is written later, and until then a restart reads a few records again.` });
  }

  #owe(turn: Turn, error: unknown): void {
    this.#owed = turn;
    const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(this.#failures, 16));
    this.#failures += 1;
    const what = error instanceof Error ? error.message : String(error);
    this.#options.telemetry({
      event: 'LedgerCommitRetried', level: 'warn', fields: { count: turn.records.length, pauseSeconds: pauseMs / 1_000 },
      message: `The ledger could not commit ${turn.records.length} records; nothing that came of them has left this process. They are written again in ${pauseMs} ms, and nothing else is taken before: ${what}`,
    });
    this.#cancelRetry();
    if (!this.#isClosed) this.#cancelRetry = this.#options.clock.after(pauseMs, () => this.#writeAgain());
  }

  #writeAgain(): void {
    const owed = this.#owed;
    if (owed === undefined) return;
    const { tables, clock } = this.#options;
    try {
      tables.begin();
      const nowMs = clock.wallMs();
      for (const record of owed.records) {
        if (tables.insert(record.topic, record, nowMs) !== record.offset) throw new Moved(record.topic);
      }
      tables.commit();
    } catch (error) {
      tables.rollback();
      if (error instanceof Moved || !(classified(error, notStored) instanceof RetriableError)) this.#broken = error instanceof Error ? error : new Error(String(error));
      this.#owe(owed, error);
      if (this.#broken !== undefined) this.#cancelRetry();
      return;
    }
    this.#failures = 0;
    this.#owed = undefined;
    this.#sure(owed);
  }

  #sure(turn: Turn): void {
    for (const { resolve } of turn.waiting) resolve();
    if (turn.firstOffsets.size > 0) this.#options.onCommitted(new Set(turn.firstOffsets.keys()));
  }

  #planEnd(): void {
    if (this.#isEndPlanned) return;
    this.#isEndPlanned = true;
    setImmediate(() => {
      this.#isEndPlanned = false;
      if (!this.#isClosed) this.flush(false);
    });
  }
}

const notStored = 'the ledger did not commit; nothing of this append was stored';

/** Another process has written where records that were read already should have gone. */
class Moved extends Error {
  override readonly name = 'Moved';
  constructor(topic: Topic) {
    super(`another process wrote to ${topic} while this one could not commit, so what was read here early is not what is stored. Restart this process: it reads the ledger again.`);
  }
}

function nothing(): void {}
