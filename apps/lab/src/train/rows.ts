/** Reads the public evaluation files; what each means is in the design notes on data. Nothing here runs in the product. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface ResultRow {
  readonly id: string;
  readonly text: string;
  readonly label: 'clean' | 'injected' | 'partial';
  readonly suites: readonly string[];
  readonly tools: readonly string[];
  readonly attacks: readonly string[];
  readonly user_tasks: readonly string[];
  readonly injection_tasks: readonly string[];
}

export interface TextRow {
  readonly source: string;
  readonly label: 'benign' | 'injected' | 'injected_fragment';
  readonly text: string;
  readonly attack?: string;
}

export interface DefinitionRow {
  readonly server: string;
  readonly name: string;
  readonly description?: string;
  readonly inputSchema?: unknown;
  readonly annotations?: unknown;
}

interface TaskVariant {
  readonly prompt?: string;
  readonly goal?: string;
}
export interface Suite {
  readonly tools: readonly { readonly name: string; readonly inputSchema?: { readonly properties?: Readonly<Record<string, unknown>> } }[];
  readonly user_tasks: Readonly<Record<string, readonly TaskVariant[]>>;
  readonly injection_tasks: Readonly<Record<string, readonly TaskVariant[]>>;
}

/** @param dir the folder that holds `agentdojo/`, `texts/` and `tools/`. */
export function readData(dir: string) {
  const lines = <T>(file: string): T[] => gunzipSync(readFileSync(join(dir, file))).toString('utf8').split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as T);
  return {
    results: lines<ResultRow>('agentdojo/results.jsonl.gz'),
    texts: lines<TextRow>('texts/injection-texts.jsonl.gz'),
    definitions: lines<DefinitionRow>('tools/definitions.jsonl.gz'),
    suites: JSON.parse(readFileSync(join(dir, 'agentdojo/suites.json'), 'utf8')) as Readonly<Record<string, Suite>>,
  };
}
export type Data = ReturnType<typeof readData>;

/** Half of the servers, by a hash of the name; the other half is for looking, never for fitting. */
export function isTuneServer(server: string): boolean {
  let hash = 0;
  for (const character of server) hash = (Math.imul(hash, 31) + (character.codePointAt(0) ?? 0)) >>> 0;
  return hash % 2 === 0;
}
