/** What every SnapshotStore promises, run against each adapter. */
import type { Snapshot, SnapshotStore } from '@countersign/pipeline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface SnapshotStoreUnderTest {
  readonly store: SnapshotStore;
  /** Closes and opens again over the same storage. */
  reopen(): Promise<SnapshotStore>;
  dispose(): Promise<void>;
}

export function describeSnapshotStore(name: string, makeAdapter: () => Promise<SnapshotStoreUnderTest>): void {
  describe(`SnapshotStore: ${name}`, () => {
    let held: SnapshotStoreUnderTest;
    beforeEach(async () => {
      held = await makeAdapter();
    });
    afterEach(() => held.dispose());

    it('[S1] knows nothing under a name that was never saved', async () => {
      expect(await held.store.load('judge')).toBeUndefined();
    });

    it('[S1] returns the last snapshot saved, whole', async () => {
      await saved(held.store, 'judge', { version: '1', offsets: { findings: 3 }, state: 'old' });
      const last = { version: '2', offsets: { findings: 9, observations: 2 ** 40 }, state: `{"text":"✓ \\u0000"}${'x'.repeat(2_000_000)}` };
      await saved(held.store, 'judge', last);
      expect(await held.store.load('judge')).toEqual(last);
    });

    it('[S1] has it after being opened again', async () => {
      const memory = { version: '1', offsets: { observations: 7 }, state: 'memory' };
      await saved(held.store, 'detect', memory);
      expect(await (await held.reopen()).load('detect')).toEqual(memory);
    });

    it('[S1] of two saves begun together keeps one of them whole', async () => {
      const both = ['a', 'b'].map((letter, index) => ({ version: letter, offsets: { observations: index }, state: letter.repeat(1000) }));
      const { fence } = await held.store.claim('detect');
      await Promise.all(both.map((snapshot) => held.store.save('detect', snapshot, fence)));
      expect(both).toContainEqual(await held.store.load('detect'));
    });

    it('[S3] gives whoever claims a name what was saved before, and a higher number each time', async () => {
      const first = await held.store.claim('judge/3');
      expect(first.snapshot).toBeUndefined();
      const memory = { version: '1', offsets: { findings: 7 }, state: 'memory' };
      expect(await held.store.save('judge/3', memory, first.fence)).toBe(true);
      const second = await (await held.reopen()).claim('judge/3');
      expect(second.snapshot).toEqual(memory);
      expect(second.fence).toBeGreaterThan(first.fence);
    });

    it('[S3] [P11] stores nothing for whoever lost the name to a later claim, however new its memory is', async () => {
      const lost = await held.store.claim('judge/3');
      const successor = await held.store.claim('judge/3');
      const own = { version: '1', offsets: { findings: 9 }, state: 'the successor’s' };
      expect(await held.store.save('judge/3', own, successor.fence)).toBe(true);
      expect(await held.store.save('judge/3', { version: '2', offsets: { findings: 99 }, state: 'late' }, lost.fence)).toBe(false);
      expect(await held.store.load('judge/3')).toEqual(own);
      expect(await held.store.save('judge/3', { ...own, state: 'newer' }, successor.fence)).toBe(true);
      expect((await held.store.load('judge/3'))?.state).toBe('newer');
    });

    it('[S3] of claims made together no two get one number', async () => {
      const claims = await Promise.all(Array.from({ length: 20 }, () => held.store.claim('detect/0')));
      expect(new Set(claims.map(({ fence }) => fence)).size).toBe(20);
    });

    it('[S2] keeps names apart', async () => {
      await saved(held.store, 'detect', { version: '1', offsets: {}, state: 'one' });
      await saved(held.store, 'detect/probe', { version: '1', offsets: {}, state: 'two' });
      expect((await held.store.load('detect'))?.state).toBe('one');
      expect((await held.store.load('detect/probe'))?.state).toBe('two');
    });
  });
}

/** Saves under a claim of its own. */
export async function saved(store: SnapshotStore, name: string, snapshot: Snapshot): Promise<void> {
  const { fence } = await store.claim(name);
  await store.save(name, snapshot, fence);
}
