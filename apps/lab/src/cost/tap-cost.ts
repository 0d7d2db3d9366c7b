/**
 * What a tap costs, against a direct connection and against a process that only passes bytes on: calls over stdio and HTTP, long
 * messages, the start, memory, and what is left of its children.
 */
import { initializeParams } from './cost-peer.js';
import { leakedChildren, type LeakFigures } from './leaks.js';
import { tapMemory, type MemoryFigures } from './memory.js';
import { echoCommand, httpPaths, relayCommand, startStdio, stdioPaths, tapCommand, type Path, type TapUnderTest } from './paths.js';
import { median } from './quantiles.js';
import { measure, textOf, type Load, type Measured, type TapCostRow } from './rounds.js';

export interface TapCostOptions extends TapUnderTest {
  readonly rounds: number;
  readonly callsPerRound: number;
  /** Start, stop and kill cycles; 0 leaves them out. */
  readonly cycles: number;
  /** How long the memory load lasts. */
  readonly loadSeconds: number;
}

export interface LongMessages {
  readonly bytes: number;
  /** `JSON.parse` of the text of one such message, here, warm, ms. */
  readonly parseMs: number;
  /** What the tap adds to one message over the bare relay, ms. */
  readonly addedMs: number;
}

export interface TapCost {
  readonly rows: readonly TapCostRow[];
  readonly longMessages: LongMessages;
  /** From the spawn to the first byte of an answer. */
  readonly coldStartMs: Readonly<Record<string, number>>;
  readonly memory: MemoryFigures;
  readonly leaks: LeakFigures | undefined;
  readonly refused: number;
}

const payloads = [400, 10_000];
const longBytes = 1_000_000;
const starts = 7;

export async function tapCost(options: TapCostOptions): Promise<TapCost> {
  const coldStartMs = await coldStarts(options);
  const stdio = await allPayloads(stdioPaths(options), options, [...payloads, longBytes]);
  const http = await allPayloads(await httpPaths(options), options, payloads);
  const memory = await tapMemory(options, { messagesPerSecond: 100, payloadBytes: 10_000, seconds: options.loadSeconds });
  const leaks = options.cycles === 0 ? undefined : await leakedChildren(options, options.cycles);
  return { rows: [...stdio.rows, ...http.rows], longMessages: longOf(stdio.rows), coldStartMs, memory, leaks, refused: stdio.refused + http.refused };
}

async function allPayloads(paths: readonly Path[], { rounds, callsPerRound }: TapCostOptions, sizes: readonly number[]): Promise<Measured> {
  for (const { peer } of paths) await peer.initialize();
  const rows: TapCostRow[] = [];
  let refused = 0;
  for (const payloadBytes of sizes) {
    const isLong = payloadBytes === longBytes;
    const load: Load = { payloadBytes, rounds, callsPerRound: isLong ? Math.max(5, Math.round(callsPerRound / 30)) : callsPerRound };
    // A call of a megabyte is longer than what is judged: above tier low it is refused, which says nothing of cost.
    const measured = await measure(isLong ? paths.filter(({ tool }) => tool === 'count_words') : paths, load);
    rows.push(...measured.rows);
    refused += measured.refused;
  }
  // The server in front of which the others stand goes last.
  for (const { peer } of [...paths].reverse()) await peer.close();
  return { rows, refused };
}

function longOf(rows: readonly TapCostRow[]): LongMessages {
  const p50 = (path: string): number => rows.find((row) => row.path === path && row.payloadBytes === longBytes)?.p50Ms ?? Number.NaN;
  const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: textOf(longBytes) }] } });
  const parses = Array.from({ length: 21 }, () => {
    const began = performance.now();
    JSON.parse(text);
    return performance.now() - began;
  });
  return { bytes: longBytes, parseMs: median(parses), addedMs: (p50('tap, low tier') - p50('bare relay')) / 2 };
}

/** Median of several starts, interleaved. */
async function coldStarts(options: TapCostOptions): Promise<Record<string, number>> {
  const commands = { direct: echoCommand(), 'bare relay': relayCommand(), tap: tapCommand(options) };
  const samples: Record<string, number[]> = { direct: [], 'bare relay': [], tap: [] };
  for (let n = 0; n < starts; n++) {
    for (const [name, command] of Object.entries(commands)) {
      const began = performance.now();
      const peer = startStdio(command);
      await peer.request('initialize', initializeParams);
      samples[name]?.push(performance.now() - began);
      await peer.close();
    }
  }
  return Object.fromEntries(Object.entries(samples).map(([name, sample]) => [name, median(sample)]));
}
