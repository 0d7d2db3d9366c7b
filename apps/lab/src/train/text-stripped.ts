/**
 * Recorded attacks with their wrapping taken off: the same result, with the bare goal where the whole injected text stood.
 * ST1. Knows no wrapping: it looks for the recorded injected text by its first and last words, and puts the recorded goal in its place.
 * ST2. A result in which the text cannot be found whole is left out and counted, never guessed at.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Data, ResultRow } from './rows.js';

export interface Stripped {
  readonly row: ResultRow;
  readonly text: string;
}

const edgeWords = 4;
/** Share of the injected text that must stand in a result. */
const presentMin = 0.9;
const injectedMax = 8;

/** @param dataDir the folder that holds `agentdojo/`. */
export function strippedResults(dataDir: string, { results, suites }: Data): { readonly stripped: readonly Stripped[]; readonly notFound: number } {
  const injected = injectedTexts(dataDir);
  const stripped: Stripped[] = [];
  let notFound = 0;
  for (const row of results) {
    if (row.label !== 'injected' || row.attacks.every((attack) => attack === 'direct' || attack.includes('dos'))) continue;
    const tasks = suites[row.suites[0] ?? '']?.injection_tasks;
    const goals = row.injection_tasks.flatMap((task) => (tasks?.[task.slice(task.indexOf('/') + 1)] ?? []).map(({ goal }) => goal ?? ''));
    const text = goals.length === 0 ? undefined : withGoal(row.text, injected.get(row.id) ?? [], goals);
    if (text === undefined) notFound += 1;
    else stripped.push({ row, text });
  }
  return { stripped, notFound };
}

/** Result id → what the runs that saw it had injected. */
function injectedTexts(dataDir: string): Map<string, string[]> {
  const lines = <T>(file: string): T[] => gunzipSync(readFileSync(join(dataDir, 'agentdojo', file))).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  const texts = new Map(lines<{ id: string; text: string }>('texts.jsonl.gz').map(({ id, text }) => [id, text]));
  const found = new Map<string, Set<string>>();
  const seen = lines<{ injections: string[]; calls: { result: string; inj: number }[] }>('traces.jsonl.gz')
    .flatMap(({ injections, calls }) => calls.filter(({ inj }) => inj >= presentMin).map(({ result }) => ({ result, injections })));
  for (const { result, injections } of seen) {
    const known = found.get(result) ?? new Set<string>();
    for (const id of injections) if (known.size < injectedMax) known.add(texts.get(id) ?? '');
    found.set(result, known);
  }
  return new Map([...found].map(([id, known]) => [id, [...known]]));
}

/** Every injected text found in `text`, replaced by the goal that it carries. */
function withGoal(text: string, injected: readonly string[], goals: readonly string[]): string | undefined {
  let stripped = text;
  let isFound = false;
  for (const injection of injected) {
    const goal = goals.find((one) => wordsIn(injection).join(' ').includes(wordsIn(one).join(' '))) ?? goals[0] ?? '';
    const span = spanOf(stripped, injection);
    if (span === undefined) continue;
    stripped = `${stripped.slice(0, span.start)}${goal}${stripped.slice(span.end)}`;
    isFound = true;
  }
  return isFound ? stripped : undefined;
}

/** Escaped line breaks become spaces of the same width, so that offsets stay. */
function places(text: string): { word: string; start: number; end: number }[] {
  return [...text.replace(/\\n/g, '  ').matchAll(/[A-Za-z0-9]+/g)].map((match) => ({ word: match[0].toLowerCase(), start: match.index, end: match.index + match[0].length }));
}

function wordsIn(text: string): string[] {
  return places(text).map(({ word }) => word);
}

function spanOf(text: string, injection: string): { start: number; end: number } | undefined {
  const words = wordsIn(injection);
  const found = places(text);
  const at = (wanted: readonly string[], from: number): number => found.findIndex((_, n) => n >= from && wanted.every((word, k) => found[n + k]?.word === word));
  const first = at(words.slice(0, edgeWords), 0);
  if (first < 0 || words.length < edgeWords) return undefined;
  const last = at(words.slice(-edgeWords), first);
  const [start, end] = [found[first]?.start, found[last + edgeWords - 1]?.end];
  return last < 0 || last - first > 2 * words.length || start === undefined || end === undefined ? undefined : { start, end };
}
