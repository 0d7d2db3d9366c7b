/**
 * `countersign lab fuzz --detector provenance`: strange inputs from a seed, as calls, results, resources and prompts of several agents, under a
 * policy with labels, capabilities, trusted fields and a condemned source, so that every parser, normaliser and rule is reached.
 * FP1. A failure: an exception, a call left unanswered, a record no schema takes, or a quoted span that is not what stands at its place in the
 *      observation it names. Its seed is kept; the inputs before it since the last new memory are part of it.
 * FP2. Growth is a ratio of processor time within one interleaved run: the same text four times as long, fresh each time; 4 is linear.
 */
import { findingSchema, type FindingDraft, type Observation } from '@countersign/contracts';
import { createProvenance, type ProvenanceMemory } from '@countersign/detector-provenance';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { strangePayload, strangeText } from '../fuzz/strange-text.js';
import { pick, seeded } from '../train/seeded.js';

export interface ProvenanceFuzz {
  readonly inputs: number;
  readonly findings: Readonly<Record<string, number>>;
  /** Spans that were compared with the bytes they name. */
  readonly spans: number;
  readonly failures: readonly { readonly seed: number; readonly message: string }[];
}

const failuresMax = 20;
const inputsPerMemory = 512;
/** Every so many inputs a memory goes through its snapshot. */
const inputsPerSnapshot = 128;
const draftSchema = findingSchema.pick({ kind: true, severity: true, gate: true, score: true, pValue: true, sentence: true, wouldPass: true, evidence: true, features: true }).partial({ sentence: true, evidence: true });

const policy = compilePolicy({
  ...defaultPolicy,
  sources: [
    { name: 'red', server: 'one', tool: '*', readers: ['role:red'] },
    { name: 'blue', server: 'two', tool: 'read', path: '*name*', readers: ['role:blue'], declassify: ['number', 'id'] },
    { name: 'known', server: 'two', tool: '*', path: '$.content*', integrity: 'trusted' },
  ],
  agents: [{ role: 'red', mayCall: ['one/*'] }],
  knownEntities: ['*@known.example'],
  recalled: ['fuzz/7', 'fuzz/8', 'fuzz/9', 'fuzz/10', 'fuzz/11', 'fuzz/300'],
});

export async function fuzzProvenance(options: { readonly inputs: number; readonly seed: number; readonly onProgress?: (done: number) => void }): Promise<ProvenanceFuzz> {
  const { inputs, seed, onProgress } = options;
  const detector = createProvenance({ policy: () => policy });
  const report = { inputs, findings: {} as Record<string, number>, spans: 0, failures: [] as { seed: number; message: string }[] };
  let memory = detector.empty();
  const seen = new Map<string, unknown>();
  for (let n = 0; n < inputs && report.failures.length < failuresMax; n++) {
    const place = n % inputsPerMemory;
    if (place === 0) {
      memory = detector.empty();
      seen.clear();
    }
    if (n % 10_000 === 0) onProgress?.(n);
    try {
      if (place % inputsPerSnapshot === inputsPerSnapshot - 1) memory = detector.restore(detector.snapshot(memory));
      const observation = strange(seed + n, place);
      seen.set(observation.id, observation.message?.payload);
      const { findings } = await detector.detect(observation, memory);
      for (const { kind } of findings) report.findings[kind] = (report.findings[kind] ?? 0) + 1;
      const problem = problemOf(observation, findings, seen);
      report.spans += findings.reduce((sum, { evidence = [] }) => sum + evidence.filter(({ start }) => start !== undefined).length, 0);
      if (problem !== undefined) report.failures.push({ seed: seed + n, message: problem });
    } catch (error) {
      report.failures.push({ seed: seed + n, message: `it threw: ${error instanceof Error ? (error.stack ?? error.message).slice(0, 500) : String(error)}` });
      memory = detector.empty();
    }
  }
  return report;
}

function strange(seed: number, place: number): Observation {
  const random = seeded(seed);
  const method = pick(['tools/call', 'tools/call', 'tools/call', 'tools/call', 'tools/list', 'resources/read', 'prompts/get', 'sampling/createMessage'], random);
  const isRequest = method === 'tools/call' && random() < 0.5;
  const name = pick(['red', 'blue', 'green'], random);
  const tool = pick(['read', 'send', strangeText(random, 2).slice(0, 60)], random);
  const payload = isRequest ? { name: tool, arguments: random() < 0.7 ? { to: strangeText(random, 3), body: strangeText(random, 12), n: random() * 1e9 } : strangePayload(random) } : strangePayload(random);
  const task = isRequest && random() < 0.3 ? { task: { text: strangeText(random, 8).slice(0, 4_000) } } : {};
  const delegation = isRequest && random() < 0.2 ? { delegation: pick<unknown>([{ chain: ['blue', { agent: 'green' }] }, strangePayload(random), { chain: [null, 7, {}] }], random) } : {};
  return {
    v: 1, id: `fuzz/${place}`, kind: pick(['message', 'message', 'message', 'message', 'message', 'message', 'message', 'held-ended', 'epoch-closed'] as const, random), domain: 'fuzz', tapId: `tap-${name}`, epoch: 1, seq: seed,
    at: random() < 0.05 ? 'no time' : new Date(Date.UTC(2026, 0, 1) + seed * 700).toISOString(), monotonicUs: seed, agent: { name, role: name }, server: pick(['one', 'two', 'three'], random),
    session: `s${Math.floor(random() * 4)}`, sessionRule: pick(['process', 'task'] as const, random), transport: 'stdio', era: 'modern', direction: isRequest ? 'client-to-server' : 'server-to-client',
    message: { shape: isRequest ? 'request' : 'response', method, bytes: 1, digest: `${seed}`, flags: [], payload },
    ...(method === 'tools/call' ? { call: { callId: `c${place}`, phase: isRequest ? 'request' : 'result', tool, impact: pick(['read', 'write', 'egress', 'irreversible'] as const, random), tier: 'medium', tierRule: 'r', policyVersion: 'p', actionDigest: 'e', waits: false, deadlineMs: 0 } } : {}),
    metadata: { ...task, ...delegation }, note: { callId: `c${Math.max(0, place - 1)}`, end: 'denied', phase: 'request' },
  };
}

