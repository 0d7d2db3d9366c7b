/**
 * `countersign lab fuzz --detector injection`: strange inputs from a seed through the detector as production makes it.
 * FZ1. An input that throws, that is answered with no finding for a call, or whose evidence does not lie in the string at its path is a failure;
 *      its number and seed are kept, so that it can be made again.
 * FZ2. Growth is a ratio of processor time within one interleaved run: the same text four times as long, fresh each time.
 */
import type { FindingDraft, Observation } from '@countersign/contracts';
import { createInjection, type InjectionMemory } from '@countersign/detector-injection';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { pick, seeded } from '../train/seeded.js';
import { strangePayload, strangeText } from './strange-text.js';

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  readonly onProgress?: (done: number) => void;
}

export interface FuzzFailure {
  /** Give this as the seed, with one input, to see it again. */
  readonly seed: number;
  readonly message: string;
}

export interface FuzzReport {
  readonly inputs: number;
  readonly findings: Readonly<Record<string, number>>;
  readonly failures: readonly FuzzFailure[];
}

const failuresMax = 20;
const methods = ['tools/call', 'tools/call', 'tools/call', 'tools/list', 'resources/read', 'initialize', 'prompts/get', 'unknown'] as const;
/** Memory fills up as it would in service, and starts anew now and then. */
const inputsPerMemory = 20_000;

export async function fuzzInjection({ inputs, seed, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const policy = compilePolicy(defaultPolicy);
  const detector = createInjection({ policy: () => policy });
  const findings: Record<string, number> = {};
  const failures: FuzzFailure[] = [];
  let memory = detector.empty();
  for (let n = 0; n < inputs && failures.length < failuresMax; n += 1) {
    if (n % inputsPerMemory === 0) {
      memory = detector.empty();
      onProgress?.(n);
    }
    const observation = strangeObservation(seed + n);
    const problem = await problemOf(async () => {
      const detection = await detector.detect(observation, memory);
      for (const { kind } of detection.findings) findings[kind] = (findings[kind] ?? 0) + 1;
      return misplaced(observation, detection.findings);
    });
    if (problem !== undefined) failures.push({ seed: seed + n, message: problem });
  }
  return { inputs, findings, failures };
}

async function problemOf(run: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await run();
  } catch (error) {
    return `it threw: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 400) : String(error)}`;
  }
}

export function strangeObservation(seed: number): Observation {
  const random = seeded(seed);
  const method = pick(methods, random);
  const isRequest = random() < 0.15;
  const isCall = method === 'tools/call';
  const payload = isRequest ? { name: 'send', arguments: strangePayload(random) } : strangePayload(random);
  return {
    v: 1, id: `fuzz/1/${seed}`, kind: 'message', domain: 'fuzz', tapId: 'fuzz', epoch: 1, seq: seed, at: '2026-01-05T10:00:00.000Z', monotonicUs: seed, agent: { name: 'a', role: 'r' }, server: pick(['one', 'two'], random),
    session: `s${Math.floor(random() * 4)}`, sessionRule: 'process', transport: 'stdio', era: 'modern', direction: isRequest ? 'client-to-server' : 'server-to-client',
    message: { shape: isRequest ? 'request' : 'response', method, bytes: 1, digest: 'd', flags: [], payload },
    ...(isCall && { call: { callId: 'c', phase: isRequest ? 'request' : 'result', tool: pick(['read', 'send'], random), impact: isRequest ? 'egress' : 'read', tier: 'medium', tierRule: 'r', policyVersion: 'p', actionDigest: 'e', waits: false, deadlineMs: 0 } }),
  };
}

/** Every span must lie in the string at its path; a call is never left unanswered. */
export function misplaced({ call, message }: Observation, findings: readonly FindingDraft[]): string | undefined {
  if (call !== undefined && findings.length === 0) return 'a call was left unanswered';
  for (const { kind, evidence = [] } of findings) {
    for (const { path, start, end } of evidence) {
      if (path === undefined || start === undefined || end === undefined) continue;
      const text = stringAt(message?.payload, path);
      if (text === undefined) return `${kind}: there is no string at ${path}`;
      if (start < 0 || end > text.length || start >= end) return `${kind}: [${start}, ${end}) does not lie in the ${text.length} characters at ${path}`;
    }
  }
  return undefined;
}

/** Follows a path as the detector writes it: `.name`, `[3]`, `["odd name"]`. */
export function stringAt(payload: unknown, path: string): string | undefined {
  let value: unknown = payload;
  for (const [, name, index, quoted] of path.slice(1).matchAll(/\.([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    const key = name ?? index ?? (JSON.parse(quoted ?? '""') as string);
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return typeof value === 'string' ? value : undefined;
}

/** The largest growth found, with the seed of the text that showed it: processor time for four times the text over that for the text; 4 is linear. */
export async function growthOfInjection({ texts, seed, chars }: { readonly texts: number; readonly seed: number; readonly chars: number }): Promise<{ readonly median: number; readonly largest: number; readonly seed: number }> {
  const policy = compilePolicy(defaultPolicy);
  const detector = createInjection({ policy: () => policy });
  const ratios: { ratio: number; seed: number }[] = [];
  for (let n = 0; n < texts; n += 1) {
    const unit = strangeText(seeded(seed + n), 12);
    const of = (length: number, mark: number): string => `${mark} ${unit.repeat(Math.ceil(length / unit.length)).slice(0, length)}`;
    const small: number[] = [];
    const large: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      small.push((await cpuMicros(detector, of(chars, round))) + (await cpuMicros(detector, of(chars, round + 10))) + (await cpuMicros(detector, of(chars, round + 20))) + (await cpuMicros(detector, of(chars, round + 30))));
      large.push(await cpuMicros(detector, of(4 * chars, round + 40)));
    }
    ratios.push({ ratio: (4 * Math.min(...large)) / Math.max(1, Math.min(...small)), seed: seed + n });
  }
  ratios.sort((a, b) => a.ratio - b.ratio);
  return { median: ratios[ratios.length >> 1]?.ratio ?? 0, largest: ratios.at(-1)?.ratio ?? 0, seed: ratios.at(-1)?.seed ?? seed };
}

async function cpuMicros(detector: ReturnType<typeof createInjection>, text: string): Promise<number> {
  const observation: Observation = { ...strangeObservation(1), direction: 'server-to-client', message: { shape: 'response', method: 'resources/read', bytes: 1, digest: 'd', flags: [], payload: { contents: [{ text }] } } };
  const memory: InjectionMemory = detector.empty();
  const before = process.cpuUsage();
  await detector.detect(observation, memory);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
