/** What every EventLog promises, run against each adapter; each test names its invariant. */
import type { Topic } from '@countersign/contracts';
import type { EventLog, LedgerRecord, StoredRecord, Subscription } from '@countersign/pipeline';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface EventLogUnderTest {
  readonly log: EventLog;
  /** Closes and opens again over the same storage. Called only for durable adapters. */
  reopen(): Promise<EventLog>;
  dispose(): Promise<void>;
}

export function describeEventLog(name: string, makeAdapter: () => Promise<EventLogUnderTest>, { isDurable }: { readonly isDurable: boolean }): void {
  describe(`EventLog: ${name}`, () => {
    let held: EventLogUnderTest;
    let log: EventLog;
    beforeEach(async () => {
      held = await makeAdapter();
      log = held.log;
    });
    afterEach(() => held.dispose());

    it('[L1] hands a key’s records over in the order they were appended', async () => {
      await Promise.all([log.append('observations', records('a', 0, 50)), log.append('observations', records('b', 0, 50)), log.append('observations', records('a', 50, 50))]);
      const seen = await collect(log, 150);
      expect(seen.filter(({ key }) => key === 'a').map(({ id }) => id)).toEqual(records('a', 0, 100).map(({ id }) => id));
      const offsets = seen.map(({ offset }) => offset);
      expect(offsets).toEqual([...offsets].sort((x, y) => x - y));
    });

    it('[L1] keeps every key’s order for any cutting of appends and batches', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), size: fc.integer({ min: 1, max: 30 }) }), { minLength: 1, maxLength: 15 }), fc.integer({ min: 1, max: 40 }), async (appends, batchRecordsMax) => {
          const fresh = await makeAdapter();
          const next = new Map<string, number>();
          const done = appends.map(({ key, size }) => {
            const first = next.get(key) ?? 0;
            next.set(key, first + size);
            return fresh.log.append('findings', records(key, first, size));
          });
          await Promise.all(done);
          const total = [...next.values()].reduce((sum, count) => sum + count, 0);
          const seen = await collect(fresh.log, total, { topic: 'findings', batchRecordsMax });
          for (const [key, count] of next) expect(seen.filter((record) => record.key === key).map(({ id }) => id)).toEqual(records(key, 0, count).map(({ id }) => id));
          await fresh.dispose();
        }),
        { numRuns: 25, verbose: true },
      );
    });

    it('[L2] hands a batch over again when its handler rejected', async () => {
      await log.append('observations', records('a', 0, 3));
      const batches: string[][] = [];
      await until(async (done) => {
        return log.follow('observations', { group: 'again' }, async (batch) => {
          batches.push(batch.map(({ id }) => id));
          if (batches.length === 1) throw new Error('the handler is not ready');
          done();
        });
      });
      expect(batches[1]).toEqual(batches[0]);
      expect(batches[0]).toHaveLength(3);
    });

    it('[L3] counts a batch as read only after its handler resolved', async () => {
      await log.append('observations', records('a', 0, 2));
      const subscription = await new Promise<Subscription>((resolve, reject) => {
        const started = log.follow('observations', { group: 'g' }, async () => {
          started.then(resolve, reject);
          throw new Error('never finished');
        });
        started.catch(reject);
      });
      await subscription.stop();
      expect((await collect(log, 2, { group: 'g' })).map(({ id }) => id)).toEqual(['a-0', 'a-1']);
    });

    it('[L3] goes on from a group’s position, each group from its own', async () => {
      await log.append('observations', records('a', 0, 5));
      await collect(log, 5, { group: 'one' });
      await log.append('observations', records('a', 5, 2));
      expect((await collect(log, 2, { group: 'one' })).map(({ id }) => id)).toEqual(['a-5', 'a-6']);
      expect(await collect(log, 7, { group: 'two' })).toHaveLength(7);
    });

    it('[L3] hands nothing over after `stop` resolved', async () => {
      let handled = 0;
      const subscription = await log.follow('observations', { group: 'g' }, async (batch) => void (handled += batch.length));
      await subscription.stop();
      await log.append('observations', records('a', 0, 3));
      expect(await collect(log, 3, { group: 'witness' })).toHaveLength(3);
      expect(handled).toBe(0);
    });

    it('[L3] serves one member of a group at a time, and the next when it stops', async () => {
      const seen: string[] = [];
      const first = await log.follow('observations', { group: 'g' }, async (batch) => void seen.push(...batch.map(({ id }) => `first ${id}`)));
      await log.append('observations', records('a', 0, 1));
      await collect(log, 1, { group: 'witness' });
      const second = await until(async (done) => {
        const member = await log.follow('observations', { group: 'g' }, async (batch) => {
          seen.push(...batch.map(({ id }) => `second ${id}`));
          done();
        });
        await first.stop();
        await log.append('observations', records('a', 1, 1));
        return member;
      });
      await second.stop();
      expect(seen).toEqual(['first a-0', 'second a-1']);
    });

    if (isDurable) it('[L4] keeps what was acknowledged, and each group’s position, when opened again', async () => {
      await log.append('observations', records('a', 0, 10));
      await collect(log, 10, { group: 'kept', batchRecordsMax: 4 });
      await log.append('observations', records('a', 10, 1));
      log = await held.reopen();
      expect((await collect(log, 11, { group: 'fresh' })).map(({ id }) => id)).toEqual(records('a', 0, 11).map(({ id }) => id));
      expect((await collect(log, 1, { group: 'kept' })).map(({ id }) => id)).toEqual(['a-10']);
    });

    it('[L5] stores a record once, within a topic, however often it is appended', async () => {
      await log.append('observations', records('a', 0, 2));
      await Promise.all([log.append('observations', records('a', 1, 2)), log.append('verdicts', records('a', 0, 1))]);
      await log.append('observations', records('a', 3, 1));
      expect((await collect(log, 4)).map(({ id }) => id)).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
      expect(await collect(log, 1, { topic: 'verdicts' })).toHaveLength(1);
    });

    it('starts where a follower says: at an offset, at the end, or a few records before it', async () => {
      await log.append('observations', records('a', 0, 6));
      const all = await collect(log, 6, { group: 'all' });
      expect((await collect(log, 2, { group: 'all', from: all[4]?.offset ?? -1 })).map(({ id }) => id)).toEqual(['a-4', 'a-5']);
      expect((await collect(log, 2, { group: 'news', from: { beforeEnd: 2 } })).map(({ id }) => id)).toEqual(['a-4', 'a-5']);
      // It kept no position: the same group, asked without `from`, begins at the beginning.
      expect(await collect(log, 6, { group: 'news' })).toHaveLength(6);
    });

    it('honours the batch limit and carries key, value and topic unchanged', async () => {
      const odd: LedgerRecord = { id: 'tap/1/0', key: 'a domain', value: '{"text":"line\\nbreak ✓ \\u0000 𐍈"}' };
      await log.append('decisions', [odd, ...records('a', 0, 6)]);
      const sizes: number[] = [];
      const seen = await collect(log, 7, { topic: 'decisions', batchRecordsMax: 3, sizes });
      expect(sizes).toEqual([3, 3, 1]);
      expect(seen[0]).toMatchObject({ ...odd, topic: 'decisions', partition: 0 });
    });

    it('refuses to append and to follow once closed, as something to try again elsewhere', async () => {
      await log.close();
      await expect(log.append('observations', records('a', 0, 1))).rejects.toMatchObject({ name: 'RetriableError' });
      await expect(log.follow('observations', { group: 'g' }, async () => undefined)).rejects.toMatchObject({ name: 'RetriableError' });
    });
  });
}

