import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { describeSnapshotStore } from './conformance.js';
import { SqliteSnapshotStore } from './sqlite.js';

describeSnapshotStore('sqlite', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-snapshots-'));
  const file = join(dir, 'snapshots.db');
  let store = SqliteSnapshotStore.open(file);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = SqliteSnapshotStore.open(file));
    },
    async dispose() {
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
});

it('[P14] a file of before there were partitions keeps its memories, as those of partition 0', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-snapshots-'));
  const file = join(dir, 'snapshots.db');
  const old = new Database(file);
  old.exec("CREATE TABLE snapshots (name TEXT PRIMARY KEY, version TEXT NOT NULL, offsets TEXT NOT NULL, state TEXT NOT NULL) WITHOUT ROWID; INSERT INTO snapshots VALUES ('judge', '1', '{\"findings\":7}', 'memory')");
  old.close();
  for (let opened = 0; opened < 2; opened += 1) {
    const store = SqliteSnapshotStore.open(file);
    expect(await store.load('judge/0')).toEqual({ version: '1', offsets: { findings: 7 }, state: 'memory' });
    expect(await store.load('judge')).toBeUndefined();
    await store.close();
  }
  rmSync(dir, { recursive: true, force: true });
});
