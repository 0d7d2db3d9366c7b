/**
 * History in ClickHouse: a server's, or the embedded engine's (`engine.ts`); the code does not know which.
 * CH1. Rows are written by one user and read by another, who can write nothing; `query` never uses the writer.
 * CH2. An insert is one block under its token, synchronous and flushed; repeated, it is dropped by the engine, in its tables and in the
 *      views over them.
 * CH3. Every statement carries its own time limit, because an abandoned one would run on in the engine.
 * CH4. Rows travel in the Native format where every value is surely what JSON would make of it, else as JSON (`native-block.ts`).
 * H1 to H4 as the port says.
 */
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { ClickHouseLogLevel, createClient, type ClickHouseClient, type ClickHouseSettings } from '@clickhouse/client';
import { HistoryStore, type HistoryRow, type InsertBatch, type Migration } from '@countersign/history';
import { classified, reading, writing, type Doing } from './clickhouse-errors.js';
import { migrateHistory } from './clickhouse-migrations.js';
import { nativeBlock, type ColumnTypes } from './native-block.js';

export interface ClickHouseOptions {
  /** `http://127.0.0.1:8123` or `https://…`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** A user with `readonly = 2` and `SELECT` on the database, nothing more (see `infra/clickhouse`). */
  readonly readUsername: string;
  readonly readPassword: string;
  readonly database: string;
}

const requestMsMax = 30_000;
const insertSecondsMax = 25;
const querySecondsMax = 10;
/** Beyond this many rows a query fails instead of answering in part. */
const queryRowsMax = 50_000;
const numbersAsTheyAre = { output_format_json_quote_64bit_integers: 0, date_time_output_format: 'iso' } as const;

/** Why each of them is in `README.md` of this room. */
function insertSettings(rows: number, token: string): ClickHouseSettings {
  return {
    async_insert: 0, insert_deduplicate: 1, insert_deduplication_token: token, deduplicate_blocks_in_dependent_materialized_views: 1,
    date_time_input_format: 'best_effort', input_format_skip_unknown_fields: 0, input_format_null_as_default: 0,
    max_insert_block_size: String(rows), min_insert_block_size_bytes: '0', min_insert_block_size_rows: '0', max_execution_time: insertSecondsMax,
  };
}

export class ClickHouseHistoryStore extends HistoryStore {
  readonly #columns = new Map<string, ColumnTypes>();

  private constructor(
    private readonly writer: ClickHouseClient,
    private readonly reader: ClickHouseClient,
  ) {
    super();
  }

  /**
   * Connects and makes sure that the database exists.
   * @throws RetriableError when the engine does not answer or refuses the writer.
   */
  static async connect(options: ClickHouseOptions): Promise<ClickHouseHistoryStore> {
    const { url, username, password, readUsername, readPassword, database } = options;
    const shared = { url, request_timeout: requestMsMax, application: 'countersign', log: { level: ClickHouseLogLevel.OFF } } as const;
    const bootstrap = createClient({ ...shared, username, password });
    try {
      await bootstrap.command({ query: 'CREATE DATABASE IF NOT EXISTS {database:Identifier}', query_params: { database } });
    } catch (error) {
      throw classified(error, writing(`connecting to ${new URL(url).host}`));
    } finally {
      await bootstrap.close();
    }
    return new ClickHouseHistoryStore(createClient({ ...shared, username, password, database }), createClient({ ...shared, username: readUsername, password: readPassword, database }));
  }

  override async migrate(migrations: readonly Migration[]): Promise<void> {
    await this.#classify(writing('migrating'), () => migrateHistory(this.writer, migrations));
    this.#columns.clear();
  }

  override async insert({ table, rows, token }: InsertBatch): Promise<void> {
    if (rows.length === 0) return;
    await this.#classify(writing(`inserting into ${table}`), async () => {
      const block = nativeBlock(await this.#columnsOf(table), rows);
      const clickhouse_settings = insertSettings(rows.length, token);
      if (block === undefined) await this.writer.insert({ table, values: rows, format: 'JSONEachRow', clickhouse_settings });
      else await this.#insertBlock(table, { block, columns: Object.keys(rows[0] ?? {}), clickhouse_settings });
    });
  }

  async #insertBlock(table: string, { block, columns, clickhouse_settings }: { readonly block: Buffer; readonly columns: readonly string[]; readonly clickhouse_settings: ClickHouseSettings }): Promise<void> {
    const names = columns.map((name) => `\`${name}\``).join(', ');
    const { stream } = await this.writer.exec({ query: `INSERT INTO \`${table}\` (${names}) FORMAT Native`, values: Readable.from([block], { objectMode: false }), clickhouse_settings });
    // An insert answers nothing; the connection is free once that was read.
    stream.resume();
    await finished(stream);
  }

  /** A table changes by migrations alone. One that is not there has no columns: the engine says so when the rows come. */
  async #columnsOf(table: string): Promise<ColumnTypes> {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const result = await this.writer.query({ query: 'SELECT name, type FROM system.columns WHERE database = currentDatabase() AND table = {table:String}', query_params: { table }, format: 'JSONEachRow' });
    const columns: ColumnTypes = new Map((await result.json<{ readonly name: string; readonly type: string }>()).map(({ name, type }) => [name, type]));
    if (columns.size > 0) this.#columns.set(table, columns);
    return columns;
  }

  override async query(sql: string, params: Readonly<Record<string, unknown>> = {}): Promise<readonly HistoryRow[]> {
    return this.#classify(reading, async () => {
      const result = await this.reader.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: { ...params },
        clickhouse_settings: { ...numbersAsTheyAre, max_execution_time: querySecondsMax, max_result_rows: String(queryRowsMax) },
      });
      return result.json<HistoryRow>();
    });
  }

  override async close(): Promise<void> {
    await this.writer.close();
    await this.reader.close();
  }

  async #classify<T>(doing: Doing, job: () => Promise<T>): Promise<T> {
    try {
      return await job();
    } catch (error) {
      throw classified(error, doing);
    }
  }
}
