/**
 * What a tap costs, against a direct connection and against a process that only pipes bytes.
 * Rounds are interleaved in one process tree, so that a noisy machine is noisy to all alike; read the ratios.
 */
import { fileURLToPath } from 'node:url';
import { quantile, median } from './quantiles.js';
import { StdioPeer } from './stdio-peer.js';

export interface TapCostOptions {
  readonly program: string;
  readonly dataDir: string;
  readonly rounds: number;
  readonly callsPerRound: number;
}

export interface TapCostRow {
  readonly path: string;
  readonly payloadBytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Against the bare relay of the same payload. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  readonly n: number;
}

export interface TapCost {
  readonly rows: readonly TapCostRow[];
  readonly coldStartMs: Readonly<Record<string, number>>;
  readonly tapResidentMb: number | undefined;
  /** Calls that were answered with an error: they would make the figures meaningless. */
  readonly refused: number;
}

interface Path {
  readonly name: string;
  readonly tool: string;
  readonly peer: StdioPeer;
}

const peerFile = (name: string) => fileURLToPath(new URL(`../peers/${name}.js`, import.meta.url));
const echo = () => [process.execPath, peerFile('echo-server')];
const relayed = () => [process.execPath, peerFile('bare-relay'), ...echo()];
const tapped = ({ program, dataDir }: TapCostOptions) => [process.execPath, program, 'tap', '--server', 'lab-echo', '--agent', 'lab', '--role', 'lab', '--data', dataDir, '--', ...echo()];

const start = ([command = '', ...args]: readonly string[]) => new StdioPeer(command, args);

export async function tapCost(options: TapCostOptions): Promise<TapCost> {
  const coldStartMs = await coldStarts(options);
  const paths: Path[] = [
    { name: 'direct', tool: 'count_words', peer: start(echo()) },
    { name: 'bare relay', tool: 'count_words', peer: start(relayed()) },
    { name: 'tap, low tier', tool: 'count_words', peer: start(tapped(options)) },
    { name: 'tap, medium tier', tool: 'set_label', peer: start(tapped(options)) },
  ];
  for (const path of paths) await path.peer.initialize();
  const rows: TapCostRow[] = [];
  let refused = 0;
  for (const payloadBytes of [400, 10_000]) {
    const samples = await measure(paths, payloadBytes, options);
    refused += samples.refused;
    rows.push(...table(samples.byPath, payloadBytes));
  }
  const tapResidentMb = paths[2]?.peer.residentMb();
  for (const path of paths) await path.peer.close();
  return { rows, coldStartMs, tapResidentMb, refused };
}

async function measure(paths: readonly Path[], payloadBytes: number, { rounds, callsPerRound }: TapCostOptions) {
  const byPath = new Map<string, number[]>(paths.map((path) => [path.name, []]));
  const text = 'order shipped on monday '.repeat(Math.ceil(payloadBytes / 24)).slice(0, payloadBytes);
  let refused = 0;
  // Round −1 warms up.
  for (let round = -1; round < rounds; round++) {
    for (const path of paths) {
      const taken = await oneRound(path, text, callsPerRound);
      refused += taken.refused;
      if (round >= 0) byPath.get(path.name)?.push(...taken.sampleMs);
    }
  }
  return { byPath, refused };
}

async function oneRound({ tool, peer }: Path, text: string, calls: number): Promise<{ readonly sampleMs: readonly number[]; readonly refused: number }> {
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

function table(byPath: ReadonlyMap<string, number[]>, payloadBytes: number): TapCostRow[] {
  const relay = byPath.get('bare relay') ?? [];
  const [relayP50, relayP99] = [quantile(relay, 0.5), quantile(relay, 0.99)];
  return [...byPath].map(([path, sample]) => {
    const [p50Ms, p99Ms] = [quantile(sample, 0.5), quantile(sample, 0.99)];
    return { path, payloadBytes, p50Ms, p99Ms, p50Ratio: p50Ms / relayP50, p99Ratio: p99Ms / relayP99, n: sample.length };
  });
}

/** Milliseconds from spawn to the first answer, median of five, interleaved. */
async function coldStarts(options: TapCostOptions): Promise<Record<string, number>> {
  const commands = { direct: echo(), 'bare relay': relayed(), tap: tapped(options) };
  const samples: Record<string, number[]> = { direct: [], 'bare relay': [], tap: [] };
  for (let n = 0; n < 5; n++) {
    for (const [name, command] of Object.entries(commands)) {
      const began = performance.now();
      const peer = start(command);
      await peer.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'lab', version: '1' } });
      samples[name]?.push(performance.now() - began);
      await peer.close();
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, sample]) => [name, median(sample)]));
}
