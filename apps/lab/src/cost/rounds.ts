/** Interleaved rounds of calls over several paths, so that a noisy machine is noisy to all alike; read the ratios. */
import type { Path } from './paths.js';
import { cpuMsOf } from './process-figures.js';
import { median, quantile } from './quantiles.js';

export interface Load {
  readonly payloadBytes: number;
  readonly rounds: number;
  readonly callsPerRound: number;
}

export interface TapCostRow {
  readonly path: string;
  readonly payloadBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Against the yardstick of the same transport and payload, over all calls. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  /** Median over the rounds of each round's own ratio: what a burst of other load in one round does not move. */
  readonly roundRatio: number;
  /** CPU time per call of the process in front (the tap, the relay, the server itself), µs. */
  readonly cpuUsPerCall: number | undefined;
  readonly n: number;
}

export interface Measured {
  readonly rows: readonly TapCostRow[];
  /** Calls that were answered with an error: they would make the figures meaningless. */
  readonly refused: number;
}

interface Taken {
  readonly rounds: number[][];
  cpuMs: number | undefined;
}

/** Text of `bytes` ASCII characters. */
export const textOf = (bytes: number): string => 'order shipped on monday '.repeat(Math.ceil(bytes / 24)).slice(0, bytes);

export async function measure(paths: readonly Path[], { payloadBytes, rounds, callsPerRound }: Load): Promise<Measured> {
  const taken = new Map<Path, Taken>(paths.map((path) => [path, { rounds: [], cpuMs: 0 }]));
  const text = textOf(payloadBytes);
  let refused = 0;
  // Round −1 warms up.
  for (let round = -1; round < rounds; round++) {
    for (const path of paths) {
      const before = cpuMsOf(path.peer.pid);
      const one = await oneRound(path, text, callsPerRound);
      refused += one.refused;
      if (round < 0) continue;
      const of = taken.get(path) as Taken;
      of.rounds.push(one.sampleMs);
      const after = cpuMsOf(path.peer.pid);
      of.cpuMs = before === undefined || after === undefined || of.cpuMs === undefined ? undefined : of.cpuMs + after - before;
    }
  }
  return { rows: paths.map((path) => rowOf(path, payloadBytes, taken)), refused };
}

async function oneRound({ tool, peer }: Path, text: string, calls: number): Promise<{ readonly sampleMs: number[]; readonly refused: number }> {
  const sampleMs: number[] = [];
  let refused = 0;
  for (let n = 0; n < calls; n++) {
    const began = performance.now();
    const answer = await peer.request('tools/call', { name: tool, arguments: { text } });
    sampleMs.push(performance.now() - began);
    if (answer.includes('"isError":true')) refused += 1;
  }
  return { sampleMs, refused };
}

function rowOf(path: Path, payloadBytes: number, taken: ReadonlyMap<Path, Taken>): TapCostRow {
  const own = taken.get(path) as Taken;
  const yardstick = [...taken].find(([{ name }]) => name === path.yardstick)?.[1] ?? own;
  const [sample, base] = [own.rounds.flat(), yardstick.rounds.flat()];
  const [p50Ms, p99Ms] = [quantile(sample, 0.5), quantile(sample, 0.99)];
  const ratios = own.rounds.map((round, index) => median(round) / median(yardstick.rounds[index] ?? []));
  return {
    path: path.name, payloadBytes, p50Ms, p99Ms, p50Ratio: p50Ms / quantile(base, 0.5), p99Ratio: p99Ms / quantile(base, 0.99), roundRatio: median(ratios),
    cpuUsPerCall: own.cpuMs === undefined ? undefined : (own.cpuMs * 1000) / sample.length, n: sample.length,
  };
}
