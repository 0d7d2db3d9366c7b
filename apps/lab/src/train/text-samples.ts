/**
 * What the text model learns from: tune data only.
 * TS1. Positives are instructions of any kind (users' tasks, goals, requests, announcements, made-up ones), never an attack's wrapping.
 * TS2. Negatives are clean results, ordinary mails, tables and answers, made-up letters, READMEs, and half of the tool definitions: texts full of imperatives to nobody.
 * TS3. Each sample names its source, so that a source can be left out.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { featuresOf, hashOf, mixed, plainText, windowsOf, type Vocabulary } from '@countersign/detector-injection';
import { madeUpLetterLine } from './correspondence.js';
import { madeUpInstruction } from './instructions.js';
import { madeUpOrdinary } from './ordinary.js';
import type { Example } from './logistic.js';
import { isTuneServer, type Data, type ResultRow, type Suite } from './rows.js';

export interface Sample extends Example {
  readonly source: string;
  /** The window, in plain letters. */
  readonly text: string;
}

export const tuneSuites = ['workspace', 'banking'] as const;
const noVocabulary: Vocabulary = { names: new Set(), pairs: new Set() };
const madeUpCount = 4_000;

export function vocabularyOf(suite: Suite | undefined): Vocabulary {
  const names = new Set<number>();
  const pairs = new Set<number>();
  for (const tool of suite?.tools ?? []) {
    names.add(hashOf(tool.name.toLowerCase()));
    const words = tool.name.toLowerCase().split('_');
    for (let at = 1; at < words.length; at += 1) pairs.add(mixed(hashOf(words[at - 1] ?? ''), hashOf(words[at] ?? '')));
    for (const name of Object.keys(tool.inputSchema?.properties ?? {})) if (name.includes('_')) names.add(hashOf(name.toLowerCase()));
  }
  return { names, pairs };
}

export function tuneSamples(data: Data, readmesUnder: string, random: () => number): Sample[] {
  return [...positives(data, random), ...negatives(data, readmesUnder, random)];
}

function positives({ suites, texts }: Data, random: () => number): Sample[] {
  const samples: Sample[] = [];
  const add = (source: string, text: string, { vocabulary = noVocabulary, weight = 1 }: { vocabulary?: Vocabulary; weight?: number } = {}) => {
    samples.push(...samplesOf(text, { source, isInstruction: true, weight, vocabulary }));
  };
  for (const name of tuneSuites) {
    const suite = suites[name];
    const vocabulary = vocabularyOf(suite);
    for (const variants of [...Object.values(suite?.user_tasks ?? {}), ...Object.values(suite?.injection_tasks ?? {})]) {
      for (const text of new Set(variants.map((variant) => variant.prompt ?? variant.goal ?? ''))) add(name, text, { vocabulary, weight: 2 });
    }
  }
  for (const row of texts) if (row.source === 'tasktracker-triggers') add(row.source, row.text);
  for (const source of ['bipia/email', 'bipia/table', 'bipia/code']) {
    const attacks = new Set(texts.filter((row) => row.source === source).map((row) => (row.attack ?? '').split('```')[0] ?? ''));
    for (const attack of attacks) add(source, attack, { weight: 2 });
  }
  for (let n = 0; n < madeUpCount; n += 1) add('made-up', madeUpInstruction(random), { weight: 0.5 });
  return samples;
}

function negatives({ results, texts, definitions, suites }: Data, readmesUnder: string, random: () => number): Sample[] {
  const samples: Sample[] = [];
  const seen = new Set<string>();
  const add = (source: string, text: string, vocabulary: Vocabulary) => {
    for (const sample of samplesOf(text, { source, isInstruction: false, weight: 1, vocabulary })) {
      const key = sample.features.words.join(' ');
      if (seen.has(key)) continue;
      seen.add(key);
      samples.push(sample);
    }
  };
  for (const row of cleanTuneResults(results)) add(row.suites[0] ?? '', row.text, vocabularyOf(suites[row.suites[0] ?? '']));
  for (const row of texts) if (row.source.startsWith('bipia/') && row.label === 'benign') add(row.source, row.text, noVocabulary);
  for (const row of definitions) if (isTuneServer(row.server)) add('definitions', row.description ?? '', noVocabulary);
  for (const text of readmes(readmesUnder)) add('readmes', text, noVocabulary);
  for (let n = 0; n < madeUpCount; n += 1) add('made-up', madeUpLetterLine(random), noVocabulary);
  for (let n = 0; n < 2 * madeUpCount; n += 1) add('made-up', madeUpOrdinary(random), noVocabulary);
  return samples;
}

export function cleanTuneResults(results: readonly ResultRow[]): ResultRow[] {
  return results.filter((row) => row.label === 'clean' && row.suites.length === 1 && (tuneSuites as readonly string[]).includes(row.suites[0] ?? ''));
}

function samplesOf(text: string, { vocabulary, ...sample }: Omit<Sample, 'features' | 'text'> & { vocabulary: Vocabulary }): Sample[] {
  return windowsOf(text).map(({ start, end }) => {
    const plain = plainText(text.slice(start, end));
    return { ...sample, text: plain, features: featuresOf(plain, vocabulary) };
  });
}

const readmesMax = 250;
const readmeCharactersMax = 6_000;

/** READMEs of the installed packages, in name order. */
function readmes(folder: string): string[] {
  const texts: string[] = [];
  for (const name of readdirSync(folder).sort()) {
    const file = join(folder, name, 'README.md');
    if (texts.length < readmesMax && statSync(file, { throwIfNoEntry: false })?.isFile()) texts.push(readFileSync(file, 'utf8').slice(0, readmeCharactersMax));
  }
  return texts;
}
