export type HistoryRow = Readonly<Record<string, unknown>>;

/** One numbered migration: a file under `migrations/`, run once, in order. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

export interface InsertBatch {
  readonly table: string;
  readonly rows: readonly HistoryRow[];
  /** Same rows, same token: an insert repeated after an unknown outcome changes nothing. */
  readonly token: string;
}

/**
 * Where history lives.
 * H1. `migrate` runs each migration at most once and in order; a gap or a changed migration is refused.
 * H2. `insert` resolves only when the rows are durable and visible to the next `query`.
 * H3. A batch repeated under its token adds nothing; rows repeated under their ids are counted once by the named queries.
 * H4. `query` can change nothing: it is read-only, bounded in time and rows, and reads no files or addresses.
 */
export abstract class HistoryStore {
  abstract migrate(migrations: readonly Migration[]): Promise<void>;
  abstract insert(batch: InsertBatch): Promise<void>;
  /** @param params named parameters of the statement, `{name:Type}` in ClickHouse's notation. */
  abstract query(sql: string, params?: Readonly<Record<string, unknown>>): Promise<readonly HistoryRow[]>;
  abstract close(): Promise<void>;
}
