/**
 * A recorded attack without its wrapping: the injected text is cut out of each result and the bare goal stands in its place.
 * ST1. What an attacker says around his goal must not be what finds him: recall on stripped results belongs beside recall on recorded ones.
 * ST2. A run whose injected text is found in no result cannot be stripped, and is left out.
 */
import { readFileSync } from 'node:fs';
import type { TextStore } from './text-store.js';
import type { ReplayTrace } from './trace-row.js';
import type { Trace } from './traces.js';

/** Enough words to know a text's beginning and its end by. */
const edgeWords = 4;

interface Goals {
  readonly injection_tasks?: Readonly<Record<string, readonly { readonly goal?: string; readonly versions?: readonly string[] }[]>>;
}

/** @param suites file with `injection_tasks` {id: [{goal, versions}]} per suite. */
export function stripper(suites: string, texts: TextStore): (trace: ReplayTrace, row: Trace) => ReplayTrace | undefined {
  const known = JSON.parse(readFileSync(suites, 'utf8')) as Readonly<Record<string, Goals>>;
  return (trace, row) => {
    const { injections, version } = row as { readonly injections?: readonly string[]; readonly version?: string };
    if (row.kind !== 'attacked') return trace;
    const variants = known[row.suite]?.injection_tasks?.[row.injection_task ?? ''] ?? [];
    const goal = (variants.find(({ versions }) => version !== undefined && versions?.includes(version) === true) ?? variants[0])?.goal;
    if (goal === undefined) return undefined;
    const injected = (injections ?? []).flatMap((id) => texts.textOf(id) ?? []);
    let isStripped = false;
    const calls = trace.calls.map((call) => {
      const resultText = injected.reduce((document, text) => withoutText(document, text, goal), call.resultText);
      isStripped ||= resultText !== call.resultText;
      return { ...call, resultText };
    });
    return isStripped ? { ...trace, calls } : undefined;
  };
}

/** Servers wrap and escape what they quote, so an injected text is found by its first and last words. @param instead what stands there then. */
export function withoutText(document: string, injected: string, instead = ''): string {
  const words = injected.trim().split(/\s+/).map((word) => word.replaceAll(/[^\p{L}\p{N}]+/gu, '')).filter((word) => word !== '');
  const joinedBy = (part: readonly string[]): string => part.join('(?:\\\\[nrt]|[^\\p{L}\\p{N}]){1,40}?');
  const [head, tail] = [joinedBy(words.slice(0, edgeWords)), joinedBy(words.slice(-edgeWords))];
  const begin = new RegExp(head, 'u').exec(document)?.index;
  if (words.length < edgeWords || begin === undefined) return document;
  const end = new RegExp(tail, 'u').exec(document.slice(begin));
  return end === null ? document : document.slice(0, begin) + instead + document.slice(begin + end.index + end[0].length);
}
