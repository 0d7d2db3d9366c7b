/**
 * `call-score TASK.jsonl NO-TASK.jsonl ARTEFACT.ts VERSION`: fits the call score from the features of two replays of tuning runs
 * (`replay DIR --features FILE`, with and without `--no-task`) and replaces the constant in the artefact's source.
 * CA1. Weights and thresholds come from tuning runs alone; the share of benign tuning runs that a threshold may touch is fixed here.
 * CA2. The artefact names the digests of what it was fitted on.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fitted, type FeatureRow } from './fit-call-score.js';

const touchedPercent = 3;

const [taskFile, noTaskFile, artefactFile, version] = process.argv.slice(2);
if (taskFile === undefined || noTaskFile === undefined || artefactFile === undefined || version === undefined) {
  throw new Error('Usage: call-score TASK.jsonl NO-TASK.jsonl ARTEFACT.ts VERSION');
}

function pairs(file: string): { known: unknown; unknown: unknown } {
  const rows = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as FeatureRow);
  const pair = (history: boolean) => ({ a: laneOf(rows, 'a', history), b: laneOf(rows, 'b', history) });
  return { known: pair(true), unknown: pair(false) };
}

function laneOf(rows: readonly FeatureRow[], lane: 'a' | 'b', history: boolean): { bias: number; threshold: number; weights: Readonly<Record<string, number>> } {
  const { bias, weights, thresholds } = fitted(rows, lane, history);
  return { bias, threshold: thresholds[String(touchedPercent)] ?? 0, weights };
}

function digestOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex').slice(0, 16);
}

const artefact = {
  version, thresholdTouched: touchedPercent / 100, fittedOn: [digestOf(taskFile), digestOf(noTaskFile)],
  task: pairs(taskFile), noTask: pairs(noTaskFile),
};
const source = readFileSync(artefactFile, 'utf8');
const start = source.indexOf('export const callScore');
if (start < 0) throw new Error(`${artefactFile} holds no constant \`callScore\` to replace; nothing was written.`);
const text = JSON.stringify(artefact, null, 2).replace(/"([a-zA-Z]\w*)":/g, '$1:').replaceAll('"', "'");
writeFileSync(artefactFile, `${source.slice(0, start)}export const callScore: CallScoreArtefact = ${text};\n`);
console.log(`${artefactFile} holds version ${version}.`);
