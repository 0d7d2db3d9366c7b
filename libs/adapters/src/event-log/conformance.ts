/** What every EventLog promises, run against each adapter; each test names its invariant. */
import type { Topic } from '@countersign/contracts';
import { RetriableError, type EventLog, type Lane, type LedgerRecord, type StoredRecord, type Subscription } from '@countersign/pipeline';
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

    it('[L6] gives each partition to one member, with all the topics shared, from where its lane says', async () => {
      await log.append('observations', records('a', 0, 4));
      await log.append('decisions', records('a', 0, 2));
      const [third] = (await collect(log, 4)).slice(2);
      const seen: StoredRecord[] = [];
      const partitions: number[] = [];
      const from = new Map<Topic, number>([['observations', third?.offset ?? -1]]);
      const member = await sharing(log, {
        seen, count: 4, topics: ['observations', 'decisions'],
        lane: (partition) => (partitions.push(partition), partition === third?.partition ? { from } : { from: new Map() }),
      });
      await member.stop();
      expect(idsOf(seen, 'observations')).toEqual(['a-2', 'a-3']);
      expect(idsOf(seen, 'decisions')).toEqual(['a-0', 'a-1']);
      expect(new Set(seen.map(({ partition }) => partition)).size).toBe(1);
      expect(new Set(partitions).size).toBe(partitions.length);
    });

    it('[L3] [L6] a lane without a place of its own goes on at the group’s position', async () => {
      await log.append('observations', records('a', 0, 3));
      await (await sharing(log, { seen: [], count: 3 })).stop();
      await log.append('observations', records('a', 3, 2));
      const seen: StoredRecord[] = [];
      await (await sharing(log, { seen, count: 2 })).stop();
      expect(idsOf(seen, 'observations')).toEqual(['a-3', 'a-4']);
    });

    it('[L6] a partition is opened elsewhere only after its lane was closed, and nothing is missed on the way', async () => {
      const told: string[] = [];
      const seen: StoredRecord[] = [];
      const lane = (name: string) => (partition: number) => {
        told.push(`${name} opens ${partition}`);
        return {
          close: async () => {
            // A turn later: who does not wait for it would open in between.
            await new Promise((resolve) => setImmediate(resolve));
            told.push(`${name} closed ${partition}`);
          },
        };
      };
      await log.append('observations', records('a', 0, 2));
      const first = await sharing(log, { seen, count: 2, lane: lane('first') });
      const second = sharing(log, { seen, count: 4, lane: lane('second') });
      await first.stop();
      await log.append('observations', records('a', 2, 2));
      await (await second).stop();
      const own = seen[0]?.partition ?? -1;
      expect([...new Set(idsOf(seen, 'observations'))]).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
      expect(openedTwice(told.filter((line) => line.endsWith(` ${own}`)))).toBe(false);
    });

    it('[L2] [L6] a shared batch whose lane rejected it comes again', async () => {
      await log.append('observations', records('a', 0, 2));
      const seen: StoredRecord[] = [];
      let refusals = 1;
      const member = await sharing(log, {
        seen, count: 2,
        lane: () => ({
          handle: async () => {
            if ((refusals -= 1) >= 0) throw new Error('the lane is not ready');
          },
        }),
      });
      await member.stop();
      expect(idsOf(seen, 'observations')).toEqual(['a-0', 'a-1']);
    });

    it('[L6] a lane that cannot be opened yet is opened again later, and its records wait', async () => {
      await log.append('observations', records('a', 0, 2));
      const seen: StoredRecord[] = [];
      const refused = new Set<number>();
      const member = await sharing(log, {
        seen, count: 2,
        lane: (partition) => {
          if (!refused.has(partition)) {
            refused.add(partition);
            throw new RetriableError('the snapshot store is starting.');
          }
          return {};
        },
      });
      await member.stop();
      expect(idsOf(seen, 'observations')).toEqual(['a-0', 'a-1']);
    });

    it('[L1] hands an early follower every record in order, whatever its engine makes of that, and settles an append of nothing', async () => {
      const early = collect(log, 60, { group: 'early', early: true, batchRecordsMax: 7 });
      await log.append('observations', records('a', 0, 30));
      await log.append('observations', records('a', 30, 30));
      await log.append('observations', []);
      expect((await early).slice(0, 60).map(({ id }) => id)).toEqual(records('a', 0, 60).map(({ id }) => id));
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
      await expect(log.share(['observations'], { group: 'g' }, async () => Promise.reject(new Error('never opened')))).rejects.toMatchObject({ name: 'RetriableError' });
    });
  });
}

interface Collecting {
  readonly topic?: Topic;
  readonly group?: string;
  readonly from?: number | { readonly beforeEnd: number };
  readonly batchRecordsMax?: number;
  readonly early?: boolean;
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

interface Sharing {
  /** Every record handled, in the order of handling. */
  readonly seen: StoredRecord[];
  /** Resolves once `seen` has so many. */
  readonly count: number;
  readonly topics?: readonly Topic[];
  readonly lane?: (partition: number) => Partial<Lane>;
}

/** A member of the group `shared`. */
async function sharing(log: EventLog, { seen, count, topics = ['observations'], lane = () => ({}) }: Sharing): Promise<Subscription> {
  return until(async (done) =>
    log.share(topics, { group: 'shared' }, async (partition) => {
      const wanted = lane(partition);
      return {
        close: () => Promise.resolve(),
        ...wanted,
        async handle(topic, batch) {
          await wanted.handle?.(topic, batch);
          seen.push(...batch);
          if (seen.length >= count) done();
        },
      };
    }),
  );
}

function idsOf(seen: readonly StoredRecord[], topic: Topic): readonly string[] {
  return seen.filter((record) => record.topic === topic).map(({ id }) => id);
}

/** Whether a partition was opened while it was open; `told` are lines of one partition. */
function openedTwice(told: readonly string[]): boolean {
  return told.some((line, index) => line.includes(' opens ') && index > 0 && !(told[index - 1] ?? '').includes(' closed '));
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
