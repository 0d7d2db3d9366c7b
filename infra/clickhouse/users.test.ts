/** The server's users file, on the engine: what each user may do is tried, not read. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { engineArguments, freePort } from '@countersign/adapters/history-store/engine-process';
import { engineFiles } from '@countersign/adapters/history-store/engine-config';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { migrations } from '@countersign/history';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const writer = { username: 'countersign', password: 'writer word' };
const reader = { readUsername: 'countersign_reader', readPassword: 'reader word' };
// The embedded engine's own start session needs this user; a server's image brings its own.
const startUser = '<default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>';

describe('users.d/countersign.xml', () => {
  let dir: string;
  let store: ClickHouseHistoryStore;
  let end: () => Promise<void>;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-users-'));
    const users = await readFile(new URL('./users.d/countersign.xml', import.meta.url), 'utf8');
    const merged = users.replace('<profiles>', '<quotas><default/></quotas><profiles><default/>').replace('<users>', `<users>${startUser}`);
    const files = engineFiles(join(dir, 'users.xml'), { ...writer, ...reader });
    await Promise.all([writeFile(join(dir, 'users.xml'), merged), writeFile(join(dir, 'config.xml'), files.config), writeFile(join(dir, 'start.sql'), files.start)]);
    const port = await freePort();
    const environment = { COUNTERSIGN_WRITER_PASSWORD: writer.password, COUNTERSIGN_READER_PASSWORD: reader.readPassword };
    const engine = spawn(process.execPath, engineArguments({ dir, port }), { stdio: ['pipe', 'ignore', 'inherit'], env: environment, cwd: dir });
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    end = async () => {
      engine.stdin.end();
      await gone;
    };
    store = await connected({ url: `http://127.0.0.1:${port}`, ...writer, ...reader, database: 'countersign' });
  });
  afterAll(async () => {
    await store?.close();
    await end();
    await rm(dir, { recursive: true, force: true });
  });

  async function connected(options: Parameters<typeof ClickHouseHistoryStore.connect>[0]): Promise<ClickHouseHistoryStore> {
    const deadline = performance.now() + 10_000;
    for (;;) {
      try {
        return await ClickHouseHistoryStore.connect(options);
      } catch (error) {
        if (performance.now() > deadline) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  it('lets the writer make history’s tables and fill them, and the reader read them', async () => {
    await store.migrate(migrations);
    await store.insert({ table: 'dead_letters', rows: [{ id: 'a', domain: 'd', at: '2026-01-01T00:00:00.000Z', topic: 'findings', offset: 0, record_id: 'a', error_class: 'schema', error: '', component: 'record', raw: '' }], token: 't' });
    expect(await store.query('SELECT id FROM dead_letters')).toEqual([{ id: 'a' }]);
  });

  const refused = ["INSERT INTO dead_letters (id) VALUES ('b')", 'DROP TABLE dead_letters', 'SELECT 1 SETTINGS readonly = 0', "SELECT * FROM file('/etc/hostname', 'LineAsString', 's String')", 'SELECT * FROM system.processes', 'SELECT 1 SETTINGS max_execution_time = 0'];
  it.each(refused)('[H4] does not let the reader: %s', async (sql) => {
    await expect(store.query(sql)).rejects.toThrow(/ACCESS_DENIED|readonly|shouldn't be less/);
  });
});
