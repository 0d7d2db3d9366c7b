/**
 * How long a medium call waits for its verdict because of the ledger: observation appended → detect → judge → verdict seen, with the
 * product's own detectors and judge, on whatever ledger is given.
 * MV1. Every call has its verdict, and every figure is of calls that passed every place (TR1).
 * MV2. The first tenth of the calls is left out: connections, code and caches are warm then.
 * MV3. Writer, detect, judge and reader are given a ledger each, and all run in this process: the figures are of the way, not of four
 *      processes sharing processors.
 */
import type { Observation } from '@countersign/contracts';
import { SystemClock } from '@countersign/adapters/clock/system';
import { createDetect, runProcessor, silentTelemetry, type EventLog, type Processor, type SnapshotStore, type StoredRecord } from '@countersign/pipeline';
import { compilePolicy, createJudge, defaultPolicy } from '@countersign/policy';
import { madeRun, observationsOf } from '../engine/made-traffic.js';
import { detectorsOf } from '../replay/replay-path.js';
import { seeded } from '../train/seeded.js';
import { TimedLog } from './timed-log.js';
import { Trips, type TripFigures } from './trips.js';

/** One ledger for each part of the way; they may be one and the same. */
export interface VerdictLedgers {
  readonly writer: EventLog;
  readonly detect: EventLog;
  readonly judge: EventLog;
  readonly reader: EventLog;
}

export interface VerdictLoad {
  /** Calls a second that begin whether or not earlier ones are answered; absent: one after the other. */
  readonly callsPerSecond?: number;
  readonly calls: number;
}

export interface VerdictFigures extends TripFigures {
  readonly ledger: string;
  readonly load: VerdictLoad;
  /** Processor time of this process, per call with its result. Of a broker nothing. */
  readonly cpuMsPerCall: number;
  readonly residentMiBMax: number;
}

export interface VerdictOptions {
  /** Its name in the figures. */
  readonly ledger: string;
  readonly ledgers: VerdictLedgers;
  readonly snapshotStore: SnapshotStore;
  readonly seed?: number;
  /** Over which calls are spread; a ledger keeps each in order. 4. */
  readonly domains?: number;
  readonly waitMsMax?: number;
}

/** Several loads, one after the other, on the same running stages. */
export async function measureVerdicts(options: VerdictOptions, loads: readonly VerdictLoad[]): Promise<readonly VerdictFigures[]> {
  const way = await openWay(options);
  try {
    const figures: VerdictFigures[] = [];
    for (const load of loads) figures.push(await way.measure(load));
    return figures;
  } finally {
    await way.stop();
  }
}

interface Way {
  measure(load: VerdictLoad): Promise<VerdictFigures>;
  stop(): Promise<void>;
}

async function openWay(options: VerdictOptions): Promise<Way> {
  const { ledgers, snapshotStore, ledger, seed = 1, domains = 4, waitMsMax = 60_000 } = options;
  const trips = new Trips();
  const policy = compilePolicy(defaultPolicy);
  const shared = { snapshotStore, clock: new SystemClock(), telemetry: silentTelemetry };
  const detectLog = new TimedLog(ledgers.detect, (moment, topic, records) => moment === 'begun' && topic === 'findings' && passAll(trips, records, 'findingsBegun'));
  const judgeLog = new TimedLog(ledgers.judge, (moment, topic, records) => moment === 'begun' && topic === 'verdicts' && passAll(trips, records, 'verdictBegun'));
  const writer = new TimedLog(ledgers.writer, (moment, _topic, records) => passAll(trips, records, moment));
  const detect = await runProcessor({ ...shared, eventLog: detectLog, createProcessor: () => noticed(createDetect({ detectors: detectorsOf(() => policy), telemetry: silentTelemetry }), (record) => record.topic === 'observations' && trips.pass(record.id, 'detectHas', performance.now())) });
  const judge = await runProcessor({ ...shared, eventLog: judgeLog, createProcessor: () => noticed(createJudge({ policy: () => policy, telemetry: silentTelemetry }), (record) => record.topic === 'findings' && trips.pass(record.id, 'judgeHasAll', performance.now())) });
  const reader = await ledgers.reader.follow('verdicts', { group: 'lab-reader', from: { beforeEnd: 0 } }, (batch) => Promise.resolve(passAll(trips, batch, 'seen')));
  const source = new CallSource(seed, domains);
  let seen = 0;
  return {
    async measure(load) {
      const usedBefore = process.cpuUsage();
      const ids = await send({ writer, source, trips, waitMsMax, load, seen });
      seen += 2 * load.calls;
      await trips.seen(seen, waitMsMax);
      const used = process.cpuUsage(usedBefore);
      const warm = ids.slice(Math.floor(ids.length / 10));
      return { ledger, load, ...trips.figures(warm), cpuMsPerCall: (used.user + used.system) / 1_000 / load.calls, residentMiBMax: process.memoryUsage.rss() / 2 ** 20 };
    },
    stop: async () => {
      await reader.stop();
      await Promise.all([detect.stop(), judge.stop()]);
    },
  };
}

