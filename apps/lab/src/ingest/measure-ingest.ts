/**
 * From the ledger into history, by the product's own recorder: how much one core takes, how soon a record can be asked for, and whether
 * memory stays bounded when more comes than it takes.
 * MI1. A record counts when a query finds it; one that is never found ends the measurement with an error.
 * MI2. `perSecondAndCore` is of processor time, of this process and the engine's together: other work on the machine hardly changes it.
 */
import { SystemClock } from '@countersign/adapters/clock/system';
import type { Topic } from '@countersign/contracts';
import { createRecorder, tableOf, type HistoryStore, type Recorder } from '@countersign/history';
import type { EventLog, LedgerRecord, Telemetry, TelemetryEvent } from '@countersign/pipeline';
import { quantile } from '../cost/quantiles.js';
import type { MadeRecord } from './made-records.js';

export interface IngestPlace {
  /** Empty. */
  readonly eventLog: EventLog;
  /** Migrated and empty. */
  readonly store: HistoryStore;
  /** Seconds the engine has used; undefined where nobody can say. */
  readonly engineCpuSeconds: () => number | undefined;
  readonly telemetry: Telemetry;
}

export interface BacklogFigures {
  readonly records: number;
  readonly inserts: number;
  readonly wallSeconds: number;
  readonly nodeCpuSeconds: number;
  readonly engineCpuSeconds: number | undefined;
  /** Of both processes' time together; of this one alone where the engine's is not known. */
  readonly perSecondAndCore: number;
  /** Rows written more than once, because the ledger handed them over again; queries count them once. */
  readonly writtenAgain: number;
}

export interface FreshnessFigures {
  readonly offeredPerSecond: number;
  readonly records: number;
  /** From the call of `append` to the first query that counts the record; polled, so at most one poll too long. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  /** Of both processes, per thousand records; of this one with the writer in it. */
  readonly cpuSecondsPerThousand: number;
  readonly residentMiBBefore: number;
  readonly residentMiBMax: number;
  /** Rows written more than once; they make the times above a little too short. */
  readonly writtenAgain: number;
}

const pollMs = 50;
const appendEachMs = 20;
const waitMsMax = 120_000;

/** Everything is in the ledger before the recorder starts. */
export async function measureBacklog({ eventLog, store, engineCpuSeconds, telemetry }: IngestPlace, records: readonly MadeRecord[]): Promise<BacklogFigures> {
  for (const [topic, own] of byTopic(records)) for (let at = 0; at < own.length; at += 500) await eventLog.append(topic, own.slice(at, at + 500));
  const rows = new Rows(telemetry);
  const recorder = createRecorder({ eventLog, store, clock: new SystemClock(), telemetry: (event) => rows.heard(event) });
  const [nodeBefore, engineBefore, beganMs] = [process.cpuUsage(), engineCpuSeconds(), performance.now()];
  await recorder.start();
  try {
    for (let found = 0; found < records.length; found = await countIds(store)) await Promise.race([rows.more(records.length), recorder.failed]);
  } finally {
    await stopped(recorder);
  }
  const { endedMs, node, inserts, written } = rows;
  const engineAfter = engineCpuSeconds();
  const nodeCpuSeconds = (node.user + node.system - nodeBefore.user - nodeBefore.system) / 1e6;
  const engine = engineBefore === undefined || engineAfter === undefined ? undefined : engineAfter - engineBefore;
  return {
    records: records.length, inserts, wallSeconds: (endedMs - beganMs) / 1_000, nodeCpuSeconds, engineCpuSeconds: engine,
    perSecondAndCore: records.length / (nodeCpuSeconds + (engine ?? 0)), writtenAgain: written - records.length,
  };
}

/** What the recorder says it wrote, and the time and this process's use of it when it last said so. */
class Rows {
  written = 0;
  inserts = 0;
  endedMs = 0;
  node = process.cpuUsage();
  readonly #telemetry: Telemetry;
  #asked = 0;
  #grown: () => void = () => undefined;

  constructor(telemetry: Telemetry) {
    this.#telemetry = telemetry;
  }

  heard(event: TelemetryEvent): void {
    this.#telemetry(event);
    if (event.event !== 'RowsInserted') return;
    this.inserts += 1;
    this.written += Number(event.fields?.['rows']);
    this.endedMs = performance.now();
    this.node = process.cpuUsage();
    this.#grown();
  }

  /** Resolves when so many rows are written, and more than when this was last asked. */
  async more(count: number): Promise<void> {
    const wanted = Math.max(count, this.#asked + 1);
    this.#asked = wanted;
    let late: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      late = setTimeout(() => reject(new Error(`${this.written} of ${count} rows were written after ${waitMsMax} ms; the figures would mean nothing.`)), waitMsMax);
      this.#grown = () => this.written >= wanted && resolve();
      this.#grown();
    }).finally(() => clearTimeout(late));
    this.#asked = this.written;
  }
}

export interface Offer {
  readonly perSecond: number;
  readonly seconds: number;
}

