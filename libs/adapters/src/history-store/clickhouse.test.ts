import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
