/**
 * `countersign lab train`: the weights of calls from recorded runs, as artefacts with digests, seed and metrics, signed when a key is given.
 * TF1. Only tuning runs are replayed; a row of any other set is not even read into a feature.
 * TF2. Each run meets an agent that knows other tasks (`known-runs.ts`); lanes for unknown agents are fitted on the same rows without the
 *      features of novelty.
 * TF3. The same files and seed give the same artefacts, byte for byte.
 * TF4. Nothing in use is changed: the files stand in `out`, and a person puts them where the build reads them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CallScoreArtefact, LanePair } from '@countersign/detector-provenance';
import { fusionType, sealArtefact, type Artefact, type FusedWeights, type FusionPayload } from '@countersign/policy';
import { setOf } from '../quality/sets.js';
import { knownRuns } from '../replay/known-runs.js';
import { readRows, type OnProblem } from '../replay/read-rows.js';
import { digestOf, toolsOf } from '../replay/replay-file.js';
import { TextStore } from '../replay/text-store.js';
import { counts, isHijack, type Trace } from '../replay/traces.js';
import { fitted, type FeatureRow, type FittedLane } from './fit-call-score.js';
import { fittedFusion, type FittedFusion, type FusionRun } from './fit-fusion.js';

export interface TrainOptions {
  readonly traces: string;
  readonly texts: string;
  readonly suites: string;
  readonly out: string;
  readonly seed: number;
  readonly version: string;
  /** Benign runs each agent is known by. */
  readonly pastRuns: number;
  readonly mostPerScenario: number;
  /** PKCS#8 PEM of an Ed25519 key; absent: the artefacts are unsigned. */
  readonly privateKeyPem?: string | undefined;
  readonly onProblem: OnProblem;
  readonly onProgress?: ((line: string) => void) | undefined;
}

export const callScoreType = 'countersign/call-score';
const touchedPercent = 3;

export interface PlayedRun extends FusionRun {
  readonly about: Pick<FeatureRow, 'id' | 'suite' | 'kind' | 'task' | 'injection' | 'attack'>;
  readonly tools: readonly string[];
}

/** @returns lines for people: what was fitted, and what it reaches on the runs it was fitted on. */
export async function trainFromFile(options: TrainOptions): Promise<readonly string[]> {
  const played = { task: await playedFrom(options, true), noTask: await playedFrom(options, false) };
  const fittedOn = Object.fromEntries(await Promise.all([options.traces, options.texts, options.suites].map(async (file) => [basename(file), await digestOf(file)] as const)));
  const { callScore, fusion } = artefactsFrom(played, { ...options, fittedOn });
  mkdirSync(options.out, { recursive: true });
  writeArtefact(join(options.out, 'call-score.json'), sealArtefact(callScoreType, callScore, options.privateKeyPem));
  writeArtefact(join(options.out, 'fusion.json'), sealArtefact(fusionType, fusion, options.privateKeyPem));
  return Object.entries(fusion.metrics).map(([name, value]) => `${name}: ${(100 * value).toFixed(1)} %`);
}

/** Pure: lanes and fusion from played runs. */
export function artefactsFrom(played: { readonly task: readonly PlayedRun[]; readonly noTask: readonly PlayedRun[] }, of: { readonly version: string; readonly seed: number; readonly fittedOn: Readonly<Record<string, string>> }): { readonly callScore: CallScoreArtefact; readonly fusion: FusionPayload } {
  const [task, noTask] = [fittedFrom(played.task), fittedFrom(played.noTask)];
  const metrics: Record<string, number> = {};
  const variant = (name: string, { weights, bias, threshold, stopped, stoppedHidden, touched }: FittedFusion): FusedWeights => {
    Object.assign(metrics, { [`${name}: hijacks stopped`]: stopped, [`${name}: stopped with orders hidden`]: stoppedHidden, [`${name}: benign runs touched`]: touched });
    return { bias, threshold, weights };
  };
  return {
    callScore: { version: of.version, thresholdTouched: touchedPercent / 100, fittedOn: Object.values(of.fittedOn).map((digest) => digest.slice(0, 16)), task: task.lanes, noTask: noTask.lanes },
    fusion: {
      version: of.version, thresholdTouched: touchedPercent / 100, seed: of.seed, fittedOn: of.fittedOn,
      variants: {
        taskKnown: variant('task, known', task.known), taskUnknown: variant('task, unknown', task.unknown),
        noTaskKnown: variant('no task, known', noTask.known), noTaskUnknown: variant('no task, unknown', noTask.unknown),
      },
      metrics,
    },
  };
}

