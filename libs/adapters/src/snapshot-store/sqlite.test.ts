import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