function problemOf(observation: Observation, findings: readonly FindingDraft[], seen: ReadonlyMap<string, unknown>): string | undefined {
  if (observation.call !== undefined && findings.length === 0) return 'a call was left unanswered';
  for (const finding of findings) {
    const parsed = draftSchema.safeParse(finding);
    if (!parsed.success) return `${finding.kind}: no schema takes it: ${parsed.error.message.slice(0, 200)}`;
    for (const part of finding.evidence ?? []) {
      const problem = part.path === undefined || part.start === undefined || part.path === '$.task' ? undefined : misquoted(part, seen.get(part.observationId ?? ''));
      if (problem !== undefined) return `${finding.kind}: ${problem}`;
    }
  }
  return undefined;
}

type Part = NonNullable<FindingDraft['evidence']>[number];

function misquoted({ path = '$', start = 0, end = 0, text }: Part, payload: unknown): string | undefined {
  const value = valueAt(payload, path);
  if (typeof value !== 'string' && typeof value !== 'number') return `there is no text at ${path}`;
  const whole = String(value);
  if (start >= end || end > whole.length) return `[${start}, ${end}) does not lie in the ${whole.length} characters at ${path}`;
  return text === undefined || whole.slice(start, end) === text ? undefined : `${JSON.stringify(text.slice(0, 60))} is not what stands at ${path} from ${start} to ${end}`;
}

/** Follows a path as the detector writes it, without its code. */
function valueAt(payload: unknown, path: string): unknown {
  let value = payload;
  for (const [, name, index, quoted] of path.slice(1).matchAll(/\.([A-Za-z_$][\w$]*)|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/g)) {
    if (typeof value !== 'object' || value === null) return undefined;
    const key = name ?? index ?? (JSON.parse(quoted ?? '""') as string);
    value = Object.hasOwn(value, key) ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}

/** How processor time grows with the text, for reading it and for calling with it after a text as long was read. */
export async function growthOfProvenance(options: { readonly texts: number; readonly seed: number; readonly chars: number }): Promise<{ readonly median: number; readonly largest: number; readonly seed: number }> {
  const ratios: { ratio: number; seed: number }[] = [];
  for (let n = 0; n < options.texts; n++) {
    const unit = strangeText(seeded(options.seed + n), 12);
    const text = (length: number, mark: number): string => `${mark} ${unit.repeat(Math.ceil(length / unit.length)).slice(0, length)}`;
    const small: number[] = [];
    const large: number[] = [];
    for (let round = 0; round < 5; round++) {
      let sum = 0;
      for (let part = 0; part < 4; part++) sum += await cpuMicros(text(options.chars, round * 10 + part));
      small.push(sum);
      large.push(await cpuMicros(text(4 * options.chars, round * 10 + 4)));
    }
    ratios.push({ ratio: (4 * Math.min(...large)) / Math.max(1, Math.min(...small)), seed: options.seed + n });
  }
  ratios.sort((a, b) => a.ratio - b.ratio);
  return { median: ratios[ratios.length >> 1]?.ratio ?? 0, largest: ratios.at(-1)?.ratio ?? 0, seed: ratios.at(-1)?.seed ?? options.seed };
}

async function cpuMicros(text: string): Promise<number> {
  const detector = createProvenance({ policy: () => policy });
  const memory: ProvenanceMemory = detector.empty();
  const base = strange(2, 0);
  const uncalled: Observation = { ...base };
  delete uncalled.call;
  const read: Observation = { ...uncalled, id: 'r', kind: 'message', server: 'one', direction: 'server-to-client', message: { shape: 'response', method: 'resources/read', bytes: 1, digest: 'r', flags: [], payload: { contents: [{ text }] } } };
  const request: Observation = {
    ...base, id: 'q', kind: 'message', server: 'three', direction: 'client-to-server', metadata: {},
    message: { shape: 'request', method: 'tools/call', bytes: 1, digest: 'q', flags: [], payload: { name: 'send', arguments: { to: 'a@b.example', body: text } } },
    call: { callId: 'q', phase: 'request', tool: 'send', impact: 'egress', tier: 'medium', tierRule: 'r', policyVersion: 'p', actionDigest: 'e', waits: false, deadlineMs: 0 },
  };
  const before = process.cpuUsage();
  await detector.detect(read, memory);
  await detector.detect(request, memory);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
