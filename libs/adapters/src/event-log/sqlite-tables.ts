/**
 * The tables of the embedded ledger and the statements over them. One table per topic, so that a topic's offsets have no gap.
 * Everything here happens at once and in the caller's transaction; no waiting, no policy.
 */
import type Database from 'better-sqlite3';
import { topics, type Topic } from '@countersign/contracts';
import type { LedgerRecord, StoredRecord } from '@countersign/pipeline';
import type { Position } from './sqlite-positions.js';
import { openPrivately } from './sqlite-open.js';

/** One read hands over at most this many characters of values, so that a batch of large records stays small in memory. */
const batchCharsMax = 8 * 1024 * 1024;

interface Row {
  readonly offset: number;
  readonly id: string;
  readonly key: string;
  readonly value: string;
}

export class SqliteTables {
  readonly db: Database.Database;
  readonly #insert: Record<Topic, Database.Statement<[string, string, string, number]>>;
  readonly #read: Record<Topic, Database.Statement<[number, number], Row>>;
  readonly #remove: Record<Topic, Database.Statement<[number]>>;
  readonly #end: Record<Topic, Database.Statement<[], { readonly end: number }>>;
  readonly #trim: Record<Topic, Database.Statement<[number, number, number]>>;
  readonly #count: Record<Topic, Database.Statement<[], { readonly first: number | null; readonly last: number | null }>>;
  readonly #keep: Database.Statement<[string, string, number, number]>;
  readonly #position: Database.Statement<[string, string], { readonly next: number }>;
  readonly #begin: Database.Statement<[]>;
  readonly #commit: Database.Statement<[]>;
  readonly #rollback: Database.Statement<[]>;
  readonly #slowest: Database.Statement<[string, number], { readonly next: number | null }>;

  /** @param busyMs how long one statement may block this thread for another process's transaction. */
  constructor(file: string, busyMs: number) {
    this.db = openPrivately(file, busyMs);
    this.db.pragma('journal_mode = WAL');
    this.db.pragma('synchronous = NORMAL');
    // Far more than what lies between two checkpoints beside the work (CP2).
    this.db.pragma('wal_autocheckpoint = 20000');
    this.db.exec(topics.map(createTable).join('\n') + createPositions);
    const each = <T>(make: (table: string) => T): Record<Topic, T> => Object.fromEntries(topics.map((topic) => [topic, make(tableOf(topic))])) as Record<Topic, T>;
    this.#insert = each((table) => this.db.prepare(`INSERT INTO ${table} (id, key, value, appended_ms) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`));
    this.#read = each((table) => this.db.prepare(`SELECT "offset", id, key, value FROM ${table} WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`));
    this.#remove = each((table) => this.db.prepare(`DELETE FROM ${table} WHERE "offset" >= ?`));
    this.#end = each((table) => this.db.prepare(`SELECT coalesce(max("offset") + 1, 0) AS "end" FROM ${table}`));
    // The last record always stays: its offset is what the next one counts from.
    this.#trim = each((table) =>
      this.db.prepare(`DELETE FROM ${table} WHERE "offset" IN (SELECT "offset" FROM ${table} WHERE "offset" < ? AND appended_ms < ? AND "offset" < (SELECT max("offset") FROM ${table}) ORDER BY "offset" LIMIT ?)`),
    );
    this.#count = each((table) => this.db.prepare(`SELECT min("offset") AS first, max("offset") AS last FROM ${table}`));
    this.#keep = this.db.prepare('INSERT INTO positions (topic, group_name, next, kept_ms) VALUES (?, ?, ?, ?) ON CONFLICT (topic, group_name) DO UPDATE SET next = excluded.next, kept_ms = excluded.kept_ms');
    this.#position = this.db.prepare('SELECT next FROM positions WHERE topic = ? AND group_name = ?');
    this.#begin = this.db.prepare('BEGIN IMMEDIATE');
    this.#commit = this.db.prepare('COMMIT');
    this.#rollback = this.db.prepare('ROLLBACK');
    this.#slowest = this.db.prepare('SELECT min(next) AS next FROM positions WHERE topic = ? AND kept_ms >= ?');
  }

  begin(): void {
    this.#begin.run();
  }

  commit(): void {
    this.#commit.run();
  }

  /** Gives up the open transaction; the engine may have done so already. */
  rollback(): void {
    if (this.db.inTransaction) this.#rollback.run();
  }

  /** @returns the record's offset, or undefined when the topic has one of this id. */
  insert(topic: Topic, { id, key, value }: LedgerRecord, nowMs: number): number | undefined {
    const { changes, lastInsertRowid } = this.#insert[topic].run(id, key, value, nowMs);
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }

  removeFrom(topic: Topic, offset: number): void {
    this.#remove[topic].run(offset);
  }

  /** At most `recordsMax` records at or after `offset` and before `below`. */
  read(topic: Topic, { offset, below, recordsMax }: { readonly offset: number; readonly below: number; readonly recordsMax: number }): readonly StoredRecord[] {
    const batch: StoredRecord[] = [];
    let chars = 0;
    for (const row of this.#read[topic].iterate(offset, recordsMax)) {
      if (row.offset >= below) break;
      batch.push({ topic, partition: 0, ...row });
      chars += row.value.length;
      if (chars >= batchCharsMax) break;
    }
    return batch;
  }

  end(topic: Topic): number {
    return this.#end[topic].get()?.end ?? 0;
  }

  position(topic: Topic, group: string): number {
    return this.#position.get(topic, group)?.next ?? 0;
  }

  keepPositions(positions: readonly Position[], nowMs: number): void {
    for (const { topic, group, next } of positions) this.#keep.run(topic, group, next, nowMs);
  }

  /** Next offset wanted by the slowest group that kept a position since `sinceMs`; undefined when nobody did. */
  slowestPosition(topic: Topic, sinceMs: number): number | undefined {
    return this.#slowest.get(topic, sinceMs)?.next ?? undefined;
  }

  /** Deletes the oldest records below `offset` that were appended before `beforeMs`. @returns how many. */
  trim(topic: Topic, below: { readonly offset: number; readonly beforeMs: number; readonly recordsMax: number }): number {
    return this.#trim[topic].run(below.offset, below.beforeMs, below.recordsMax).changes;
  }

  /** How many offsets the topic spans. */
  span(topic: Topic): number {
    const { first, last } = this.#count[topic].get() ?? { first: null, last: null };
    return first === null || last === null ? 0 : last - first + 1;
  }

  /** Bytes in use, without the pages that trimming has freed for reuse. */
  usedBytes(): number {
    const pages = Number(this.db.pragma('page_count', { simple: true })) - Number(this.db.pragma('freelist_count', { simple: true }));
    return pages * Number(this.db.pragma('page_size', { simple: true }));
  }

  /** Changes when another process has committed. */
  dataVersion(): number {
    return Number(this.db.pragma('data_version', { simple: true }));
  }
}

const createPositions = `
CREATE TABLE IF NOT EXISTS positions (topic TEXT NOT NULL, group_name TEXT NOT NULL, next INTEGER NOT NULL, kept_ms INTEGER NOT NULL, PRIMARY KEY (topic, group_name)) WITHOUT ROWID;`;

function tableOf(topic: Topic): string {
  return `records_${topic.replaceAll('-', '_')}`;
}

function createTable(topic: Topic): string {
  return `CREATE TABLE IF NOT EXISTS ${tableOf(topic)} ("offset" INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, key TEXT NOT NULL, value TEXT NOT NULL, appended_ms INTEGER NOT NULL);`;
}
