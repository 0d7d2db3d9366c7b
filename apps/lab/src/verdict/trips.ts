/**
 * When a call's records passed each place, and what lies between. Milliseconds of one clock.
 * TR1. A call without a verdict ends the measurement, it is not left out. One whose findings came after its deadline has a verdict
 *      without them: it is in the totals, counted as late, and has no parts.
 */
import { quantile } from '../cost/quantiles.js';

export const places = ['begun', 'acknowledged', 'detectHas', 'findingsBegun', 'judgeHasAll', 'verdictBegun', 'seen'] as const;
type Place = (typeof places)[number];

/** What happens between two places, as people read it. */
const parts: readonly { readonly name: string; readonly from: Place; readonly to: Place }[] = [
  { name: 'hop: observation → detect', from: 'begun', to: 'detectHas' },
  { name: 'detect', from: 'detectHas', to: 'findingsBegun' },
  { name: 'hop: findings → judge', from: 'findingsBegun', to: 'judgeHasAll' },
  { name: 'judge', from: 'judgeHasAll', to: 'verdictBegun' },
  { name: 'hop: verdict → reader', from: 'verdictBegun', to: 'seen' },
];

export interface Spread {
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface TripFigures extends Spread {
  readonly trips: number;
  /** Judged at their deadline, without findings. */
  readonly late: number;
  /** The three hops of a trip together: what the ledger itself costs. */
  readonly hops: Spread;
  /** Until the writer was told that its observation is kept; not a part of the way when readers are early. */
  readonly acknowledged: Spread;
  readonly parts: readonly (Spread & { readonly name: string })[];
}

export class Trips {
  readonly #passed = new Map<string, Map<Place, number>>();
  #seen = 0;
  #waiting: { readonly count: number; readonly resolve: () => void } | undefined;

  /** @param recordId of an observation, a finding or a verdict: all begin with the observation's own id. */
  pass(recordId: string, place: Place, nowMs: number): void {
    const id = recordId.split('/', 3).join('/');
    const passed = this.#passed.get(id) ?? new Map<Place, number>();
    this.#passed.set(id, passed);
    const isFirst = !passed.has(place);
    // The last finding completes the join; of everything else the first time counts.
    if (isFirst || place === 'judgeHasAll') passed.set(place, nowMs);
    if (place !== 'seen' || !isFirst) return;
    this.#seen += 1;
    if (this.#waiting !== undefined && this.#seen >= this.#waiting.count) this.#waiting.resolve();
  }

  /** Resolves when so many were seen. @throws when that takes longer than `waitMsMax`. */
  async seen(count: number, waitMsMax: number): Promise<void> {
    if (this.#seen >= count) return;
    let late: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting = { count, resolve };
        late = setTimeout(() => reject(new Error(`${this.#seen} of ${count} verdicts came within ${waitMsMax} ms; the figures would mean nothing.`)), waitMsMax);
      });
    } finally {
      clearTimeout(late);
    }
  }

  /** @param ids whose figures are wanted, in the order made. @throws when one of them passed a place it should have. */
  figures(ids: readonly string[]): TripFigures {
    const all = ids.map((id) => this.#answered(id));
    const trips = all.filter(isWhole);
    const between = (from: Place, to: Place) => trips.map((trip) => trip[to] - trip[from]);
    const hops = parts.filter(({ name }) => name.startsWith('hop'));
    return {
      trips: all.length, late: all.length - trips.length, ...spread(all.map(({ begun, seen }) => seen - begun)), acknowledged: spread(between('begun', 'acknowledged')),
      hops: spread(trips.map((trip) => hops.reduce((sum, { from, to }) => sum + trip[to] - trip[from], 0))),
      parts: parts.map(({ name, from, to }) => ({ name, ...spread(between(from, to)) })),
    };
  }

  #answered(id: string): Answered {
    const passed = Object.fromEntries(this.#passed.get(id) ?? []) as Partial<Record<Place, number>>;
    const { begun, seen } = passed;
    if (begun === undefined || seen === undefined) throw new Error(`The call ${id} was never answered; the figures would mean nothing.`);
    return { ...passed, begun, seen };
  }
}

type Answered = Partial<Record<Place, number>> & { readonly begun: number; readonly seen: number };

function isWhole(trip: Answered): trip is Record<Place, number> {
  return places.every((place) => trip[place] !== undefined);
}

function spread(values: number[]): Spread {
  return { p50Ms: quantile(values, 0.5), p99Ms: quantile(values, 0.99) };
}