function fittedFrom(all: readonly PlayedRun[]): { readonly lanes: { readonly known: LanePair; readonly unknown: LanePair }; readonly known: FittedFusion; readonly unknown: FittedFusion } {
  const runs = all.filter(({ about }) => setOf(about) === 'tune');
  const rows = runs.filter(({ kind, isHijack: hijack }) => kind === 'benign' || hijack).flatMap(featureRows);
  const pairOf = (isKnown: boolean): Record<'a' | 'b', FittedLane & { readonly threshold: number }> => ({ a: laneOf(rows, 'a', isKnown), b: laneOf(rows, 'b', isKnown) });
  const [known, unknown] = [pairOf(true), pairOf(false)];
  return {
    lanes: { known: pairIn(known), unknown: pairIn(unknown) },
    known: fittedFusion(runs, { lanes: known, touchedPercent, isKnown: true }), unknown: fittedFusion(runs, { lanes: unknown, touchedPercent, isKnown: false }),
  };
}

function laneOf(rows: readonly FeatureRow[], lane: 'a' | 'b', isKnown: boolean): FittedLane & { readonly threshold: number } {
  const found = fitted(rows, lane, isKnown);
  return { ...found, threshold: found.thresholds[String(touchedPercent)] ?? 0 };
}

function pairIn({ a, b }: Record<'a' | 'b', FittedLane & { readonly threshold: number }>): LanePair {
  const lane = ({ bias, threshold, weights }: FittedLane & { readonly threshold: number }): LanePair['a'] => ({ bias, threshold, weights });
  return { a: lane(a), b: lane(b) };
}

function featureRows({ about, calls, tools }: PlayedRun): FeatureRow[] {
  return [{ ...about, tool: '', crit: false, f: {} }, ...calls.map(({ crit, evidence }, at) => ({ ...about, tool: tools[at] ?? '', crit, f: evidence }))];
}

/** The tuning runs, each in front of an agent that knows the other tasks. */
export async function playedFrom(options: TrainOptions, withTask: boolean): Promise<readonly PlayedRun[]> {
  const rows: Trace[] = [];
  for await (const { value } of readRows(options.traces, options.onProblem)) {
    const row = value as Trace;
    if (Array.isArray(row?.calls) && counts(row) && setOf(row) === 'tune' && (row.kind !== 'attacked' || isHijack(row))) rows.push(row);
  }
  const texts = await TextStore.read(options.texts, options.onProblem);
  const played: PlayedRun[] = [];
  try {
    const known = { tools: toolsOf(options.suites), withTask, holds: 'per-call' as const, seed: options.seed, withEvidence: true, pastRuns: options.pastRuns, endorsed: false, contacts: false, mostPerScenario: options.mostPerScenario };
    for await (const { trace, rows: scored } of knownRuns(rows, { options: known, texts, asked: { questions: 0, calls: 0 } })) {
      const { id, suite, kind, user_task: task, injection_task: injection, attack } = trace;
      played.push({
        kind, isHijack: isHijack(trace), about: { id, suite, kind, task, injection, attack }, tools: trace.calls.map(({ tool }) => tool),
        calls: scored.map(({ evidence }, at) => ({ crit: trace.calls[at]?.crit === true, evidence: evidence ?? {} })),
      });
      if (played.length % 200 === 0) options.onProgress?.(`${played.length} runs played, ${withTask ? 'with' : 'without'} task text`);
    }
  } finally {
    texts.close();
  }
  return played;
}

function writeArtefact(file: string, artefact: Artefact<unknown>): void {
  writeFileSync(file, `${JSON.stringify(artefact, null, 1)}\n`);
}

/** @throws when the file is no artefact. */
export function readArtefact(file: string): Artefact<unknown> {
  return JSON.parse(readFileSync(file, 'utf8')) as Artefact<unknown>;
}
