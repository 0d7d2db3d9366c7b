/** What every `HistoryStore` must do, each test naming the promise it proves. Runs against a real engine. */
import { RetriableError, TerminalError } from '@countersign/pipeline';
import type { HistoryStore, Migration } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

export interface HistoryStoreUnderTest {
  readonly store: HistoryStore;
  /** A second store over the same history, as after a restart. */
  again(): Promise<HistoryStore>;
  /** The engine goes away for good. */
  endEngine(): Promise<void>;
}

const things: Migration = {
  number: 1,
  name: 'things',
  sql: `CREATE TABLE IF NOT EXISTS things (
  domain LowCardinality(String), at DateTime64(3, 'UTC'), n UInt64, text String, score Nullable(Float64), id String
) ENGINE = ReplacingMergeTree ORDER BY (domain, at, id) SETTINGS non_replicated_deduplication_window = 1000;`,
};
const counted: Migration = { number: 2, name: 'counted', sql: 'CREATE TABLE IF NOT EXISTS counted (n UInt64) ENGINE = MergeTree ORDER BY n;\nINSERT INTO counted VALUES (1);\n' };

const thing = (n: number, text = `thing ${n}`): Record<string, unknown> => ({ id: `t/1/${n}`, domain: 'd', at: '2026-03-01T10:00:00.125Z', n, text, score: n % 2 === 0 ? null : 0.5 });

export function describeHistoryStore(name: string, make: () => Promise<HistoryStoreUnderTest>): void {
  describe(`${name} is a HistoryStore`, () => {
    let under: HistoryStoreUnderTest;
    const count = async (): Promise<unknown> => (await under.store.query('SELECT count() AS rows, uniqExact(id) AS ids FROM things'))[0];
    beforeAll(async () => {
      under = await make();
    });
    afterAll(() => under.store.close());

    it('[H1] runs each migration once, in order, also after a restart', async () => {
      await under.store.migrate([things]);
      await under.store.migrate([things, counted]);
      const again = await under.again();
      await again.migrate([things, counted]);
      expect(await again.query('SELECT n FROM counted')).toEqual([{ n: 1 }]);
      await again.close();
    });

    it('[H1] refuses a changed migration and a gap, and changes nothing', async () => {
      await expect(under.store.migrate([{ ...things, sql: `${things.sql} ` }, counted])).rejects.toThrow(/migration 1 \(things\) is not the one that ran/);
      await expect(under.store.migrate([things, { ...counted, number: 3 }])).rejects.toThrow(/3 stands where 2 is expected/);
      await expect(under.store.migrate([things, counted])).resolves.toBeUndefined();
    });

    it('[H1] leaves a history alone that a newer program migrated further', async () => {
      await expect(under.store.migrate([things])).resolves.toBeUndefined();
    });

    it('[H2] rows are there for the next query, with their values', async () => {
      await under.store.insert({ table: 'things', rows: [thing(1), thing(2), thing(2 ** 53 - 1)], token: 't/0/0-2' });
      expect(await under.store.query('SELECT id, at, n, text, score FROM things WHERE n > {least:UInt64} ORDER BY n', { least: 1 })).toEqual([
        { id: 't/1/2', at: '2026-03-01T10:00:00.125Z', n: 2, text: 'thing 2', score: null },
        { id: `t/1/${2 ** 53 - 1}`, at: '2026-03-01T10:00:00.125Z', n: 2 ** 53 - 1, text: `thing ${2 ** 53 - 1}`, score: 0.5 },
      ]);
    });

    it('[H3] a batch repeated under its token adds nothing', async () => {
      const batch = { table: 'things', rows: [thing(10), thing(11)], token: 't/0/3-4' };
      await under.store.insert(batch);
      await under.store.insert(batch);
      expect(await count()).toEqual({ rows: 5, ids: 5 });
    });

    it('[H3] the same rows under other tokens are counted once by id', async () => {
      await under.store.insert({ table: 'things', rows: [thing(10), thing(11), thing(12)], token: 't/0/3-5' });
      expect(await under.store.query('SELECT count() AS rows FROM things FINAL')).toEqual([{ rows: 6 }]);
      expect(await count()).toMatchObject({ ids: 6 });
    });

    it('[P8] keeps odd text as it is: NUL, lone surrogates, bidi marks, a megabyte', async () => {
      const texts = ['a\u0000b', '\u202E\u2066', '𝒳 "quoted" \\ \n', 'x'.repeat(1_000_000), JSON.stringify('\uD800')];
      await under.store.insert({ table: 'things', rows: texts.map((text, index) => ({ ...thing(100 + index, text), domain: 'odd' })), token: 't/0/6-10' });
      const found = await under.store.query("SELECT text FROM things WHERE domain = 'odd' ORDER BY n");
      expect(found.map(({ text }) => text)).toEqual(texts);
    });

    const strange = 'lone \uD800 surrogate';
    it('[P8] a lone surrogate is stored or refused as terminal, never an endless retry', async () => {
      const outcome = await under.store.insert({ table: 'things', rows: [thing(200, strange)], token: 't/0/11-11' }).then(() => 'stored', (error: unknown) => error);
      expect(outcome === 'stored' || outcome instanceof TerminalError).toBe(true);
    });

    const broken: readonly (readonly [string, Record<string, unknown>])[] = [
      ['a time that is none', { ...thing(300), at: 'yesterday' }],
      ['a text where a number belongs', { ...thing(300), n: 'many' }],
      ['a field nobody knows', { ...thing(300), surprise: 1 }],
    ];
    it.each(broken)('[P8] refuses %s as terminal and stores nothing of its batch', async (_name, row) => {
      const before = await count();
      await expect(under.store.insert({ table: 'things', rows: [thing(301), row], token: 't/0/12-13' })).rejects.toBeInstanceOf(TerminalError);
      expect(await count()).toEqual(before);
    });

    const changing = ["INSERT INTO things (id) VALUES ('x')", 'DROP TABLE things', 'CREATE TABLE more (n UInt8) ENGINE = Memory', 'ALTER TABLE things DELETE WHERE 1', 'TRUNCATE TABLE things', 'SYSTEM STOP MERGES'];
    it.each(changing)('[H4] a query can change nothing: %s', async (sql) => {
      const before = await count();
      await expect(under.store.query(sql)).rejects.toThrow();
      expect(await count()).toEqual(before);
    });

    const reaching = ["SELECT * FROM file('/etc/hostname', 'LineAsString', 's String')", "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 's String')", "SELECT * FROM remote('127.0.0.1', system.one)"];
    it.each(reaching)('[H4] a query reaches no file and no address: %s', async (sql) => {
      await expect(under.store.query(sql)).rejects.toThrow();
    });

    it('[H4] a query is bounded in rows and time, and the next one is answered', async () => {
      await expect(under.store.query('SELECT number FROM numbers(1000000)')).rejects.toThrow();
      await expect(under.store.query('SELECT count() FROM numbers(100000000000) WHERE cityHash64(number) = 7 SETTINGS max_execution_time = 0.2')).rejects.toBeInstanceOf(RetriableError);
      expect(await under.store.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    it('[P3] says that it is away, as retriable, once the engine is gone', async () => {
      await under.endEngine();
      await expect(under.store.insert({ table: 'things', rows: [thing(400)], token: 't/0/14-14' })).rejects.toBeInstanceOf(RetriableError);
      await expect(under.store.query('SELECT 1')).rejects.toBeInstanceOf(RetriableError);
    });
  });
}
