/** The runner of pipeline, over real adapters. It lives here because pipeline may not import them. */
import { createHash } from 'node:crypto';
import type { Detector, Observation, Topic } from '@countersign/contracts';
import { createDetect, RetriableError, runProcessor, TerminalError, type LedgerRecord, type Output, type Processor, type ProcessorRun, type RunOptions, type Snapshot, type StoredRecord, type TelemetryEvent } from '@countersign/pipeline';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededClock } from '../clock/seeded.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { collect, records } from './conformance.js';
import { MemoryEventLog } from './memory.js';

/** The ledger of a process that dies: at a chosen append the power goes, before or after the records are in. */
class MortalLedger extends MemoryEventLog {
  appendsLeft = Infinity;
  storesLast = false;
  awayCount = 0;
  readonly appended: string[] = [];

  override async append(topic: Topic, toAppend: readonly LedgerRecord[]): Promise<void> {
    if (this.awayCount > 0) {
      this.awayCount -= 1;
      throw new RetriableError('the ledger is away; nothing was stored.');
    }
    if (this.appendsLeft <= 0) throw new Error('this process is dead.');
    this.appendsLeft -= 1;
    if (this.appendsLeft > 0 || this.storesLast) await super.append(topic, toAppend);
    if (this.appendsLeft <= 0) throw new Error('this process dies.');
    this.appended.push(...toAppend.map(({ id }) => `${topic} ${id}`));
  }
}

interface Bench {
  readonly log: MortalLedger;
  readonly store: SqliteSnapshotStore;
  readonly clock: SeededClock;
  readonly told: TelemetryEvent[];
  run(processor: Processor, options?: Partial<RunOptions>): Promise<ProcessorRun>;
}

function openBench(seed = 1): Bench {
  const clock = new SeededClock({ seed });
  const told: TelemetryEvent[] = [];
  const log = new MortalLedger({ clock });
  const store = SqliteSnapshotStore.open(':memory:');
  return { log, store, clock, told, run: (processor, options) => runProcessor({ createProcessor: () => processor, eventLog: log, snapshotStore: store, clock, telemetry: (event) => void told.push(event), ...options }) };
}

function observation(seq: number, domain: string): Observation {
  return {
    v: 1, id: `tap/1/${seq}`, kind: 'message', domain, tapId: 'tap', epoch: 1, seq, at: new Date(1_767_225_600_000 + seq).toISOString(), monotonicUs: seq, agent: { name: 'a', role: 'r' }, server: 's',
    session: 's-1', sessionRule: 'process', transport: 'stdio', era: 'legacy', direction: 'client-to-server',
    call: { callId: `c-${seq}`, phase: 'request', tool: 't', impact: 'read', tier: 'low', tierRule: 'x', policyVersion: 'p', actionDigest: `d-${seq}`, waits: false, deadlineMs: 0 },
  };
}

/** Remembers everything: its answer to one observation is a digest over all it was ever shown, in order. One lost or doubled record changes every later answer. */
function chain(): Detector<{ digest: string }> {
  return {
    name: 'behaviour', version: '1',
    empty: () => ({ digest: 'start' }),
    detect(seen, memory) {
      memory.digest = createHash('sha256').update(memory.digest).update(seen.id).digest('hex');
      return { memory, findings: [{ kind: 'surprise', severity: 'info', sentence: memory.digest }] };
    },
    snapshot: (memory) => JSON.stringify(memory),
    restore: (text) => JSON.parse(text) as { digest: string },
  };
}

