/**
 * `countersign lab texts`: the shipped models on labelled results, fragments and definitions, with thresholds from tune. Fits nothing.
 * MT1. Every look is logged with its commit when a log is named; the page says how many there were.
 * MT2. The baseline's pattern is given, never kept here: it is made of an attack's phrases.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OnnxTextEncoder } from '@countersign/adapters/model-runtime/text-encoder';
import { readObserver } from '@countersign/adapters/model-runtime/observer-files';
import { digestOf } from '../replay/replay-file.js';
import { readData } from './rows.js';
import { textPage } from './text-page.js';
import { textFigures } from './text-report.js';
import { observedScores, textModelScores } from './text-scores.js';

export interface TextsOptions {
  /** Holds `agentdojo/`, `texts/` and `tools/`. */
  readonly data: string;
  /** A pattern to compare with, on the same rows. */
  readonly baseline?: RegExp | undefined;
  /** Markdown; absent: only the lines are returned. */
  readonly out?: string | undefined;
  /** A folder that `countersign observer pull` filled; absent: the text model alone. */
  readonly observer?: string | undefined;
  readonly devLog?: string | undefined;
  readonly commit: string;
}

const files = ['agentdojo/results.jsonl.gz', 'texts/injection-texts.jsonl.gz', 'tools/definitions.jsonl.gz'] as const;
const encoderMsMax = 60_000;

/** @returns the page, as lines. @throws when a file or the observer is missing. */
export async function measureTexts(options: TextsOptions): Promise<readonly string[]> {
  const data = readData(options.data);
  const encoder = await encoderOf(options.observer);
  const scores = [textModelScores(), ...(encoder === undefined ? [] : [observedScores(encoder)])];
  const figures = [];
  for (const one of scores) figures.push(await textFigures(one, { data, dataDir: options.data }));
  await encoder?.close();
  const digests = Object.fromEntries(await Promise.all(files.map(async (file) => [file, await digestOf(join(options.data, file))] as const)));
  const lines = textPage(figures, { ...options, results: data.results, digests, devRuns: looked(options) });
  if (options.out !== undefined) writeFileSync(options.out, `${lines.join('\n')}\n`);
  return lines;
}

async function encoderOf(dir: string | undefined): Promise<OnnxTextEncoder | undefined> {
  if (dir === undefined) return undefined;
  const found = readObserver(dir);
  if (found === undefined) throw new Error(`There is no observer at ${dir}; fetch it with countersign observer pull.`);
  return OnnxTextEncoder.load(found, { runMsMax: encoderMsMax });
}

function looked({ devLog, commit, observer }: TextsOptions): number {
  if (devLog === undefined) return 0;
  appendFileSync(devLog, `${JSON.stringify({ commit, note: `lab texts${observer === undefined ? '' : ', with the observer'}` })}\n`);
  return existsSync(devLog) ? readFileSync(devLog, 'utf8').split('\n').filter((line) => line !== '').length : 0;
}
