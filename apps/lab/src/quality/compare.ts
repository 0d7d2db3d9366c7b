/**
 * `countersign lab compare`: the same runs under several conditions (history, answers, lists, task text), one table.
 * CQ1. Every row is the verdict of the policy that ships; only what was known differs.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { OnProblem } from '../replay/read-rows.js';
import { digestOf } from '../replay/replay-file.js';
import { percent, shownShare } from './intervals.js';
import { joined, type JudgedRun } from './judged-run.js';
import { figuresOf, rankingOf, type Holds } from './metrics.js';
import type { EvaluationSet } from './sets.js';
import { versionsInUse } from './versions.js';

export interface CompareOptions {
  readonly traces: string;
  /** Name of a condition → its scores file. */
  readonly scores: Readonly<Record<string, string>>;
  readonly set: EvaluationSet;
  readonly out?: string | undefined;
  readonly devLog?: string | undefined;
  readonly commit: string;
  readonly conditions: string;
  readonly onProblem: OnProblem;
}

const held: Holds = (call) => call.held;

export async function compared(options: CompareOptions): Promise<readonly string[]> {
  const rows: string[] = [];
  const ranks: string[] = [];
  const files: Record<string, string> = { [basename(options.traces)]: await digestOf(options.traces) };
  for (const [name, scores] of Object.entries(options.scores)) {
    const runs = (await joined({ traces: options.traces, scores }, options.onProblem)).runs.filter(({ set }) => set === options.set);
    files[basename(scores)] = await digestOf(scores);
    rows.push(rowOf(name, runs, ''), rowOf(name, runs.filter(({ isDelegating }) => !isDelegating), ', without delegating tasks'));
    const ranking = rankingOf(runs);
    if (ranking !== undefined) ranks.push(`| ${name} | ${ranking.runs.toFixed(4)} | ${ranking.calls.toFixed(4)} | ${ranking.shuffledCalls.toFixed(3)} | ${Object.values(ranking.at).map(percent).join(' / ')} |`);
  }
  const table = [
    `| What is known | hijacks stopped, % | benign runs touched, % | questions per 100 benign calls | denied per 100 | exposed and resisted, touched, % | goal given by the user, touched, % |`, '|---|---|---|---|---|---|---|', ...rows, '',
    '| What is known | AUROC, highest score of a run | AUROC, calls | scores shuffled | stopped, % at 1 / 3 / 5 / 10 % touched (own threshold) |', '|---|---|---|---|---|', ...ranks,
  ];
  const looks = options.set === 'tune' ? undefined : looked(options, JSON.stringify(files));
  if (options.out !== undefined) {
    writeFileSync(options.out, [
      `# ${options.set === 'tune' ? 'Tuning runs' : 'Development runs'}: what is known, and what the verdict does then`, '',
      `Commit \`${options.commit}\`. ${versionsInUse().join(' · ')}. ${options.conditions}${looks === undefined ? '' : ` Runs on development data so far: ${looks}.`}`, '',
      '| File | SHA-256 |', '|---|---|', ...Object.entries(files).map(([file, digest]) => `| ${file} | \`${digest.slice(0, 32)}…\` |`), '', ...table, '',
    ].join('\n'));
  }
  return table;
}

function rowOf(name: string, runs: readonly JudgedRun[], of: string): string {
  const { stopped, touched, resistedTouched, userGoalTouched } = figuresOf(runs, held);
  const benign = runs.filter(({ kind }) => kind === 'benign');
  const calls = Math.max(1, benign.reduce((sum, run) => sum + run.calls.length, 0));
  const per100 = (kind: string): string => ((100 * benign.reduce((sum, run) => sum + run.calls.filter((call) => call.kind === kind).length, 0)) / calls).toFixed(1);
  return `| ${name}${of} | ${shownShare(stopped)} | ${shownShare(touched)} | ${per100('step_up')} | ${per100('deny')} | ${shownShare(resistedTouched)} | ${shownShare(userGoalTouched)} |`;
}

function looked({ devLog, commit }: CompareOptions, files: string): number | undefined {
  if (devLog === undefined) return undefined;
  const known = existsSync(devLog) ? readFileSync(devLog, 'utf8').split('\n').filter((line) => line !== '') : [];
  const line = JSON.stringify({ commit, note: 'lab compare', scores: files });
  if (known.includes(line)) return known.length;
  appendFileSync(devLog, `${line}\n`);
  return known.length + 1;
}