describe('runProcessor and createDetect [P11]', () => {
  it('[P11] [P2] however often it is killed, and wherever, the findings are those of a run that was never killed', async () => {
    const size = 60;
    const kill = fc.record({ appends: fc.integer({ min: 1, max: 12 }), storesLast: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(kill, { maxLength: 5 }), fc.record({ batchRecordsMax: fc.integer({ min: 1, max: 20 }), snapshotRecords: fc.integer({ min: 1, max: 25 }) }), fc.array(fc.constantFrom('a', 'b'), { minLength: size, maxLength: size }), async (kills, options, domains) => {
        const input = domains.map((domain, seq) => ({ id: `tap/1/${seq}`, key: domain, value: JSON.stringify(observation(seq, domain)) }));
        const expected = await findingsOf(input, [], options);
        const actual = await findingsOf(input, kills, options);
        expect(actual).toEqual(expected);
        expect(actual).toHaveLength(size);
      }),
      { numRuns: 60, verbose: true },
    );
  });

  async function findingsOf(input: readonly LedgerRecord[], kills: readonly { readonly appends: number; readonly storesLast: boolean }[], options: Partial<RunOptions>): Promise<readonly string[]> {
    const bench = openBench();
    await bench.log.append('observations', input);
    for (const { appends, storesLast } of kills) {
      Object.assign(bench.log, { appendsLeft: appends, storesLast });
      const doomed = await bench.run(createDetect({ detectors: [chain()], telemetry: () => undefined }), options);
      const death = doomed.failed.catch(() => 'dead');
      // A run with fewer appends to make than were granted lives through it, and is stopped in order.
      await Promise.race([death, allFound(bench, input.length)]);
      bench.log.appendsLeft = Infinity;
      await doomed.stop();
    }
    const last = await bench.run(createDetect({ detectors: [chain()], telemetry: () => undefined }), options);
    const found = await collect(bench.log, input.length, { topic: 'findings' });
    await last.stop();
    await bench.log.close();
    return found.map(({ id, value }) => `${id} ${value}`);
  }

  async function allFound(bench: Bench, count: number): Promise<void> {
    await collect(bench.log, count, { topic: 'findings' });
  }
});

/** Sums what it reads, per run of its memory; `poison`, `later` and `break` are what they say. */
function adder(extra: Partial<Processor> = {}): Processor & { total: number } {
  const self: Processor & { total: number } = {
    name: 'adder', version: '1', reads: ['findings'], total: 0,
    handle(record: StoredRecord): readonly Output[] {
      if (record.value === 'poison') throw new TerminalError('schema', 'this record cannot be read.');
      if (record.value === 'break') throw new Error('an invariant is broken.');
      self.total += (JSON.parse(record.value) as { n: number }).n;
      return [{ topic: 'verdicts', id: `${record.id}/sum`, key: record.key, value: JSON.stringify({ total: self.total }) }];
    },
    snapshot: () => String(self.total),
    restore: (state: string) => void (self.total = Number(state)),
    ...extra,
  };
  return self;
}

const last = (seen: readonly StoredRecord[]): unknown => JSON.parse(seen.at(-1)?.value ?? 'null');

