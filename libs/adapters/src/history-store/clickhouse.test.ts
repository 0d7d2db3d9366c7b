import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@clickhouse/client';
import type { Migration } from '@countersign/history';
import { RetriableError } from '@countersign/pipeline';
import { afterAll, expect, it } from 'vitest';
import { ClickHouseHistoryStore } from './clickhouse.js';
import { describeHistoryStore } from './conformance.js';
import { startEngine } from './engine.js';

const dirs: string[] = [];
afterAll(() => Promise.all(dirs.map((dir) => rm(dir, { recursive: true, force: true }))));

describeHistoryStore('ClickHouseHistoryStore over the embedded engine', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-history-'));
  dirs.push(dir);
  const engine = await startEngine({ dir, log: () => undefined });
  return {
    store: await ClickHouseHistoryStore.connect(engine),
    again: () => ClickHouseHistoryStore.connect(engine),
    endEngine: () => engine.stop(),
  };
});

it('says which address does not answer', async () => {
  const nowhere = { url: 'http://127.0.0.1:9', username: 'a', password: '', readUsername: 'b', readPassword: '', database: 'd' };
  await expect(ClickHouseHistoryStore.connect(nowhere)).rejects.toThrow(/history is away while connecting to 127\.0\.0\.1:9/);
});

it('[H3] an insert whose answer was lost is repeated under its token and stored once, in the table and in the view over it', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-history-'));
  dirs.push(dir);
  const engine = await startEngine({ dir, log: () => undefined });
  const relay = await startRelay(Number(new URL(engine.url).port));
  const store = await ClickHouseHistoryStore.connect({ ...engine, url: `http://127.0.0.1:${relay.port}` });
  const counted: Migration = {
    number: 1, name: 'counted',
    sql: [
      'CREATE TABLE IF NOT EXISTS kept (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000;',
      'CREATE TABLE IF NOT EXISTS summed (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000;',
      'CREATE MATERIALIZED VIEW IF NOT EXISTS summing TO summed AS SELECT n FROM kept;\n',
    ].join('\n'),
  };
  await store.migrate([counted]);
  const batch = { table: 'kept', rows: [{ n: 1 }, { n: 2 }], token: 't/0/0-1' };
  // Its columns are known before the answer to an insert is lost.
  await store.insert({ table: 'kept', rows: [{ n: 7 }], token: 't/0/9-9' });
  relay.loseNextAnswer();
  await expect(store.insert(batch)).rejects.toBeInstanceOf(RetriableError);
  expect(await store.query('SELECT count() AS rows FROM kept')).toEqual([{ rows: 3 }]);
  await store.insert(batch);
  expect(await store.query('SELECT (SELECT count() FROM kept) AS kept, (SELECT count() FROM summed) AS summed')).toEqual([{ kept: 3, summed: 3 }]);
  await store.close();
  relay.close();
  await engine.stop();
});

const server = process.env['CLICKHOUSE_URL'];
if (server === undefined) it.skip('ClickHouseHistoryStore over a server: not run, because CLICKHOUSE_URL names none', () => undefined);
else {
  describeHistoryStore(`ClickHouseHistoryStore over the server ${new URL(server).host}`, async () => {
    const { hostname, port, protocol } = new URL(server);
    const relay = await startRelay(Number(port), hostname);
    const env = (name: string, otherwise: string): string => process.env[name] ?? otherwise;
    const options = {
      url: `${protocol}//127.0.0.1:${relay.port}`, username: env('CLICKHOUSE_USER', 'default'), password: env('CLICKHOUSE_PASSWORD', ''), readUsername: env('CLICKHOUSE_READ_USER', 'default'),
      readPassword: env('CLICKHOUSE_READ_PASSWORD', ''), database: env('CLICKHOUSE_TEST_DATABASE', `countersign_test_${process.pid}`),
    };
    return {
      store: await ClickHouseHistoryStore.connect(options),
      again: () => ClickHouseHistoryStore.connect(options),
      async endEngine() {
        const { username, password, database } = options;
        const client = createClient({ url: server, username, password });
        await client.command({ query: 'DROP DATABASE {database:Identifier}', query_params: { database } });
        await client.close();
        relay.close();
      },
    };
  });
}

interface Relay {
  readonly port: number;
  /** The next request reaches the engine; its answer does not come back. */
  loseNextAnswer(): void;
  close(): void;
}

/** A network between store and engine, which can be cut. */
async function startRelay(port: number, host = '127.0.0.1'): Promise<Relay> {
  const sockets = new Set<Socket>();
  let isLosing = false;
  const listening = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (answer: Buffer) => {
      if (!isLosing) return void near.write(answer);
      isLosing = false;
      near.destroy();
    });
  });
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  return {
    port: (listening.address() as AddressInfo).port,
    loseNextAnswer: () => void (isLosing = true),
    close() {
      listening.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
