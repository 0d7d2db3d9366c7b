/** The engine is the judge: a row sent as a block is the row it makes of the same row's JSON. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient, type ClickHouseClient } from '@clickhouse/client';
import { migrations } from '@countersign/history';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClickHouseHistoryStore } from './clickhouse.js';
import { retriableCodes, terminalCodes } from './clickhouse-errors.js';
import { startEngine, type Engine } from './engine.js';
import { nativeBlock } from './native-block.js';

const columns = new Map([
  ['id', 'UInt64'], ['at', "DateTime64(3, 'UTC')"], ['text', 'String'], ['word', 'LowCardinality(String)'], ['flags', 'Array(LowCardinality(String))'], ['is_so', 'Bool'],
  ['score', 'Nullable(Float64)'], ['size', 'Nullable(UInt64)'], ['of', 'UInt32'], ['small', 'UInt8'], ['maybe', 'Nullable(String)'], ['since', "Nullable(DateTime64(3, 'UTC'))"],
]);
const definition = [...columns].map(([name, type]) => `${name} ${type}`).join(', ');
let dir: string;
let engine: Engine;
let store: ClickHouseHistoryStore;
let client: ClickHouseClient;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'countersign-native-'));
  engine = await startEngine({ dir, log: () => undefined });
  store = await ClickHouseHistoryStore.connect(engine);
  const { url, username, password, database } = engine;
  client = createClient({ url, username, password, database });
  for (const name of ['as_block', 'as_json']) await client.command({ query: `CREATE TABLE ${name} (${definition}) ENGINE = MergeTree ORDER BY id` });
});
afterAll(async () => {
  await client.close();
  await store.close();
  await engine.stop();
  await rm(dir, { recursive: true, force: true });
});

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 300 }), fc.constantFrom('', '\u0000', 'é'.repeat(39), 'é'.repeat(41), '𝒳'.repeat(64), 'x'.repeat(127), 'x'.repeat(128), 'ü'.repeat(100), 'x'.repeat(16_384)));
const time = fc.date({ min: new Date('1970-01-02T00:00:00.000Z'), max: new Date('2200-01-01T00:00:00.000Z'), noInvalidDate: true }).map((date) => date.toISOString());
const orNull = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });
const row = fc.record({
  at: time, text: anyText, word: anyText, flags: fc.array(anyText, { maxLength: 5 }), is_so: fc.boolean(), score: orNull(fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value))), size: orNull(fc.maxSafeNat()),
  of: fc.nat(2 ** 32 - 1), small: fc.nat(255), maybe: orNull(anyText), since: orNull(time),
});

describe('nativeBlock', () => {
  it('[P8] makes of any rows what the engine makes of their JSON', async () => {
    let id = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 40 }), async (made) => {
        const rows = made.map((one) => ({ id: (id += 1), ...one }));
        expect(nativeBlock(columns, rows)).toBeInstanceOf(Buffer);
        await store.insert({ table: 'as_block', rows, token: `b${id}` });
        await client.insert({ table: 'as_json', values: rows, format: 'JSONEachRow', clickhouse_settings: { date_time_input_format: 'best_effort' } });
      }),
      { numRuns: 40, verbose: true },
    );
    const differing = await client.query({ query: 'SELECT count() AS n FROM (SELECT * FROM as_block EXCEPT SELECT * FROM as_json)', format: 'JSONEachRow' });
    expect(await differing.json()).toEqual([{ n: 0 }]);
    const counted = await client.query({ query: 'SELECT (SELECT count() FROM as_block) AS block, (SELECT count() FROM as_json) AS json', format: 'JSONEachRow' });
    expect(await counted.json()).toEqual([{ block: id, json: id }]);
  });

  const good = { id: 1, at: '2026-01-01T00:00:00.000Z', text: 't', word: 'w', flags: [], is_so: true, score: null, size: 1, of: 1, small: 1, maybe: null, since: null };
  it.each<[string, Record<string, unknown>]>([
    ['a column it was not told of', { surprise: 1 }],
    ['a number where text belongs', { text: 1 }],
    ['text where a number belongs', { id: '1' }],
    ['a negative number', { of: -1 }],
    ['a number over its column', { small: 256 }],
    ['a number beyond what is exact', { id: 2 ** 53 }],
    ['a fraction', { of: 1.5 }],
    ['no number', { score: Number.NaN }],
    ['a time of another form', { at: '2026-01-01 00:00:00' }],
    ['a day that is none', { at: '2026-13-41T00:00:00.000Z' }],
    ['null where none may be', { text: null }],
    ['nothing at all', { maybe: undefined }],
    ['text in place of a list', { flags: 'a' }],
    ['a list of numbers', { flags: [1] }],
    ['a truth that is text', { is_so: 'true' }],
  ])('leaves %s to the engine’s own reading', (_name, change) => {
    expect(nativeBlock(columns, [good, { ...good, ...change }])).toBeUndefined();
    expect(nativeBlock(columns, [{ ...good, ...change }, good])).toBeUndefined();
  });

  it('leaves a row that lacks a column, and a type it does not know, to the engine', () => {
    const { maybe: gone, ...shorter } = good;
    expect(gone).toBeNull();
    expect(nativeBlock(columns, [good, shorter])).toBeUndefined();
    expect(nativeBlock(new Map([...columns, ['text', 'FixedString(1)']]), [good])).toBeUndefined();
  });

  it('knows every column that history’s own tables fill', async () => {
    await store.migrate(migrations);
    const result = await client.query({ query: "SELECT DISTINCT type FROM system.columns WHERE database = currentDatabase() AND table IN ('observations', 'findings', 'verdicts', 'decisions', 'dead_letters') AND default_kind = ''", format: 'JSONEachRow' });
    const examples: Readonly<Record<string, unknown>> = { Bool: true, UInt64: 1, Float64: 0.5, "DateTime64(3, 'UTC')": '2026-01-01T00:00:00.000Z' };
    const types = (await result.json<{ readonly type: string }>()).map(({ type }) => type);
    const unknown = types.filter((type) => {
      const inner = type.replaceAll(/LowCardinality\(([^()]*)\)/g, '$1');
      const example = inner.startsWith('Nullable') ? null : inner.startsWith('Array') ? [] : (examples[inner] ?? '');
      return nativeBlock(new Map([['c', type]]), [{ c: example }]) === undefined;
    });
    expect([types.length > 4, unknown]).toEqual([true, []]);
  });
});

it('the errors whose fate is known are those the engine calls so', async () => {
  const wrong: string[] = [];
  for (const [code, name] of [...Object.entries(retriableCodes), ...Object.entries(terminalCodes)]) {
    const result = await client.query({ query: 'SELECT errorCodeToName({code:UInt32}) AS name', query_params: { code: Number(code) }, format: 'JSONEachRow' });
    const [{ name: named } = { name: '' }] = await result.json<{ readonly name: string }>();
    if (named !== name) wrong.push(`${code} is ${named}, not ${name}`);
  }
  expect(wrong).toEqual([]);
});
