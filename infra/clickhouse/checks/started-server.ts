/** The embedded engine run as a ClickHouse server would be: with this folder's users and settings merged into its own. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickHouseHistoryStore } from '@countersign/adapters/history-store/clickhouse';
import { engineFiles } from '@countersign/adapters/history-store/engine-config';
import { engineArguments, freePort } from '@countersign/adapters/history-store/engine-process';

export const writer = { username: 'countersign', password: 'writer word' };
export const reader = { readUsername: 'countersign_reader', readPassword: 'reader word' };
// The embedded engine's own start session needs this user; a server's image brings its own.
const startUser = '<default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>';

export interface StartedServer {
  readonly store: ClickHouseHistoryStore;
  readonly url: string;
  readonly dir: string;
  stop(): Promise<void>;
}

export async function startServer(): Promise<StartedServer> {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-clickhouse-'));
  const [users, settings] = await Promise.all(['users.d', 'config.d'].map((folder) => readFile(new URL(`../${folder}/countersign.xml`, import.meta.url), 'utf8')));
  const merged = String(users).replace('<profiles>', '<quotas><default/></quotas><profiles><default/>').replace('<users>', `<users>${startUser}`);
  const own = engineFiles(join(dir, 'users.xml'), { ...writer, ...reader });
  const backups = /<backups>[^]*<\/backups>/.exec(String(settings))?.[0].replace('/var/lib/clickhouse/backups/', `${join(dir, 'backups')}/`) ?? '';
  await Promise.all([writeFile(join(dir, 'users.xml'), merged), writeFile(join(dir, 'config.xml'), own.config.replace('</clickhouse>', `${backups}</clickhouse>`)), writeFile(join(dir, 'start.sql'), own.start)]);
  const port = await freePort();
  const environment = { COUNTERSIGN_WRITER_PASSWORD: writer.password, COUNTERSIGN_READER_PASSWORD: reader.readPassword };
  const engine = spawn(process.execPath, engineArguments({ dir, port }), { stdio: ['pipe', 'ignore', 'inherit'], env: environment, cwd: dir });
  const gone = new Promise((resolve) => engine.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  const store = await connected({ url, ...writer, ...reader, database: 'countersign' });
  const stop = async (): Promise<void> => {
    await store.close();
    engine.stdin.end();
    await gone;
    await rm(dir, { recursive: true, force: true });
  };
  return { store, url, dir, stop };
}

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
