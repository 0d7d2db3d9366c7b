/**
 * Snapshots in one SQLite file, synchronous=FULL: a snapshot whose save resolved survives a loss of power.
 * SS1. One row per name, replaced in one transaction: never torn (S1).
 * SS2. Claims are counted beside the snapshots; a save looks at the count in its own transaction (S3).
 * SS3. Snapshots of before there were partitions are those of partition 0: they are renamed once.
 */
import type Database from 'better-sqlite3';
import { SnapshotStore, type Claim, type Snapshot } from '@countersign/pipeline';
import { classified } from '../event-log/sqlite-errors.js';
import { openPrivately } from '../event-log/sqlite-open.js';

interface Row {
  readonly version: string;
  readonly offsets: string;
  readonly state: string;
}

const tablesOf0 = 'CREATE TABLE IF NOT EXISTS snapshots (name TEXT PRIMARY KEY, version TEXT NOT NULL, offsets TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID';
const toVersion1 = `CREATE TABLE claims (name TEXT PRIMARY KEY, fence INTEGER NOT NULL) WITHOUT ROWID;
UPDATE snapshots SET name = name || '/0';
PRAGMA user_version = 1`;

export class SqliteSnapshotStore extends SnapshotStore {
  readonly #db: Database.Database;
  readonly #claim: Database.Statement<[string], { readonly fence: number }>;
  readonly #fence: Database.Statement<[string], { readonly fence: number }>;
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
    this.#db.transaction(() => {
      this.#db.exec(tablesOf0);
      if (this.#db.pragma('user_version', { simple: true }) === 0) this.#db.exec(toVersion1);
    }).immediate();
    this.#claim = this.#db.prepare('INSERT INTO claims (name, fence) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET fence = fence + 1 RETURNING fence');
    this.#fence = this.#db.prepare('SELECT fence FROM claims WHERE name = ?');
    this.#save = this.#db.prepare('INSERT INTO snapshots (name, version, offsets, state) VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, offsets = excluded.offsets, state = excluded.state');
    this.#load = this.#db.prepare('SELECT version, offsets, state FROM snapshots WHERE name = ?');
  }

  async claim(name: string): Promise<Claim> {
    return this.#run(`the snapshot of ${name} could not be claimed; it stands`, () =>
      this.#db.transaction((): Claim => ({ fence: this.#claim.get(name)?.fence ?? 0, snapshot: snapshotOf(name, this.#load.get(name)) })).immediate(),
    );
  }

  async save(name: string, snapshot: Snapshot, fence: number): Promise<boolean> {
    return this.#run(`the snapshot of ${name} was not saved; the one before it stands`, () =>
      this.#db.transaction(() => {
        if ((this.#fence.get(name)?.fence ?? 0) > fence) return false;
        this.#save.run(name, snapshot.version, JSON.stringify(snapshot.offsets), snapshot.state);
        return true;
      }).immediate(),
    );
  }

  async load(name: string): Promise<Snapshot | undefined> {
    return snapshotOf(name, this.#load.get(name));
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #run<T>(what: string, work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw classified(error, what);
    }
  }
}

function snapshotOf(name: string, row: Row | undefined): Snapshot | undefined {
  return row === undefined ? undefined : { version: row.version, offsets: offsetsOf(name, row.offsets), state: row.state };
}

function offsetsOf(name: string, text: string): Record<string, number> {
  const value: unknown = JSON.parse(text);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  if (entries.some(([, offset]) => !Number.isInteger(offset))) throw new Error(`the snapshot of ${name} holds offsets that are not whole numbers; delete its row to build the memory again from the ledger.`);
  return Object.fromEntries(entries);
}
