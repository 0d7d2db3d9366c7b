import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeApprovalStore, sampleApproval } from './conformance.js';
import { SqliteApprovalStore } from './sqlite.js';

function makeDirectory() {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-approvals-'));
  return { file: join(dir, 'approvals.db'), remove: () => rmSync(dir, { recursive: true, force: true }) };
}

describeApprovalStore('sqlite', async () => {
  const { file, remove } = makeDirectory();
  let store = SqliteApprovalStore.open(file);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = SqliteApprovalStore.open(file));
    },
    async dispose() {
      await store.close();
      remove();
    },
  };
});

it('[AS2] two stores on one file do not both win', async () => {
  const { file, remove } = makeDirectory();
  const [one, two] = [SqliteApprovalStore.open(file), SqliteApprovalStore.open(file)];
  await one.open(sampleApproval());
  const outcomes = await Promise.all([one.replace(sampleApproval(), sampleApproval({ state: 'approved' })), two.replace(sampleApproval(), sampleApproval({ state: 'denied' }))]);
  expect(outcomes.filter(Boolean)).toHaveLength(1);
  await one.close();
  await two.close();
  remove();
});

it('a file that is no database is refused at open, and a closed store rejects instead of throwing', async () => {
  const { file, remove } = makeDirectory();
  writeFileSync(file, 'not a database, only some text that is long enough to be looked at');
  expect(() => SqliteApprovalStore.open(file)).toThrow();
  const store = SqliteApprovalStore.open(':memory:');
  await store.close();
  await expect(store.get('a1')).rejects.toThrow();
  remove();
});
