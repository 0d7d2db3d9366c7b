/**
 * How fast a ledger is, as the path of a call uses it: there (`observations`), handled, back (`findings`), handled; and how many
 * records it takes and hands over when nobody waits for one.
 * ME1. Every figure is of records that were really handed over: a record that does not come back ends the measurement with an error.
 * ME2. The first tenth of the trips is left out of the figures: connections, code and caches are warm then.
 */
import type { Topic } from '@countersign/contracts';
import type { EventLog, LedgerRecord } from '@countersign/pipeline';
import { quantile } from '../cost/quantiles.js';

export interface LedgerLoad {
  /** Two-hop trips, one after the other. */
  readonly trips: number;
  /** Records for the rates, in appends of `recordsPerAppend`, of which `appendsInFlight` are under way. */
  readonly records: number;
  readonly recordsPerAppend: number;
  readonly appendsInFlight: number;
  /** Of one record's value. */
  readonly valueBytes: number;
}

export const ledgerLoadDefault: LedgerLoad = { trips: 500, records: 50_000, recordsPerAppend: 100, appendsInFlight: 4, valueBytes: 583 };

export interface LedgerFigures {
  readonly ledger: string;
  readonly trips: number;
  /** append → handled → append → handled; milliseconds. */
  readonly twoHopsP50Ms: number;
  readonly twoHopsP99Ms: number;
  readonly records: number;
  readonly valueBytes: number;
  readonly appendedPerSecond: number;
  /** By a new group, from the beginning. */
  readonly handledPerSecond: number;
  /** Processor time of this process for each trip, and for each thousand records; of a broker nothing. */
  readonly cpuMs: { readonly trip: number; readonly thousandAppended: number; readonly thousandHandled: number };
}

export interface MeasureOptions {
  /** Its name in the figures. */
  readonly ledger: string;
  readonly load?: LedgerLoad;
  /** How long records may take to come back, all of one part; 60 000. */
  readonly waitMsMax?: number;
}

interface Work {
  readonly eventLog: EventLog;
  readonly load: LedgerLoad;
  readonly waitMsMax: number;
}

const domain = 'lab';

/** Measures one ledger, which must be empty. @throws when a record does not come back within `waitMsMax`. */
export async function measureLedger(eventLog: EventLog, { ledger, load = ledgerLoadDefault, waitMsMax = 60_000 }: MeasureOptions): Promise<LedgerFigures> {
  const work = { eventLog, load, waitMsMax };
  const [trips, tripsCpuMs] = await timed(() => twoHops(work));
  const [appendedPerSecond, appendCpuMs] = await timed(() => appendRate(work));
  const [handledPerSecond, handleCpuMs] = await timed(() => handleRate(work));
  const warm = trips.slice(Math.floor(trips.length / 10));
  return {
    ledger, trips: warm.length, twoHopsP50Ms: quantile(warm, 0.5), twoHopsP99Ms: quantile(warm, 0.99),
    records: load.records, valueBytes: load.valueBytes, appendedPerSecond, handledPerSecond,
    cpuMs: { trip: tripsCpuMs / load.trips, thousandAppended: (appendCpuMs * 1_000) / load.records, thousandHandled: (handleCpuMs * 1_000) / load.records },
  };
}

/** What it gave, and the processor time of this process meanwhile, in milliseconds. */
async function timed<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, (user + system) / 1_000];
}

/** One record after the other: a held call waits alone. Milliseconds, in the order made. */
async function twoHops({ eventLog, load: { trips, valueBytes }, waitMsMax }: Work): Promise<number[]> {
  const [there, back] = [new Arrivals(waitMsMax), new Arrivals(waitMsMax)];
  const first = await eventLog.follow('observations', { group: 'lab-there' }, async (batch) => {
    await eventLog.append('findings', batch);
    there.came(batch.length);
  });
  const second = await eventLog.follow('findings', { group: 'lab-back' }, async (batch) => back.came(batch.length));
  const took: number[] = [];
  for (let trip = 0; trip < trips; trip += 1) {
    const beganMs = performance.now();
    const returned = back.reached(trip + 1);
    await eventLog.append('observations', records('trip', { first: trip, count: 1, valueBytes }));
    await returned;
    took.push(performance.now() - beganMs);
  }
  await there.reached(trips);
  await Promise.all([first.stop(), second.stop()]);
  return took;
}

/** The records are made before the clock starts: they are the lab's cost, not the ledger's. */
async function appendRate({ eventLog, load: { records: total, recordsPerAppend, appendsInFlight, valueBytes } }: Work): Promise<number> {
  const appends = Array.from({ length: Math.ceil(total / recordsPerAppend) }, (_, n) => records('rate', { first: n * recordsPerAppend, count: Math.min(recordsPerAppend, total - n * recordsPerAppend), valueBytes }));
  let next = 0;
  const beganMs = performance.now();
  const worker = async (): Promise<void> => {
    for (let batch = appends[next++]; batch !== undefined; batch = appends[next++]) await eventLog.append(rateTopic, batch);
  };
  await Promise.all(Array.from({ length: appendsInFlight }, worker));
  return (total * 1_000) / (performance.now() - beganMs);
}

/** From the first batch's arrival: joining a group is not reading. */
async function handleRate({ eventLog, load: { records: total }, waitMsMax }: Work): Promise<number> {
  const arrivals = new Arrivals(waitMsMax);
  const all = arrivals.reached(total);
  let [beganMs, before] = [0, 0];
  const subscription = await eventLog.follow(rateTopic, { group: 'lab-rate' }, async (batch) => {
    if (arrivals.count === 0) [beganMs, before] = [performance.now(), batch.length];
    arrivals.came(batch.length);
  });
  await all;
  const seconds = (performance.now() - beganMs) / 1_000;
  await subscription.stop();
  return (total - before) / seconds;
}

const rateTopic: Topic = 'verdicts';

function records(name: string, { first, count, valueBytes }: { readonly first: number; readonly count: number; readonly valueBytes: number }): readonly LedgerRecord[] {
  const at = new Date().toISOString();
  return Array.from({ length: count }, (_, index) => {
    const head = JSON.stringify({ v: 1, at, n: first + index });
    // Letters that vary: what repeats itself would be compressed to nothing.
    return { id: `${name}/1/${first + index}`, key: domain, value: `${head.slice(0, -1)},"text":"${varied(first + index, Math.max(0, valueBytes - head.length - 10))}"}` };
  });
}

function varied(seed: number, length: number): string {
  let state = (seed + 1) * 2_654_435_761;
  let text = '';
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += state.toString(36);
  }
  return text.slice(0, length);
}

class Arrivals {
  count = 0;
  readonly #waitMsMax: number;
  #wanted = Number.POSITIVE_INFINITY;
  #reached: () => void = () => undefined;

  constructor(waitMsMax: number) {
    this.#waitMsMax = waitMsMax;
  }

  came(records: number): void {
    this.count += records;
    if (this.count >= this.#wanted) this.#reached();
  }

  reached(count: number): Promise<void> {
    if (this.count >= count) return Promise.resolve();
    this.#wanted = count;
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${this.count} of ${count} records came back within ${this.#waitMsMax} ms; the figures would mean nothing.`)), this.#waitMsMax);
      this.#reached = () => {
        clearTimeout(late);
        resolve();
      };
    });
  }
}
