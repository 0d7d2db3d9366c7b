/**
 * `countersign lab engine`: what judging costs on this machine, in the real processors and in the detectors alone, on made-up traffic.
 * ER1. The traffic is made from a seed and knows no data set: a read, then a write, in runs of eight calls, results of a given size.
 * ER2. Figures depend on the machine and on what else it does; flatness and bytes do not.
 */
import { createInjection } from '@countersign/detector-injection';
import { createProvenance } from '@countersign/detector-provenance';
import { createBehaviour } from '@countersign/detector-behaviour';
import type { Detector, Observation } from '@countersign/contracts';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { quantile } from '../cost/quantiles.js';
import { Replay } from '../replay/replay-runs.js';
import { seeded } from '../train/seeded.js';
import { madeRun, madeTools, observationsOf } from './made-traffic.js';
import { stateBytes, type StateBytes } from './state-bytes.js';

export interface EngineRate {
  /** Requests a second through detect and judge, results included, by size of result. */
  readonly callsPerSecond: Readonly<Record<string, number>>;
  readonly microsPerCall: Readonly<Record<string, Quantiles>>;
  /** Reading one fresh text, by detector. */
  readonly microsPerKb: Readonly<Record<string, Quantiles & { readonly worst: number }>>;
  /** Runs already seen → median µs a call then, results of 60 characters. */
  readonly microsAfter: Readonly<Record<string, number>>;
  /** Hot memory of the detectors, by detector. */
  readonly bytes: Readonly<Record<string, StateBytes>>;
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
}

export async function engineRate(options: { readonly runs: number; readonly seed: number }): Promise<EngineRate> {
  const rates = new Map<string, number>();
  let microsAfter: Readonly<Record<string, number>> = {};
  for (const [name, chars] of [['results of 60 characters', 60], ['results of 2 KB', 2_048]] as const) {
    const { perSecond, times } = await throughProcessors({ ...options, chars });
    rates.set(name, perSecond);
    if (chars < 1_000) microsAfter = growthIn(times);
  }
  return { callsPerSecond: Object.fromEntries(rates), microsPerCall: await perCall(options), microsPerKb: await perKb(options.seed), microsAfter, bytes: await perDetectorBytes(options.seed) };
}

async function throughProcessors({ runs, seed, chars }: { runs: number; seed: number; chars: number }): Promise<{ perSecond: number; times: readonly number[] }> {
  const replay = new Replay({ tools: new Map([['made', madeTools]]), withTask: true, agentBy: 'suite', holds: 'per-call', seed });
  const random = seeded(seed);
  const times: number[] = [];
  for (let run = 0; run < runs; run++) {
    const trace = madeRun(random, { id: `run ${run}`, chars });
    await replay.play(trace);
    times.push(replay.path.takeMicros() / trace.calls.length);
  }
  const tenth = Math.max(1, Math.floor(runs / 10));
  const total = times.slice(tenth).reduce((sum, micros) => sum + micros, 0);
  return { perSecond: (1e6 * (times.length - tenth)) / total, times };
}

/** At a history of 1, 10 and 100 parts in a hundred of the runs. */
function growthIn(times: readonly number[]): Readonly<Record<string, number>> {
  const window = Math.max(1, Math.floor(times.length / 100));
  return Object.fromEntries([1, 10, 100].map((percent) => {
    const end = Math.max(window, Math.floor((times.length * percent) / 100));
    return [`${end} runs`, quantile(times.slice(Math.max(0, percent === 1 ? 0 : end - 2 * window), percent === 1 ? 2 * window : end), 0.5)];
  }));
}

async function perDetectorBytes(seed: number): Promise<Record<string, StateBytes>> {
  const policy = compilePolicy(defaultPolicy);
  const found: Record<string, StateBytes> = {};
  for (const [name, make] of [['provenance', createProvenance], ['behaviour', createBehaviour], ['injection', createInjection]] as const) {
    found[name] = await stateBytes(() => make({ policy: () => policy }) as unknown as Detector<unknown>, seed);
  }
  return found;
}


