/**
 * `countersign lab quality`: scores and labels → one page.
 * QF1. Each look at development data is logged with its commit (`devLog`), and the page says how many there were.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { OnProblem } from '../replay/read-rows.js';
import { digestOf } from '../replay/replay-file.js';
import { joined } from './judged-run.js';
import { figuresOf, points } from './metrics.js';
import { pageOf } from './page.js';
import { versionsInUse } from './versions.js';
import { worstOf } from './worst.js';

export interface QualityOptions {
  readonly traces: string;
  readonly scores: string;
  /** Markdown; absent: only the summary is returned. */
  readonly out?: string | undefined;
  readonly devLog?: string | undefined;
  readonly commit: string;
  readonly conditions: string;
  readonly onProblem: OnProblem;
}

/** Lines for people: the headline figures of each set. */
export async function qualityOf(options: QualityOptions): Promise<readonly string[]> {
  const { runs, leftOut, unscored } = await joined(options, options.onProblem);
  if (runs.length === 0) throw new Error(`${options.traces} and ${options.scores} share no run that counts; there is nothing to report.`);
  const scoresDigest = await digestOf(options.scores);
  const devRuns = looked(options, { isDev: runs.some(({ set }) => set === 'dev' || set === 'dev-template'), scoresDigest });
  if (options.out !== undefined) {
    const files = { [basename(options.traces)]: await digestOf(options.traces), [basename(options.scores)]: scoresDigest };
    writeFileSync(options.out, pageOf(runs, { title: 'Calls: stopped, touched, missed', commit: options.commit, versions: versionsInUse(), files, conditions: options.conditions, leftOut, unscored, devRuns, ...(await worstOf(runs, options.traces)) }));
  }
  const sets = [...new Set(runs.map(({ set }) => set))];
  return sets.flatMap((set) => [false, true].flatMap((isPlain) => points.map(({ name, holds }) => {
    const { stopped, touched } = figuresOf(runs.filter((run) => run.set === set && !(isPlain && run.isDelegating)), holds);
    const share = (of: { part: number; whole: number }): string => (of.whole === 0 ? '–' : ((100 * of.part) / of.whole).toFixed(1));
    return `${set}${isPlain ? ', without delegating tasks' : ''}: ${name}: ${share(stopped)} % stopped, ${share(touched)} % touched`;
  })));
}

function looked({ devLog, commit }: QualityOptions, { isDev, scoresDigest }: { isDev: boolean; scoresDigest: string }): number {
  if (devLog === undefined) return 0;
  const known = existsSync(devLog) ? readFileSync(devLog, 'utf8').split('\n').filter((line) => line !== '') : [];
  if (!isDev || known.some((line) => line.includes(scoresDigest))) return known.length;
  appendFileSync(devLog, `${JSON.stringify({ commit, scores: scoresDigest })}\n`);
  return known.length + 1;
}
