/**
 * Snapshots in one SQLite file, synchronous=FULL: a snapshot whose save resolved survives a loss of power.
 * SS1. One row per name, replaced in one transaction: never torn (S1).
 */
import type Database from 'better-sqlite3';
import { SnapshotStore, type Snapshot } from '@countersign/pipeline';
import { classified } from '../event-log/sqlite-errors.js';
import { openPrivately } from '../event-log/sqlite-open.js';

interface Row {
  readonly version: string;
  readonly offsets: string;
  readonly state: string;
}

export class SqliteSnapshotStore extends SnapshotStore {
  readonly #db: Database.Database;
  readonly #save: Database.Statement<[string, string, string, string]>;
  readonly #load: Database.Statement<[string], Row>;

  /** Opens or creates the file (`:memory:` keeps it in memory); its directory must exist. @throws `RetriableError` when it is locked. */
  static open(file: string): SqliteSnapshotStore {
    try {
      return new SqliteSnapshotStore(file);
    } catch (error) {
      throw classified(error, `the snapshot store ${file} could not be opened; nothing in it was changed`);
    }
  }

  private constructor(file: string) {
    super();
    this.#db = openPrivately(file, 250);
    this.#db.pragma('journal_mode = WAL');
    this.#db.pragma('synchronous = FULL');
    this.#db.exec('CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, version TEXT NOT NULL, offsets TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID');
    this.#save = this.#db.prepare('INSERT INTO snapshots (name, version, offsets, state) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, offsets = excluded.offsets, state = excluded.state');
    this.#load = this.#db.prepare('SELECT version, offsets, state FROM snapshots WHERE name = ?');
  }

  async save(name: string, snapshot: Snapshot): Promise<void> {
    try {
      this.#save.run(name, snapshot.version, JSON.stringify(snapshot.offsets), snapshot.state);
    } catch (error) {
      throw classified(error, `the snapshot of ${name} was not saved; the one before it stands`);
    }
  }

  async load(name: string): Promise<Snapshot | undefined> {
    const row = this.#load.get(name);
    return row === undefined ? undefined : { version: row.version, offsets: offsetsOf(name, row.offsets), state: row.state };
  }

  async close(): Promise<void> {
    this.#db.close();
  }
}

function offsetsOf(name: string, text: string): Record<string, number> {
  const value: unknown = JSON.parse(text);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.some(([, offset]) => !Number.isInteger(offset))) throw new Error(`the snapshot of ${name} holds offsets that are not whole numbers; delete its row to build the memory again from the ledger.`);
  return Object.fromEntries(entries);
}