interface Collecting {
  readonly topic?: Topic;
  readonly group?: string;
  readonly from?: number | { readonly beforeEnd: number };
  readonly batchRecordsMax?: number;
  readonly sizes?: number[];
}

/** The first `count` records a group is handed. Waits for them; a test that waits in vain ends by the runner's own limit. */
export async function collect(log: EventLog, count: number, { topic = 'observations', group = `reader-${Math.random()}`, sizes, ...options }: Collecting = {}): Promise<readonly StoredRecord[]> {
  const seen: StoredRecord[] = [];
  const subscription = await until(async (done) =>
    log.follow(topic, { group, ...options }, async (batch) => {
      seen.push(...batch);
      sizes?.push(batch.length);
      if (seen.length >= count) done();
    }),
  );
  await subscription.stop();
  return seen;
}

async function until(begin: (done: () => void) => Promise<Subscription>): Promise<Subscription> {
  let done = (): void => undefined;
  const isDone = new Promise<void>((resolve) => (done = resolve));
  const subscription = await begin(done);
  await isDone;
  return subscription;
}

export function records(key: string, first: number, count: number): readonly LedgerRecord[] {
  return Array.from({ length: count }, (_, index) => ({ id: `${key}-${first + index}`, key, value: JSON.stringify({ n: first + index }) }));
}