describe('runProcessor', () => {
  it('[P8] sets a terminal record aside with its bytes, and goes on', async () => {
    const bench = openBench();
    const run = await bench.run(adder());
    await bench.log.append('findings', [...records('a', 1, 1), { id: 'bad', key: 'a', value: 'poison' }, ...records('a', 2, 1)]);
    expect(last(await collect(bench.log, 2, { topic: 'verdicts' }))).toEqual({ total: 3 });
    const [letter] = await lettersOf(bench, 1);
    expect(letter).toMatchObject({ recordId: 'bad', raw: 'poison', errorClass: 'schema', topic: 'findings', offset: 1, component: 'adder@1', domain: 'a' });
    expect(bench.told).toContainEqual(expect.objectContaining({ event: 'RecordDeadLettered', level: 'error' }));
    await run.stop();
  });

  it('ends by a defect when a dead letter cannot be written, and the record comes again at the next start', async () => {
    const bench = openBench();
    await bench.log.append('findings', [{ id: 'bad', key: 'a', value: 'poison' }]);
    bench.log.appendsLeft = 0;
    const run = await bench.run(adder());
    await expect(run.failed).rejects.toThrow('this process is dead.');
    await run.stop();
    bench.log.appendsLeft = Infinity;
    const again = await bench.run(adder());
    expect((await lettersOf(bench, 1))[0]?.recordId).toBe('bad');
    await again.stop();
  });

  it('[P3] waits while the ledger is away, by the clock, and writes each output once', async () => {
    const bench = openBench();
    await bench.log.append('findings', records('a', 1, 3));
    bench.log.awayCount = 4;
    const run = await bench.run(adder());
    await bench.clock.advance(0);
    expect(bench.log.awayCount).toBe(3);
    await bench.clock.advance(20);
    expect(bench.log.awayCount).toBe(3);
    await bench.clock.advance(2_000);
    expect(bench.log.awayCount).toBe(0);
    expect(bench.log.appended.filter((line) => line.startsWith('verdicts'))).toEqual(['verdicts a-1/sum', 'verdicts a-2/sum', 'verdicts a-3/sum']);
    expect(bench.told.filter(({ event }) => event === 'BatchRetried')).toHaveLength(4);
    await run.stop();
  });

  it('asks a processor again for the record it could not take yet, without applying its neighbours twice', async () => {
    const bench = openBench();
    let refusals = 2;
    const inner = adder();
    const patient = adder({
      handle(record) {
        if (record.id === 'a-2' && (refusals -= 1) >= 0) throw new RetriableError('the engine is starting; nothing was changed.');
        return inner.handle(record, 0);
      },
    });
    const run = await bench.run(patient);
    await bench.log.append('findings', records('a', 1, 3));
    await bench.clock.advance(1_000);
    expect(last(await collect(bench.log, 3, { topic: 'verdicts' }))).toEqual({ total: 6 });
    await run.stop();
  });

  it('can be stopped while it waits, and loses nothing by it', async () => {
    const bench = openBench();
    await bench.log.append('findings', records('a', 1, 2));
    bench.log.awayCount = 1_000;
    const run = await bench.run(adder());
    await bench.clock.advance(10);
    await run.stop();
    expect(await bench.store.load('adder/0')).toBeUndefined();
    expect(bench.clock.pendingCount).toBe(0);
    bench.log.awayCount = 0;
    const again = await bench.run(adder());
    expect(last(await collect(bench.log, 2, { topic: 'verdicts' }))).toEqual({ total: 3 });
    await again.stop();
  });

  it('ends by a defect on an unknown error: says so, saves nothing, and leaves the record unread', async () => {
    const bench = openBench();
    const run = await bench.run(adder());
    await bench.log.append('findings', [...records('a', 1, 1), { id: 'bad', key: 'a', value: 'break' }]);
    await expect(run.failed).rejects.toThrow('an invariant is broken.');
    await run.stop();
    expect(bench.told).toContainEqual(expect.objectContaining({ event: 'ProcessorStoppedError', level: 'error' }));
    expect(await bench.store.load('adder/0')).toBeUndefined();
    expect(bench.clock.pendingCount).toBe(0);
  });

  it('saves after so many records, after so long, and when stopped, each with the positions it includes', async () => {
    const bench = openBench();
    const run = await bench.run(adder(), { snapshotRecords: 3, snapshotMs: 5_000, batchRecordsMax: 1 });
    await bench.log.append('findings', records('a', 1, 3));
    await collect(bench.log, 3, { topic: 'verdicts' });
    await bench.clock.advance(1);
    expect(await bench.store.load('adder/0')).toEqual({ version: '1', offsets: { findings: 3 }, state: '6' });
    await bench.log.append('findings', records('a', 4, 1));
    await bench.clock.advance(4_999);
    expect((await bench.store.load('adder/0'))?.state).toBe('6');
    await bench.clock.advance(2);
    expect(await bench.store.load('adder/0')).toEqual({ version: '1', offsets: { findings: 4 }, state: '10' });
    await bench.log.append('findings', records('a', 5, 1));
    await collect(bench.log, 5, { topic: 'verdicts' });
    await bench.clock.advance(1);
    await run.stop();
    expect(await bench.store.load('adder/0')).toEqual({ version: '1', offsets: { findings: 5 }, state: '15' });
    expect(bench.clock.pendingCount).toBe(0);
  });

  it('saves in a quiet moment, and does not hold up what comes without a pause', async () => {
    const bench = openBench();
    const run = await bench.run(adder());
    for (let n = 1; n <= 150; n += 1) {
      await bench.log.append('findings', records('a', n, 1));
      await bench.clock.advance(100);
    }
    expect(await bench.store.load('adder/0')).toBeUndefined();
    await bench.clock.advance(201);
    expect(await bench.store.load('adder/0')).toMatchObject({ offsets: { findings: 150 } });
    await run.stop();
  });

  it('goes on from its snapshot, and builds its memory anew when the snapshot is of another version', async () => {
    const bench = openBench();
    await bench.log.append('findings', records('a', 1, 3));
    const saved: Snapshot = { version: '1', offsets: { findings: 2 }, state: '100' };
    await bench.store.save('adder/0', saved, 1);
    const run = await bench.run(adder());
    expect((await collect(bench.log, 1, { topic: 'verdicts' })).map(({ id, value }) => [id, value])).toEqual([['a-3/sum', '{"total":103}']]);
    await run.stop();
    const newer = adder({ version: '2' });
    const second = await bench.run(newer);
    await bench.clock.advance(1);
    expect(newer.total).toBe(6);
    expect(bench.told).toContainEqual(expect.objectContaining({ event: 'SnapshotRefused', level: 'warn' }));
    await second.stop();
  });

  it('wakes a processor when it asked to be woken, and once for each time', async () => {
    const bench = openBench();
    const startedMs = bench.clock.wallMs();
    const due = [startedMs + 1_000, startedMs + 1_000, startedMs + 3_000];
    const wokenAfterMs: number[] = [];
    const alarm: Processor = {
      name: 'alarm', version: '1', reads: ['findings'], handle: () => [],
      nextWakeAtMs: () => due[0],
      tick(nowMs) {
        const now = nowMs - startedMs;
        while ((due[0] ?? Infinity) <= nowMs) due.shift();
        wokenAfterMs.push(now);
        return [{ topic: 'decisions', id: `alarm-${now}`, key: 'a', value: '{}' }];
      },
    };
    const run = await bench.run(alarm);
    await bench.clock.advance(10_000);
    expect(wokenAfterMs).toEqual([1_000, 3_000]);
    expect((await collect(bench.log, 2, { topic: 'decisions' })).map(({ id }) => id)).toEqual(['alarm-1000', 'alarm-3000']);
    await run.stop();
  });

  it('lets one record at a time into the processor, whatever its topic', async () => {
    const bench = openBench();
    let inside = 0;
    let most = 0;
    const run = await bench.run({
      name: 'narrow', version: '1', reads: ['findings', 'decisions', 'observations'],
      async handle(record) {
        most = Math.max(most, (inside += 1));
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        return [{ topic: 'verdicts', id: `${record.topic}/${record.id}`, key: record.key, value: '{}' }];
      },
    });
    for (const topic of ['findings', 'decisions', 'observations'] as const) await bench.log.append(topic, records('a', 0, 5));
    await collect(bench.log, 15, { topic: 'verdicts' });
    expect(most).toBe(1);
    await run.stop();
  });

  it('[L2] applies a record once, though the ledger hands it over again', async () => {
    const bench = openBench();
    await bench.log.append('findings', records('a', 1, 2));
    const twice = bench.log.follow.bind(bench.log);
    bench.log.follow = (topic, options, handle) => twice(topic, options, async (batch) => {
      await handle(batch);
      await handle(batch);
    });
    const processor = adder();
    const run = await bench.run(processor);
    await bench.clock.advance(1);
    expect(processor.total).toBe(3);
    await run.stop();
  });
});

async function lettersOf(bench: Bench, count: number): Promise<readonly Record<string, unknown>[]> {
  return (await collect(bench.log, count, { topic: 'dead-letters' })).map(({ value }) => JSON.parse(value) as Record<string, unknown>);
}
