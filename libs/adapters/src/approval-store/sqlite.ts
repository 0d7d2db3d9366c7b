/**
 * Approvals in one SQLite file.
 * AS1–AS4 of the port. Durable by `synchronous=FULL`: an opened approval and a vote survive a loss of power.
 * Compare-and-set runs inside one immediate transaction, so it holds between processes on one file too.
 */
import type { Approval } from '@countersign/approval';
import { ApprovalStore } from '@countersign/approval';
import Database from 'better-sqlite3';

const schema = `
  CREATE TABLE IF NOT EXISTS approvals (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    state TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL,
    approval TEXT NOT NULL
  ) STRICT;
  CREATE INDEX IF NOT EXISTS approvals_by_state ON approvals (state, opened_at_ms);
  CREATE INDEX IF NOT EXISTS approvals_by_call ON approvals (call_id);
`;
const listQuery = `
  SELECT approval FROM approvals
  WHERE (@state IS NULL OR state = @state) AND (@callId IS NULL OR call_id = @callId)
  ORDER BY opened_at_ms DESC, rowid DESC LIMIT @limit
`;
const busyMs = 5_000;

interface Row {
  readonly approval: string;
}

export class SqliteApprovalStore extends ApprovalStore {
  readonly #database: Database.Database;
  readonly #insert;
  readonly #select;
  readonly #update;
  readonly #list;
  readonly #replace;

  private constructor(file: string) {
    super();
    this.#database = new Database(file, { timeout: busyMs });
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    this.#database.exec(schema);
    this.#insert = this.#database.prepare('INSERT INTO approvals (id, call_id, state, opened_at_ms, approval) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING');
    this.#select = this.#database.prepare<[string], Row>('SELECT approval FROM approvals WHERE id = ?');
    this.#update = this.#database.prepare('UPDATE approvals SET state = ?, approval = ? WHERE id = ?');
    this.#list = this.#database.prepare<[{ state: string | null; callId: string | null; limit: number }], Row>(listQuery);
    this.#replace = this.#database.transaction((expected: Approval, next: Approval) => this.#replaceNow(expected, next));
  }

  /** @param file created if missing, or `:memory:`. @throws when the file cannot be opened or is not a database. */
  static open(file: string): SqliteApprovalStore {
    return new SqliteApprovalStore(file);
  }

  override open(approval: Approval): Promise<Approval> {
    return settled(() => {
      this.#insert.run(approval.id, approval.callId, approval.state, approval.openedAtMs, JSON.stringify(approval));
      return this.#read(approval.id) ?? approval;
    });
  }

  override get(id: string): Promise<Approval | undefined> {
    return settled(() => this.#read(id));
  }

  override replace(expected: Approval, next: Approval): Promise<boolean> {
    return settled(() => this.#replace.immediate(expected, next));
  }

  override list(filter: { readonly state?: Approval['state']; readonly callId?: string; readonly limit: number }): Promise<readonly Approval[]> {
    const limit = Math.max(0, Math.floor(filter.limit));
    return settled(() => this.#list.all({ state: filter.state ?? null, callId: filter.callId ?? null, limit }).map(parsed));
  }

  override close(): Promise<void> {
    return settled(() => void this.#database.close());
  }

  #read(id: string): Approval | undefined {
    const row = this.#select.get(id);
    return row === undefined ? undefined : parsed(row);
  }

  #replaceNow(expected: Approval, next: Approval): boolean {
    if (next.id !== expected.id) throw new Error(`An approval keeps its id: ${expected.id} cannot become ${next.id}.`);
    const stored = this.#read(expected.id);
    if (stored === undefined || standing(stored) !== standing(expected)) return false;
    this.#update.run(next.state, JSON.stringify(next), next.id);
    return true;
  }
}

function parsed(row: Row): Approval {
  return JSON.parse(row.approval) as Approval;
}

/** What of an approval two writers may race for. */
function standing({ state, votes, heldEnd }: Approval): string {
  return JSON.stringify([state, votes.map(({ person, outcome, message, atMs }) => [person, outcome, message ?? null, atMs]), heldEnd ?? null]);
}

/** The engine is synchronous, the port is not: an error becomes a rejection, never a throw. */
function settled<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