/** @param source makes the next records; their ids are new. */
export async function measureFreshness(place: IngestPlace, source: (count: number) => readonly MadeRecord[], { perSecond, seconds }: Offer): Promise<FreshnessFigures> {
  const { eventLog, store, engineCpuSeconds, telemetry } = place;
  const recorder = createRecorder({ eventLog, store, clock: new SystemClock(), telemetry });
  const watch = new Watch(store, await countByTopic(store));
  const residentMiBBefore = process.memoryUsage.rss() / 2 ** 20;
  const [nodeBefore, engineBefore] = [process.cpuUsage(), engineCpuSeconds()];
  await recorder.start();
  try {
    const total = Math.round(perSecond * seconds);
    const idsBefore = await countIds(store);
    await Promise.race([Promise.all([offer(eventLog, watch, { total, perSecond, source }), watch.until(total)]), recorder.failed]);
    const node = process.cpuUsage(nodeBefore);
    const engine = (engineCpuSeconds() ?? 0) - (engineBefore ?? 0);
    const latencies = watch.latencies();
    const ids = (await countIds(store)) - idsBefore;
    return {
      offeredPerSecond: perSecond, records: total, p50Ms: quantile(latencies, 0.5), p95Ms: quantile(latencies, 0.95), p99Ms: quantile(latencies, 0.99),
      cpuSecondsPerThousand: (((node.user + node.system) / 1e6 + engine) * 1_000) / total, residentMiBBefore, residentMiBMax: watch.residentMiBMax, writtenAgain: Math.max(0, watch.found - ids),
    };
  } finally {
    await stopped(recorder);
  }
}

interface Offering {
  readonly total: number;
  readonly perSecond: number;
  readonly source: (count: number) => readonly MadeRecord[];
}

/** Appends what is due, whether or not earlier appends are acknowledged; within what the ledger lets wait. */
async function offer(eventLog: EventLog, watch: Watch, { total, perSecond, source }: Offering): Promise<void> {
  const appends = new Set<Promise<void>>();
  const beganMs = performance.now();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.ceil(((performance.now() - beganMs + appendEachMs) * perSecond) / 1_000));
    if (due > sent) {
      for (const [topic, own] of byTopic(source(due - sent))) {
        watch.appended(topic, own.length);
        const append = eventLog.append(topic, own).finally(() => appends.delete(append));
        appends.add(append);
      }
      sent = due;
    }
    await new Promise((resolve) => setTimeout(resolve, appendEachMs));
    // More than a second's appends under way: the ledger itself is full, and says so by taking its time.
    if (appends.size > 200) await Promise.race(appends);
  }
  await Promise.all(appends);
}

/** When the n-th record of each topic was appended, and when a query first counted n. */
class Watch {
  residentMiBMax = 0;
  readonly #store: HistoryStore;
  readonly #before: ReadonlyMap<Topic, number>;
  readonly #appendedMs = new Map<Topic, number[]>();
  readonly #latencies: number[] = [];
  readonly #counted = new Map<Topic, number>();

  constructor(store: HistoryStore, before: ReadonlyMap<Topic, number>) {
    this.#store = store;
    this.#before = before;
  }

  appended(topic: Topic, count: number): void {
    const times = this.#appendedMs.get(topic) ?? [];
    this.#appendedMs.set(topic, times);
    const nowMs = performance.now();
    for (let n = 0; n < count; n += 1) times.push(nowMs);
  }

  async until(total: number): Promise<void> {
    for (let [found, changedMs] = [0, performance.now()]; found < total; ) {
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      this.residentMiBMax = Math.max(this.residentMiBMax, process.memoryUsage.rss() / 2 ** 20);
      const counts = await countByTopic(this.#store);
      const nowMs = performance.now();
      for (const [topic, count] of counts) this.#seen(topic, count - (this.#before.get(topic) ?? 0), nowMs);
      if (this.found !== found) [found, changedMs] = [this.found, nowMs];
      if (nowMs - changedMs > waitMsMax) throw new Error(`${found} of ${total} records were found, and no more for ${waitMsMax} ms; the figures would mean nothing.`);
    }
  }

  get found(): number {
    return [...this.#counted.values()].reduce((all, count) => all + count, 0);
  }

  latencies(): number[] {
    return this.#latencies;
  }

  #seen(topic: Topic, count: number, nowMs: number): void {
    const times = this.#appendedMs.get(topic) ?? [];
    for (let n = this.#counted.get(topic) ?? 0; n < count; n += 1) this.#latencies.push(nowMs - (times[n] ?? nowMs));
    this.#counted.set(topic, count);
  }
}

const measuredTopics = ['observations', 'findings', 'verdicts'] as const satisfies readonly Topic[];

async function countByTopic(store: HistoryStore): Promise<ReadonlyMap<Topic, number>> {
  const columns = measuredTopics.map((topic) => `(SELECT count() FROM ${tableOf[topic]}) AS ${topic}`);
  const [row = {}] = await store.query(`SELECT ${columns.join(', ')}`);
  return new Map(measuredTopics.map((topic) => [topic, Number(row[topic])]));
}

/** Different records in history. */
async function countIds(store: HistoryStore): Promise<number> {
  const columns = measuredTopics.map((topic) => `(SELECT uniqExact(id) FROM ${tableOf[topic]})`);
  const [row = {}] = await store.query(`SELECT ${columns.join(' + ')} AS ids`);
  return Number(row['ids']);
}

function byTopic(records: readonly MadeRecord[]): ReadonlyMap<Topic, LedgerRecord[]> {
  const grouped = new Map<Topic, LedgerRecord[]>();
  for (const { topic, id, key, value } of records) {
    const group = grouped.get(topic) ?? [];
    grouped.set(topic, group);
    group.push({ id, key, value });
  }
  return grouped;
}

/** The measurement's own error matters more than one on the way out. */
async function stopped(recorder: Recorder): Promise<void> {
  await recorder.stop().catch(() => undefined);
}
