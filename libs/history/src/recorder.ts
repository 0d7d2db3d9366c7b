/**
 * The ledger into history: follows every topic, writes rows, and counts a batch as read only when its rows are in.
 * RC1. A position moves after the insert returned, never before; after a crash the same records come again and change nothing (H3).
 * RC2. A record that can never be stored becomes a dead letter, with its bytes, and blocks nobody. A dead letter that
 *      cannot be read is stored as it is.
 * RC3. While history is away nothing moves and nothing is dropped; the ledger is the queue.
 * RC4. A lone record is written at once. After an insert the topic rests `flushMs`, unless more than a batch is
 *      waiting, so that a busy one makes few, large inserts.
 * RC5. An error nobody knows ends the recorder and says so; nothing counts as read.
 * RC6. After every 64 rows others go first (`turn`): who judges in the same process does not wait for a whole batch.
 * Does not promise: that a finding is there after its observation (order holds within a topic only).
 */
import { topics, type DeadLetter, type Topic } from '@countersign/contracts';
import { createPatience, Stopped, TerminalError, type Clock, type EventLog, type StoredRecord, type Subscription, type Telemetry } from '@countersign/pipeline';
import { cutInserts, insertOf, type PlacedInsert, type PlacedRow } from './cut-inserts.js';
import type { HistoryStore } from './history-store.js';
import { rowOf, unreadableDeadLetterRow } from './rows.js';

const group = 'record';
const flushMsDefault = 250;
/** An insert costs the engine about as much as three thousand rows. */
const batchRecordsMax = 5_000;
const rowsPerTurn = 64;

export interface RecorderOptions {
  readonly eventLog: EventLog;
  /** Migrated already. */
  readonly store: HistoryStore;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  /** Rest of a topic after an insert; the freshness bound under load. Default 250. */
  readonly flushMs?: number;
  /** Resolves in a later turn of the event loop. Absent: the rows of a batch are made in one. */
  readonly turn?: () => Promise<void>;
}

export interface Recorder {
  start(): Promise<void>;
  /** Resolves after the insert in hand; nothing is read afterwards. Safe to call twice. */
  stop(): Promise<void>;
  /** Rejects when the recorder ended by a defect; otherwise never settles. Telemetry has said so already. */
  readonly failed: Promise<never>;
}

export function createRecorder(options: RecorderOptions): Recorder {
  return new LedgerRecorder(options);
}