/** Requests only, per detector, after the agent is known. */
async function perCall({ runs, seed }: { runs: number; seed: number }): Promise<Record<string, Quantiles>> {
  const policy = compilePolicy(defaultPolicy);
  const found: Record<string, Quantiles> = {};
  for (const [name, make] of [['provenance', createProvenance], ['behaviour', createBehaviour]] as const) {
    const detector = make({ policy: () => policy }) as unknown as Detector<unknown>;
    const memory = detector.empty();
    const random = seeded(seed);
    const micros: number[] = [];
    for (let run = 0; run < runs; run++) {
      const request = await requestMicros(detector, memory, observationsOf(madeRun(random, { id: `run ${run}`, chars: 1_024 }), run));
      if (run > runs / 10) micros.push(...request);
    }
    found[name] = { p50: quantile(micros, 0.5), p99: quantile(micros, 0.99) };
  }
  return found;
}

async function requestMicros(detector: Detector<unknown>, memory: unknown, observations: readonly Observation[]): Promise<number[]> {
  const micros: number[] = [];
  for (const observation of observations) {
    const micro = await timed(detector, memory, observation);
    if (observation.call?.phase === 'request') micros.push(micro);
  }
  return micros;
}

const worstTexts: readonly (readonly [string, (chars: number) => string])[] = [
  ['one long word', (chars) => 'a'.repeat(chars)],
  ['punctuation', (chars) => '.,;:!?'.repeat(chars / 6)],
  ['open brackets', (chars) => '[{"a":'.repeat(chars / 6)],
  ['months', (chars) => 'may 1 to '.repeat(chars / 9)],
  ['addresses', (chars) => 'a@b.co '.repeat(chars / 7)],
  ['orders', (chars) => 'send it. '.repeat(chars / 9)],
  ['wide characters', (chars) => '\u{1d552}\u200b'.repeat(chars / 3)],
];

async function perKb(seed: number): Promise<Record<string, Quantiles & { worst: number }>> {
  const policy = compilePolicy(defaultPolicy);
  const found: Record<string, Quantiles & { worst: number }> = {};
  for (const [name, make] of [['provenance', createProvenance], ['injection', createInjection]] as const) {
    const random = seeded(seed);
    const ordinary: number[] = [];
    const strange: number[] = [];
    for (let text = 0; text < 300; text++) ordinary.push(await readOnce(make, policy, `${text} ${madeRun(random, { id: '', chars: 8_192 }).calls[0]?.resultText ?? ''}`));
    for (const [, of] of worstTexts) for (let time = 0; time < 3; time++) strange.push(await readOnce(make, policy, `${time} ${of(65_536)}`));
    found[name] = { p50: quantile(ordinary.slice(30), 0.5), p99: quantile(ordinary.slice(30), 0.99), worst: quantile(strange, 1) };
  }
  return found;
}

async function readOnce(make: typeof createProvenance | typeof createInjection, policy: ReturnType<typeof compilePolicy>, text: string): Promise<number> {
  const detector = make({ policy: () => policy }) as unknown as Detector<unknown>;
  const run = { id: text.slice(0, 8), suite: 'made', model: 'made', said: [], textsMissing: 0, calls: [{ turn: 0, tool: 'read_note', args: {}, resultText: text, isError: false }] };
  const result = observationsOf(run, 1).find(({ call }) => call?.phase === 'result');
  if (result === undefined) return 0;
  return (await timed(detector, detector.empty(), result)) / (text.length / 1_024);
}

async function timed(detector: Detector<unknown>, memory: unknown, observation: Observation): Promise<number> {
  const startedMs = performance.now();
  await detector.detect(observation, memory);
  return (performance.now() - startedMs) * 1_000;
}

/** For a page or a terminal. */
export function shownEngineRate(rate: EngineRate): readonly string[] {
  return [
    ...Object.entries(rate.callsPerSecond).map(([name, perSecond]) => `${name}: ${perSecond.toFixed(0)} calls/s through detect and judge`),
    ...Object.entries(rate.microsPerCall).map(([name, { p50, p99 }]) => `${name}: ${p50.toFixed(0)} µs a call (p99 ${p99.toFixed(0)})`),
    ...Object.entries(rate.microsPerKb).map(([name, { p50, p99, worst }]) => `${name}: ${p50.toFixed(0)} µs per KB read (p99 ${p99.toFixed(0)}, worst input ${worst.toFixed(0)})`),
    `growth with history: ${Object.entries(rate.microsAfter).map(([runs, micros]) => `${micros.toFixed(0)} µs a call after ${runs}`).join(', ')}`,
    ...Object.entries(rate.bytes).map(([name, { perAgent, perSession }]) => `${name}: ${(perAgent / 1024).toFixed(0)} KB for one more agent with 30 runs behind it, ${(perSession / 1024).toFixed(0)} KB for one more run in progress (8 calls, 4 KB read)`),
  ];
}