interface Sending {
  readonly writer: EventLog;
  readonly source: CallSource;
  readonly trips: Trips;
  readonly waitMsMax: number;
  readonly load: VerdictLoad;
  /** Verdicts seen before this load. */
  readonly seen: number;
}

/** @returns the requests' ids, in the order made. Each call's result follows its request, as it does from a server that answers at once. */
async function send({ writer, source, trips, waitMsMax, load: { calls, callsPerSecond }, seen }: Sending): Promise<readonly string[]> {
  const ids: string[] = [];
  const appends: Promise<void>[] = [];
  const beganMs = performance.now();
  for (let call = 0; call < calls; call += 1) {
    const { request, result } = source.next();
    ids.push(request.id);
    if (callsPerSecond !== undefined) await until(beganMs + (call * 1_000) / callsPerSecond);
    const appended = writer.append('observations', [recordOf(request)]);
    if (callsPerSecond === undefined) await Promise.all([appended, trips.seen(seen + 2 * call + 1, waitMsMax)]);
    const answered = appended.then(() => writer.append('observations', [recordOf(result)]));
    appends.push(answered);
    if (callsPerSecond === undefined) await Promise.all([answered, trips.seen(seen + 2 * call + 2, waitMsMax)]);
  }
  await Promise.all(appends);
  return ids;
}

async function until(dueMs: number): Promise<void> {
  const leftMs = dueMs - performance.now();
  // What is due already still lets the others run.
  await new Promise<void>((resolve) => (leftMs > 1 ? setTimeout(resolve, leftMs) : setImmediate(resolve)));
}

function recordOf(observation: Observation): { readonly id: string; readonly key: string; readonly value: string } {
  return { id: observation.id, key: observation.domain, value: JSON.stringify(observation) };
}

function passAll(trips: Trips, records: readonly { readonly id: string }[], place: 'begun' | 'acknowledged' | 'findingsBegun' | 'verdictBegun' | 'seen'): void {
  const nowMs = performance.now();
  for (const { id } of records) trips.pass(id, place, nowMs);
}

/** The processor itself, with somebody who sees each record before it does. */
function noticed(processor: Processor, notice: (record: StoredRecord) => void): Processor {
  return new Proxy(processor, {
    get(target, name) {
      if (name !== 'handle') {
        const held: unknown = Reflect.get(target, name, target);
        return typeof held === 'function' ? (held as (...args: unknown[]) => unknown).bind(target) : held;
      }
      return (record: StoredRecord, nowMs: number) => {
        notice(record);
        return target.handle(record, nowMs);
      };
    },
  });
}

/** Calls of made-up traffic, in several domains by turns, stamped with the time they are made. */
class CallSource {
  readonly #random: () => number;
  readonly #domains: readonly string[];
  readonly #queues: { request: Observation; result: Observation }[][];
  #turn = 0;
  #runs = 0;

  constructor(seed: number, domains: number) {
    this.#random = seeded(seed);
    this.#domains = Array.from({ length: domains }, (_, index) => `lab-${index}`);
    this.#queues = this.#domains.map(() => []);
  }

  next(): { readonly request: Observation; readonly result: Observation } {
    const turn = this.#turn++ % this.#domains.length;
    const queue = this.#queues[turn] ?? [];
    if (queue.length === 0) queue.push(...this.#run(this.#domains[turn] ?? ''));
    const pair = queue.shift();
    if (pair === undefined) throw new RangeError('a run of made-up traffic has calls');
    const at = new Date().toISOString();
    return { request: { ...pair.request, at }, result: { ...pair.result, at } };
  }

  #run(domain: string): { request: Observation; result: Observation }[] {
    this.#runs += 1;
    const observations = observationsOf(madeRun(this.#random, { id: `run ${this.#runs}`, chars: 600 }), this.#runs).map((observation) => ({
      ...observation, domain, tapId: domain, id: observation.id.replace('made', domain), ...(observation.call && { call: { ...observation.call, waits: true, deadlineMs: 30_000 } }),
    }));
    const requests = observations.filter(({ call }) => call?.phase === 'request');
    const results = observations.filter(({ call }) => call?.phase === 'result');
    return requests.flatMap((request, index) => (results[index] === undefined ? [] : [{ request, result: results[index] }]));
  }
}
