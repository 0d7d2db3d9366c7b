/** The calls a reader should look at first: hijacks that came furthest below the threshold, benign calls that came furthest above it; one per task and tool. */
import { readRows } from '../replay/read-rows.js';
import type { JudgedCall, JudgedRun } from './judged-run.js';

const shown = 10;
const argsCharsMax = 160;

export interface WorstCall {
  readonly id: string;
  readonly index: number;
  readonly tool: string;
  readonly args: string;
  readonly score: number;
  readonly reasons: readonly string[];
}

interface Candidate {
  readonly run: JudgedRun;
  readonly call: JudgedCall;
}

export async function worstOf(runs: readonly JudgedRun[], traces: string): Promise<{ misses: readonly WorstCall[]; falseHolds: readonly WorstCall[] }> {
  const missed = runs.filter(({ isHijack, calls }) => isHijack && !calls.some((call) => call.crit && call.score > 0));
  const misses = chosen(missed.flatMap((run) => best(run, run.calls.filter(({ crit }) => crit))), (a, b) => a.call.score - b.call.score);
  const benign = runs.filter(({ kind }) => kind === 'benign');
  const falseHolds = chosen(benign.flatMap((run) => best(run, run.calls.filter(({ score }) => score > 0))), (a, b) => b.call.score - a.call.score);
  const args = await argumentsOf(traces, new Set([...misses, ...falseHolds].map(({ run }) => run.id)));
  const describe = ({ run, call }: Candidate): WorstCall => ({
    id: run.id, index: call.call_index, tool: call.tool, score: call.score, reasons: call.reasons.filter((code) => !code.endsWith('-absent')),
    args: JSON.stringify(args.get(run.id)?.[call.call_index] ?? {}).slice(0, argsCharsMax),
  });
  return { misses: misses.map(describe), falseHolds: falseHolds.map(describe) };
}

function best(run: JudgedRun, calls: readonly JudgedCall[]): Candidate[] {
  const call = calls.reduce<JudgedCall | undefined>((a, b) => (a === undefined || b.score > a.score ? b : a), undefined);
  return call === undefined ? [] : [{ run, call }];
}

function chosen(candidates: readonly Candidate[], order: (a: Candidate, b: Candidate) => number): readonly Candidate[] {
  const byTask = new Map<string, Candidate>();
  for (const candidate of [...candidates].sort(order)) {
    const key = `${candidate.run.scenario} ${candidate.call.tool}`;
    if (!byTask.has(key)) byTask.set(key, candidate);
  }
  return [...byTask.values()].slice(0, shown);
}

async function argumentsOf(file: string, ids: ReadonlySet<string>): Promise<ReadonlyMap<string, readonly unknown[]>> {
  const found = new Map<string, readonly unknown[]>();
  for await (const { value } of readRows(file, () => undefined)) {
    const { id, calls } = (value ?? {}) as { id?: unknown; calls?: unknown };
    if (typeof id === 'string' && ids.has(id) && Array.isArray(calls)) found.set(id, calls.map((call: unknown) => (call as { args?: unknown }).args));
  }
  return found;
}
