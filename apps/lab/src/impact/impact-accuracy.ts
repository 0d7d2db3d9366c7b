/**
 * How often a tool's impact class is guessed right, against labels made by hand.
 * The labels (`labels.jsonl`) name server, tool, class and the rule of `labelRules` that made it; the definitions come from a file.
 * IA1. Words were chosen by looking at the first half of the servers (even first byte of SHA-256 of the server's name); `unseen` is the other.
 *      Intervals are resampled over servers: tools of one server are alike.
 * IA2. Milder than the label is what lets a call through and is counted apart from worse than the label, which only asks a person.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Impact } from '@countersign/contracts';
import { classifyTool, type ToolDefinition } from '@countersign/policy';
import { readRows, type OnProblem } from '../replay/read-rows.js';
import { shareOf, shownShare, type Share } from '../quality/intervals.js';

export interface ImpactLabel {
  readonly server: string;
  readonly tool: string;
  readonly impact: Impact;
  readonly rule: keyof typeof labelRules;
}

/** Why a label is what it is; the worst rule that fits wins. */
export const labelRules = {
  'looks-only': 'returns what is there and changes nothing',
  'prepares-only': 'computes, or makes a text, from its arguments alone',
  'changes-records': 'creates or changes something that can be changed back',
  'saves-a-file': 'writes its answer where the caller says',
  'drives-a-program': 'presses, clicks or steers a program at hand',
  'tells-others': 'what is given reaches other people, a public place or another machine',
  'moves-replies': 'changes where answers of others go',
  'free-address': 'goes to an address of the caller’s choosing',
  'free-text-to-strangers': 'a free text goes to a service of the open web',
  'takes-away': 'deletes, or can be told to',
  'loses-settings': 'puts back to a former state what was set since',
  'money-secrets-access': 'moves money, signs, or changes a secret or who may do what',
  'runs-anything': 'runs code, a command or a service that the caller chooses',
} as const;

const severity: readonly Impact[] = ['read', 'write', 'egress', 'irreversible'];

export interface ImpactAccuracy {
  readonly labels: number;
  /** Labelled tools the file had no definition of. */
  readonly missing: number;
  readonly seen: Share;
  readonly unseen: Share;
  readonly milder: Share;
  readonly worse: Share;
  /** `label>guess` → how many. */
  readonly confusion: Readonly<Record<string, number>>;
  readonly wrong: readonly { readonly server: string; readonly tool: string; readonly label: Impact; readonly guess: Impact; readonly why: string }[];
}

export function impactLabels(): readonly ImpactLabel[] {
  const text = readFileSync(new URL('../../src/impact/labels.jsonl', import.meta.url), 'utf8');
  return text.trim().split('\n').map((line) => JSON.parse(line) as ImpactLabel);
}

/** @param file JSON lines of `{server, name, description, inputSchema, annotations}`, plain or gzipped. @throws when it cannot be opened. */
export async function impactAccuracy(file: string, onProblem: OnProblem): Promise<ImpactAccuracy> {
  const definitions = new Map<string, ToolDefinition>();
  for await (const { value } of readRows(file, onProblem)) {
    const row = value as ToolDefinition & { readonly server: string };
    const key = `${row.server}\0${row.name}`;
    if (!definitions.has(key)) definitions.set(key, row);
  }
  return scored(impactLabels(), definitions);
}

type LabelledGuess = ImpactLabel & { readonly guess: Impact; readonly why: string };

/** Pure. @param definitions by `server NUL tool`. */
export function scored(labels: readonly ImpactLabel[], definitions: ReadonlyMap<string, ToolDefinition>): ImpactAccuracy {
  const rows = labels.flatMap((label): LabelledGuess[] => {
    const definition = definitions.get(`${label.server}\0${label.tool}`);
    return definition === undefined ? [] : [{ ...label, ...guessOf(definition, label.tool) }];
  });
  const isRight = (row: LabelledGuess) => row.guess === row.impact;
  const distance = (row: LabelledGuess) => severity.indexOf(row.guess) - severity.indexOf(row.impact);
  const confusion: Record<string, number> = {};
  for (const row of rows) confusion[`${row.impact}>${row.guess}`] = (confusion[`${row.impact}>${row.guess}`] ?? 0) + 1;
  return {
    labels: labels.length,
    missing: labels.length - rows.length,
    seen: share(rows.filter((row) => isSeen(row.server)), isRight),
    unseen: share(rows.filter((row) => !isSeen(row.server)), isRight),
    milder: share(rows, (row) => distance(row) < 0),
    worse: share(rows, (row) => distance(row) > 0),
    confusion,
    wrong: rows.filter((row) => !isRight(row)).map(({ server, tool, impact, guess, why }) => ({ server, tool, label: impact, guess, why })),
  };
}

function guessOf(definition: ToolDefinition, name: string): { readonly guess: Impact; readonly why: string } {
  const { impact, why } = classifyTool(definition, name);
  return { guess: impact, why };
}

function isSeen(server: string): boolean {
  return (createHash('sha256').update(server).digest()[0] ?? 0) % 2 === 0;
}

function share(rows: readonly LabelledGuess[], counts: (row: LabelledGuess) => boolean): Share {
  return shareOf(rows.map((row) => ({ scenario: row.server, part: counts(row) ? 1 : 0, whole: 1 })));
}

/** For people: a table, then each tool that was guessed wrong. */
export function shownImpactAccuracy(accuracy: ImpactAccuracy): string[] {
  const rows: readonly (readonly [string, Share])[] = [
    ['right, servers whose tools were looked at', accuracy.seen], ['right, servers never looked at', accuracy.unseen],
    ['milder than the label', accuracy.milder], ['worse than the label', accuracy.worse],
  ];
  return [
    `${accuracy.labels} labelled tools${accuracy.missing === 0 ? '' : `, of which ${accuracy.missing} have no definition in this file`}`,
    ...rows.map(([what, value]) => `${what.padEnd(42)} ${shownShare(value)}`),
    ...accuracy.wrong.map(({ server, tool, label, guess, why }) => `${label} taken for ${guess}: ${server} · ${tool} (${why})`),
  ];
}