class LedgerRecorder implements Recorder {
  readonly failed: Promise<never>;
  readonly #options: RecorderOptions;
  readonly #patience;
  readonly #subscriptions: Subscription[] = [];
  readonly #rests = new Set<() => void>();
  #isOver = false;
  #reject: (error: unknown) => void = () => undefined;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#patience = createPatience(options.clock);
    this.failed = new Promise<never>((_, reject) => (this.#reject = reject));
    this.failed.catch(() => undefined); // whoever cares awaits it
  }

  async start(): Promise<void> {
    for (const topic of topics) {
      this.#subscriptions.push(await this.#options.eventLog.follow(topic, { group, batchRecordsMax }, (batch) => this.#handle(topic, batch)));
    }
  }

  async stop(): Promise<void> {
    this.#end();
    await Promise.all(this.#subscriptions.map((subscription) => subscription.stop()));
  }

  #end(): void {
    this.#isOver = true;
    this.#patience.stop();
    for (const wake of this.#rests) wake();
  }

  async #handle(topic: Topic, batch: readonly StoredRecord[]): Promise<void> {
    if (this.#isOver) throw new Stopped();
    try {
      const placed = await this.#place(topic, batch);
      for (const insert of cutInserts(topic, placed)) await this.#insert(topic, insert, batch);
    } catch (error) {
      if (!(error instanceof Stopped)) this.#fail(topic, error);
      throw error;
    }
    // A full batch means that more is waiting.
    if (batch.length < batchRecordsMax) await this.#rest();
  }

  async #place(topic: Topic, batch: readonly StoredRecord[]): Promise<readonly PlacedRow[]> {
    const placed: PlacedRow[] = [];
    for (const stored of batch) {
      const { offset, partition, value } = stored;
      if (placed.length % rowsPerTurn === rowsPerTurn - 1) await this.#options.turn?.();
      try {
        placed.push({ offset, partition, characters: value.length, row: rowOf(topic, stored) });
      } catch (error) {
        if (!(error instanceof TerminalError)) throw error;
        if (topic === 'dead-letters') placed.push({ offset, partition, characters: value.length, row: unreadableDeadLetterRow(stored, error, this.#options.clock.wallMs()) });
        else await this.#setAside(stored, error);
      }
    }
    return placed;
  }

  /** What the engine refuses for good is halved until the one bad row is found; its neighbours are stored. */
  async #insert(topic: Topic, insert: PlacedInsert, batch: readonly StoredRecord[]): Promise<void> {
    const startMs = this.#options.clock.monotonicMs();
    try {
      await this.#patience.until(() => this.#options.store.insert(insert), (error, pauseMs) => this.#sayRetry(topic, error.message, pauseMs));
    } catch (error) {
      if (!(error instanceof TerminalError)) throw error;
      const { placed } = insert;
      if (placed.length === 1) return this.#setAsideRow(topic, { placed: placed[0] as PlacedRow, batch, error });
      const half = Math.ceil(placed.length / 2);
      await this.#insert(topic, insertOf(topic, placed.slice(0, half)), batch);
      return this.#insert(topic, insertOf(topic, placed.slice(half)), batch);
    }
    this.#sayInserted(insert, startMs);
  }

  async #setAsideRow(topic: Topic, refused: { placed: PlacedRow; batch: readonly StoredRecord[]; error: TerminalError }): Promise<void> {
    const { placed, batch, error } = refused;
    const stored = batch.find(({ offset, partition }) => offset === placed.offset && partition === placed.partition);
    // A dead letter's row is texts and one number; an engine that refuses it is not the one we know.
    if (stored === undefined || topic === 'dead-letters') throw error;
    await this.#setAside(stored, error);
  }

  async #setAside(stored: StoredRecord, error: TerminalError): Promise<void> {
    const { eventLog, clock, telemetry } = this.#options;
    const letter: DeadLetter = {
      v: 1, id: `${group}/${stored.topic}/${stored.partition}/${stored.offset}`, domain: stored.key, at: new Date(clock.wallMs()).toISOString(),
      topic: stored.topic, offset: stored.offset, recordId: stored.id, errorClass: error.errorClass.slice(0, 64), error: error.message.slice(0, 2_000), component: group, raw: stored.value,
    };
    const append = (): Promise<void> => eventLog.append('dead-letters', [{ id: letter.id, key: stored.key, value: JSON.stringify(letter) }]);
    await this.#patience.until(append, (retried, pauseMs) => this.#sayRetry('dead-letters', retried.message, pauseMs));
    telemetry({
      event: 'RecordDeadLettered', level: 'error', fields: { topic: stored.topic, errorClass: letter.errorClass, stage: group },
      message: `A record of ${stored.topic} cannot be kept in history and was set aside with its bytes: ${letter.error}`,
    });
  }

  #rest(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#rests.delete(done);
        resolve();
      };
      const cancel = this.#options.clock.after(this.#options.flushMs ?? flushMsDefault, done);
      this.#rests.add(done);
    });
  }

  #fail(topic: Topic, error: unknown): void {
    this.#end();
    this.#options.telemetry({
      event: 'RecorderStoppedError', level: 'error', fields: { topic, stage: group },
      message: `The recorder met an error it does not know and stopped: ${error instanceof Error ? error.message : String(error)} The ledger keeps what history lacks; mend the cause and start it again.`,
    });
    this.#reject(error);
  }

  #sayRetry(topic: Topic, reason: string, pauseMs: number): void {
    this.#options.telemetry({
      event: 'BatchRetried', level: 'warn', fields: { topic, stage: group, pauseMs: Math.round(pauseMs) },
      message: `History did not take a batch of ${topic}; it stays in the ledger and is tried again in ${Math.round(pauseMs)} ms: ${reason}`,
    });
  }

  #sayInserted({ table, rows }: PlacedInsert, startMs: number): void {
    const { clock, telemetry } = this.#options;
    const newest = Date.parse(String(rows.at(-1)?.['at']));
    telemetry({
      event: 'RowsInserted', level: 'debug', message: `${rows.length} rows are in ${table}.`,
      fields: { table, rows: rows.length, seconds: (clock.monotonicMs() - startMs) / 1000, lagSeconds: Math.max(0, (clock.wallMs() - newest) / 1000), stage: group },
    });
  }
}
