/** A processor whose partition goes from member to member, over real adapters: in order, and by a group that did not wait. */
import { createHash } from 'node:crypto';
import type { Topic } from '@countersign/contracts';
import { runProcessor, type Lane, type OpenLane, type Output, type Processor, type ProcessorRun, type ShareOptions, type StoredRecord, type Subscription, type TelemetryEvent } from '@countersign/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededClock } from '../clock/seeded.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { collect } from './conformance.js';
import { MemoryEventLog } from './memory.js';

interface Member {
  readonly topics: readonly Topic[];
  readonly options: ShareOptions;
  readonly open: OpenLane;
  lane?: Lane;
  readonly subscriptions: Subscription[];
}

/** The memory ledger under a group that moves its one partition when told to. */
class MovingLedger extends MemoryEventLog {
  readonly #members: Member[] = [];
  #holder = -1;

  override async share(topics: readonly Topic[], options: ShareOptions, open: OpenLane): Promise<Subscription> {
    const member: Member = { topics, options, open, subscriptions: [] };
    this.#members.push(member);
    if (this.#holder < 0) await this.#give(this.#members.length - 1);
    return { stop: () => this.#take(member) };
  }

  /** @param waits whether the old member is closed before the new one opens, as an orderly group does. */
  async move(waits: boolean): Promise<void> {
    const old = this.#members[this.#holder];
    const next = (this.#holder + 1) % this.#members.length;
    if (waits && old !== undefined) await this.#take(old);
    await this.#give(next);
    if (!waits && old !== undefined) await this.#take(old);
  }

  async #give(index: number): Promise<void> {
    this.#holder = index;
    const member = this.#members[index];
    if (member === undefined) return;
    const lane = await member.open(0);
    member.lane = lane;
    for (const topic of member.topics) {
      member.subscriptions.push(await this.follow(topic, { ...member.options, group: `${member.options.group} ${Math.random()}`, from: lane.from?.get(topic) ?? 0 }, (batch) => lane.handle(topic, batch)));
    }
  }

  async #take(member: Member): Promise<void> {
    const { lane } = member;
    delete member.lane;
    await Promise.all([...member.subscriptions.splice(0).map((subscription) => subscription.stop()), lane?.close()]);
  }
}

/** Its answer to a record is a digest over all it ever saw: one record lost, doubled or out of place changes every later answer. */
function chain(): Processor {
  let digest = 'start';
  return {
    name: 'chain', version: '1', reads: ['observations', 'decisions'],
    handle(record: StoredRecord): readonly Output[] {
      if (record.topic === 'decisions') return [];
      digest = createHash('sha256').update(digest).update(record.id).digest('hex');
      return [{ topic: 'findings', id: `${record.id}/chain`, key: record.key, value: JSON.stringify(digest) }];
    },
    snapshot: () => digest,
    restore: (state: string) => void (digest = state),
  };
}

const size = 60;

interface Move {
  /** How many findings are there when the partition moves. */
  readonly after: number;
  readonly waits: boolean;
}

async function answersOf(moves: readonly Move[], options: { readonly batchRecordsMax: number; readonly snapshotRecords: number }): Promise<{ readonly answers: readonly string[]; readonly told: readonly TelemetryEvent[] }> {
  const clock = new SeededClock({ seed: 1 });
  const log = new MovingLedger({ clock });
  const snapshotStore = SqliteSnapshotStore.open(':memory:');
  const told: TelemetryEvent[] = [];
  const runs: ProcessorRun[] = [];
  for (let member = 0; member < 3; member += 1) {
    runs.push(await runProcessor({ createProcessor: chain, eventLog: log, snapshotStore, clock, telemetry: (event) => void told.push(event), ...options }));
  }
  let appended = 0;
  const append = async (upTo: number): Promise<void> => {
    const records = Array.from({ length: Math.max(0, upTo - appended) }, (_, index) => ({ id: `o-${appended + index}`, key: 'a', value: '{}' }));
    appended = Math.max(appended, upTo);
    await log.append('observations', records);
  };
  for (const { after, waits } of [...moves].sort((a, b) => a.after - b.after)) {
    await append(Math.min(size, after + 3));
    if (after > 0) await collect(log, after, { topic: 'findings' });
    await log.move(waits);
  }
  await append(size);
  const found = await collect(log, size, { topic: 'findings' });
  for (const run of runs) await run.stop();
  expect(clock.pendingCount).toBe(0);
  await log.close();
  return { answers: found.map(({ id, value }) => `${id} ${value}`), told };
}

describe('a partition that moves between members', () => {
  it('[P11] wherever and however often it moves, the outputs are those of a run that never moved', async () => {
    const move = fc.record({ after: fc.integer({ min: 0, max: size }), waits: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(move, { maxLength: 6 }), fc.record({ batchRecordsMax: fc.integer({ min: 1, max: 20 }), snapshotRecords: fc.integer({ min: 1, max: 25 }) }), async (moves, options) => {
        const unmoved = await answersOf([], options);
        const moved = await answersOf(moves, options);
        expect(moved.answers).toEqual(unmoved.answers);
        expect(moved.answers).toHaveLength(size);
      }),
      { numRuns: 60, verbose: true },
    );
  });

  it('[S3] a member that lost its partition says that its memory is saved no more', async () => {
    const { told } = await answersOf([{ after: 20, waits: false }], { batchRecordsMax: 5, snapshotRecords: 1_000 });
    expect(told).toContainEqual(expect.objectContaining({ event: 'SnapshotSuperseded', level: 'warn', fields: { stage: 'chain', partition: 0 } }));
  });

  it('keeps a memory for each partition, and goes on from each one’s own place', async () => {
    const clock = new SeededClock({ seed: 1 });
    const snapshotStore = SqliteSnapshotStore.open(':memory:');
    const lanes: Lane[] = [];
    const group = new MemoryEventLog({ clock });
    group.share = async (_topics, _options, open) => {
      lanes.push(await open(0), await open(7));
      return { stop: async () => void (await Promise.all(lanes.splice(0).map((lane) => lane.close()))) };
    };
    const start = (): Promise<ProcessorRun> => runProcessor({ createProcessor: chain, eventLog: group, snapshotStore, clock, telemetry: () => undefined });
    const at = (partition: number, offset: number): StoredRecord => ({ topic: 'observations', partition, offset, id: `${partition}-${offset}`, key: 'a', value: '{}' });
    const first = await start();
    expect(first.partitions).toBe(2);
    await lanes[0]?.handle('observations', [at(0, 0), at(0, 1)]);
    await lanes[1]?.handle('observations', [at(7, 0)]);
    await first.stop();
    expect(first.partitions).toBe(0);
    expect((await snapshotStore.load('chain/0'))?.offsets).toEqual({ observations: 2 });
    expect((await snapshotStore.load('chain/7'))?.offsets).toEqual({ observations: 1 });
    const second = await start();
    expect(lanes.map(({ from }) => from?.get('observations'))).toEqual([2, 1]);
    await second.stop();
    const answers = await collect(group, 3, { topic: 'findings' });
    expect(new Set(answers.map(({ value }) => value)).size).toBe(3);
    await group.close();
  });
});
