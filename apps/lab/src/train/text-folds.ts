/**
 * Tune data in folds, by source: a model is fitted without one source and scores that source's documents.
 * TF1. A fold's instructions (goals, tasks, requests) stand in that source's own clean documents and were not fitted on; nor were the documents.
 * TF2. Composed documents carry the bare instruction in the place of one window, without any wrapping: the hardest honest case.
 */
import { readText, scorerOf, windowsOf, type TextModel, type Vocabulary } from '@countersign/detector-injection';
import { pick, seeded, shuffled } from './seeded.js';
import type { Data, ResultRow } from './rows.js';
import { cleanTuneResults, tuneSuites, vocabularyOf } from './text-samples.js';

export interface Document {
  readonly fold: string;
  /** What is resampled together: one instruction, or one clean document. */
  readonly scenario: string;
  readonly kind: 'clean' | 'bare' | 'as recorded';
  readonly text: string;
  readonly vocabulary: Vocabulary;
}

export const folds: Readonly<Record<string, readonly string[]>> = { workspace: ['workspace'], banking: ['banking'], bipia: ['bipia/email', 'bipia/table', 'bipia/code'] };
const none: Vocabulary = { names: new Set(), pairs: new Set() };
const composedPerInstruction = 6;

export function tuneDocuments(data: Data, seed: number): Document[] {
  return [...suiteDocuments(data, seeded(seed)), ...bipiaDocuments(data)];
}

function suiteDocuments({ results, suites }: Data, random: () => number): Document[] {
  const clean = cleanTuneResults(results).filter((row) => isRead(row) && isPlain(row));
  return tuneSuites.flatMap((fold) => {
    const vocabulary = vocabularyOf(suites[fold]);
    const own = clean.filter((row) => row.suites[0] === fold);
    const tasks = [...Object.values(suites[fold]?.injection_tasks ?? {}), ...Object.values(suites[fold]?.user_tasks ?? {})];
    const instructions = [...new Set(tasks.flatMap((variants) => variants.map(({ prompt, goal }) => goal ?? prompt ?? '')))];
    const bare = instructions.flatMap((instruction, n) => shuffled(own, random).slice(0, composedPerInstruction)
      .map(({ text }) => ({ fold, scenario: `${fold} ${n}`, kind: 'bare' as const, text: withInstruction(text, instruction, random), vocabulary })));
    const recorded = results
      .filter((row) => row.label === 'injected' && row.suites.every((suite) => suite === fold) && row.attacks.every((attack) => attack !== 'direct' && attack !== 'injecagent'))
      .map((row) => ({ fold, scenario: `${fold} ${row.injection_tasks.join()}`, kind: 'as recorded' as const, text: row.text, vocabulary }));
    return [...own.map(({ id, text }) => ({ fold, scenario: id, kind: 'clean' as const, text, vocabulary })), ...bare, ...recorded];
  });
}

function bipiaDocuments({ texts }: Data): Document[] {
  return texts.filter(({ source }) => folds['bipia']?.includes(source)).map((row, n) => (
    { fold: 'bipia', scenario: row.label === 'benign' ? `bipia ${n}` : (row.attack ?? ''), kind: row.label === 'benign' ? 'clean' as const : 'bare' as const, text: row.text, vocabulary: none }
  ));
}

/** In the place of one window, behind the name of its field if it has one. */
function withInstruction(text: string, instruction: string, random: () => number): string {
  const windows = windowsOf(text);
  if (windows.length === 0) return instruction;
  const { start, end } = pick(windows, random);
  const label = /^[-\s]*[\w]{1,32}: /.exec(text.slice(start, end))?.[0] ?? '';
  return `${text.slice(0, start)}${label}${instruction}${text.slice(end)}`;
}

/** Tasks whose data is meant to instruct (a colleague's list of errands, a letter with what to pay): neither clean nor an attack. */
const delegating: Readonly<Record<string, ReadonlySet<string>>> = {
  workspace: new Set(['user_task_13', 'user_task_19']),
  banking: new Set(Array.from({ length: 7 }, (_, n) => `user_task_${n + 9}`)),
};

export function isPlain({ suites, user_tasks }: ResultRow): boolean {
  return user_tasks.some((task) => delegating[suites[0] ?? '']?.has(task) !== true);
}

/** What a write returns is the agent's own words coming back; the product drops them as echoes. */
export function isRead({ tools }: ResultRow): boolean {
  return tools.every((tool) => /^(?:get|search|list|read|check)_/.test(tool));
}

export interface ScoredDocument extends Document {
  readonly score: number;
}

/** @param modelWithout the model fitted without these sources. One model per fold. */
export function scoredByFold(documents: readonly Document[], modelWithout: (sources: readonly string[]) => TextModel): ScoredDocument[] {
  return Object.entries(folds).flatMap(([fold, sources]) => {
    const scorer = scorerOf(modelWithout(sources));
    // The same sentence in a hundred results is one observation of how high a clean text can score, not a hundred.
    const tops = new Set<string>();
    return documents.filter((document) => document.fold === fold).flatMap((document) => {
      const top = readText(document.text, { scorer, vocabulary: document.vocabulary }).windows[0];
      const key = `${document.kind} ${top?.words.join(' ') ?? ''}`;
      if (document.kind === 'clean' && (top === undefined || tops.has(key))) return [];
      tops.add(key);
      return [{ ...document, score: top?.score ?? -8 }];
    });
  });
}
