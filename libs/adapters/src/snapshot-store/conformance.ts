/** What every SnapshotStore promises, run against each adapter. */
import type { SnapshotStore } from '@countersign/pipeline';
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
      await held.store.save('judge', { version: '1', offsets: { findings: 3 }, state: 'old' });
      const last = { version: '2', offsets: { findings: 9, observations: 2 ** 40 }, state: `{"text":"✓ \\u0000"}${'x'.repeat(2_000_000)}` };
      await held.store.save('judge', last);
      expect(await held.store.load('judge')).toEqual(last);
    });

    it('[S1] has it after being opened again', async () => {
      const saved = { version: '1', offsets: { observations: 7 }, state: 'memory' };
      await held.store.save('detect', saved);
      expect(await (await held.reopen()).load('detect')).toEqual(saved);
    });

    it('[S1] of two saves begun together keeps one of them whole', async () => {
      const both = ['a', 'b'].map((letter, index) => ({ version: letter, offsets: { observations: index }, state: letter.repeat(1000) }));
      await Promise.all(both.map((snapshot) => held.store.save('detect', snapshot)));
      expect(both).toContainEqual(await held.store.load('detect'));
    });

    it('[S2] keeps names apart', async () => {
      await held.store.save('detect', { version: '1', offsets: {}, state: 'one' });
      await held.store.save('detect/probe', { version: '1', offsets: {}, state: 'two' });
      expect((await held.store.load('detect'))?.state).toBe('one');
      expect((await held.store.load('detect/probe'))?.state).toBe('two');
    });
  });
}
