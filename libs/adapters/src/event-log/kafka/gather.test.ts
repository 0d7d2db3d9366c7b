import type { StoredRecord } from '@countersign/pipeline';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Gather } from './gather.js';

const records = (partition: number, first: number, count: number): readonly StoredRecord[] => Array.from({ length: count }, (_, n) => ({ topic: 'observations', partition, offset: first + n, id: `${partition}/${first + n}`, key: 'd', value: '' }));

it('[L1] [L3] for any parts and any failures: batches within the limit, one at a time, each partition in order, and a part is done only when its batch was', async () => {
  const part = fc.record({ partition: fc.nat(3), count: fc.integer({ min: 1, max: 10 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 40 }), fc.array(fc.boolean(), { maxLength: 10 }), async (parts, failures) => {
      const handled: StoredRecord[] = [];
      let inHand = 0;
      const gather = new Gather(async (batch) => {
        expect([inHand, batch.length <= 10]).toEqual([0, true]);
        inHand += 1;
        await Promise.resolve();
        inHand -= 1;
        if (failures.pop() === true) throw new Error('not now');
        handled.push(...batch);
      }, 10);
      const next = [0, 0, 0, 0];
      const byPartition = [0, 1, 2, 3].map((partition) => parts.filter((one) => one.partition === partition));
      await Promise.all(byPartition.map(async (own, partition) => {
        for (const { count } of own) {
          const mine = records(partition, next[partition] ?? 0, count);
          next[partition] = (next[partition] ?? 0) + count;
          while (!(await gather.add(partition, mine).then(() => true, () => false)));
          expect(handled).toEqual(expect.arrayContaining([...mine]));
        }
      }));
      for (const partition of [0, 1, 2, 3]) expect(handled.filter((record) => record.partition === partition).map(({ offset }) => offset)).toEqual(Array.from({ length: next[partition] ?? 0 }, (_, n) => n));
    }),
    { numRuns: 60, verbose: true },
  );
});

it('hands over together what several partitions have ready, and nothing of a partition that was left', async () => {
  const batches: string[][] = [];
  let go = (): void => undefined;
  const gather = new Gather((batch) => {
    batches.push(batch.map(({ id }) => id));
    return new Promise((resolve) => (go = resolve));
  }, 10);
  const first = [gather.add(0, records(0, 0, 1)), gather.add(1, records(1, 0, 2))];
  await Promise.resolve();
  await Promise.resolve();
  const stays = gather.add(0, records(0, 1, 1));
  const leaves = expect(gather.add(1, records(1, 2, 1))).rejects.toThrow(/left/);
  gather.leave(1);
  go();
  await Promise.all(first);
  await leaves;
  await Promise.resolve();
  go();
  await stays;
  expect(batches).toEqual([['0/0', '1/0', '1/1'], ['0/1']]);
});
