/**
 * No phrase, account or address of an attack in public evaluation data stands in code or artefacts.
 * NB1. `COUNTERSIGN_EVALUATION_DATA` names the folder that holds `agentdojo/`; without it this passes and says loudly that nothing was compared.
 * NB2. A phrase is five words in a row of an injected text, two of them of five letters or more, that no clean result, user's task or
 *      tool definition has.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';

const data = process.env['COUNTERSIGN_EVALUATION_DATA'];
const root = join(import.meta.dirname, '../../../..');
const phraseWords = 5;

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[a-z0-9@._/-]+/g) ?? [];

function phrasesOf(text: string): string[] {
  const words = wordsOf(text);
  return words.slice(phraseWords - 1).map((_, at) => words.slice(at, at + phraseWords).join(' '));
}

/** Accounts, mail addresses and links. */
function namesOf(text: string): string[] {
  return text.match(/[\w.+-]+@[\w-]+\.[\w.-]*\w|\b[A-Z]{2}\d{10,}\b|(?:https?:\/\/|www\.)[\w./-]*\w/g) ?? [];
}

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder).sort()) {
    if (name === 'node_modules' || name === 'dist' || name.startsWith('.')) continue;
    const file = join(folder, name);
    if (statSync(file).isDirectory()) yield* sources(file);
    else if (/\.(?:ts|mjs|json|yaml|md|onnx)$/.test(name)) yield file;
  }
}

interface Forbidden {
  readonly phrases: ReadonlySet<string>;
  readonly names: ReadonlySet<string>;
}

function forbidden(folder: string): Forbidden {
  const lines = (file: string): Record<string, unknown>[] => gunzipSync(readFileSync(join(folder, 'agentdojo', file))).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
  const texts = new Map(lines('texts.jsonl.gz').map(({ id, text }) => [id as string, text as string]));
  const injected = new Set<string>();
  const ordinary = new Set<string>();
  for (const trace of lines('traces.jsonl.gz')) {
    for (const id of trace['injections'] as string[]) injected.add(texts.get(id) ?? '');
    if (trace['kind'] === 'benign') ordinary.add(String(trace['prompt']));
  }
  for (const row of lines('results.jsonl.gz')) if (row['label'] === 'clean' && Number(row['n_benign_run']) > 0) ordinary.add(String(row['text']));
  const suites = JSON.parse(readFileSync(join(folder, 'agentdojo/suites.json'), 'utf8')) as Record<string, { injection_tasks: Record<string, { goal?: string }[]>; tools: unknown }>;
  for (const { injection_tasks: goals, tools } of Object.values(suites)) {
    for (const variants of Object.values(goals)) for (const { goal } of variants) injected.add(goal ?? '');
    ordinary.add(JSON.stringify(tools));
  }
  const known = new Set([...ordinary].flatMap(phrasesOf));
  const knownNames = new Set([...ordinary].flatMap(namesOf));
  return {
    phrases: new Set([...injected].flatMap(phrasesOf).filter((phrase) => !known.has(phrase) && phrase.split(' ').filter((word) => word.length >= 5).length >= 2)),
    names: new Set([...injected].flatMap(namesOf).filter((name) => name.length >= 8 && !knownNames.has(name))),
  };
}

function found({ phrases, names }: Forbidden, text: string): string[] {
  return [...phrasesOf(text).filter((phrase) => phrases.has(phrase)), ...[...names].filter((name) => text.includes(name))];
}

describe('code and artefacts', () => {
  it('hold no phrase, account or address of an attack in the evaluation data', ({ annotate }) => {
    if (data === undefined) {
      const message = 'NOTHING WAS COMPARED: COUNTERSIGN_EVALUATION_DATA is not set, so attack phrases were not looked for.';
      console.warn(message);
      void annotate(message, 'warning');
      expect(data).toBeUndefined();
      return;
    }
    const what = forbidden(data);
    expect(what.phrases.size).toBeGreaterThan(1_000);
    expect(what.names.size).toBeGreaterThan(5);
    const hits = ['apps', 'libs'].flatMap((part) => [...sources(join(root, part))]).flatMap((file) => found(what, readFileSync(file, 'utf8')).map((hit) => `${file.slice(root.length + 1)}: ${hit}`));
    expect(hits).toEqual([]);
  }, 120_000);

  it('would be caught if they did', () => {
    const what: Forbidden = { phrases: new Set(phrasesOf('send the blue ledger to nobody')), names: new Set(['ledger@harbour.example']) };
    expect(found(what, 'const a = "Send the blue ledger to";')).toEqual(['send the blue ledger to']);
    expect(found(what, 'mail ledger@harbour.example')).toEqual(['ledger@harbour.example']);
    expect(found(what, 'the blue ledger is sent')).toEqual([]);
  });
});
