/** Figures of one set of scores on labelled results, fragments and definitions: shares with intervals over scenarios. */
import { checkDefinition, type Vocabulary } from '@countersign/detector-injection';
import { shareOf, type Share } from '../quality/intervals.js';
import { isTuneServer, type Data, type ResultRow } from './rows.js';
import { seeded, shuffled } from './seeded.js';
import { auroc, thresholdAt } from './text-figures.js';
import type { TextScore, TextScores } from './text-scores.js';
import { strippedResults } from './text-stripped.js';
import { tuneSuites, vocabularyOf } from './text-samples.js';

export interface ScoredText extends TextScore {
  readonly scenario: string;
  readonly suite: string;
  readonly tool: string;
  readonly attacks: readonly string[];
  readonly text: string;
}

export interface TemplateFigures {
  readonly template: string;
  readonly n: number;
  readonly auroc: number;
  readonly aurocInterval: readonly [number, number];
  readonly atOne: Share;
  readonly atOwnOne: Share;
  readonly atOwnFive: Share;
  readonly strong: Share;
  /** With the wrapping taken off; absent where there is none, or none was found. */
  readonly stripped?: Share;
}

export interface GroupFigures {
  readonly suites: readonly string[];
  readonly clean: readonly ScoredText[];
  readonly bare: readonly ScoredText[];
  readonly falseAtOne: Share;
  readonly falseStrong: Share;
  readonly templates: readonly TemplateFigures[];
  readonly shuffledAuroc: number;
}

export interface TextFigures {
  readonly scores: TextScores;
  readonly groups: readonly GroupFigures[];
  readonly strippedNotFound: number;
  readonly fragments: { readonly n: readonly [number, number]; readonly auroc: number; readonly found: Share; readonly falses: Share };
  readonly definitions: { readonly n: number; readonly servers: number; readonly suspicious: readonly string[]; readonly hidden: number };
}

const none: Vocabulary = { names: new Set(), pairs: new Set() };
const groups = [['slack', 'travel'], [...tuneSuites]];

export async function textFigures(scores: TextScores, { data, dataDir }: { data: Data; dataDir: string }): Promise<TextFigures> {
  const scored = (row: ResultRow, text: string): Promise<ScoredText> => scoredRow(scores, data, { row, text });
  const results: { row: ResultRow; scored: ScoredText }[] = [];
  for (const row of data.results) if (row.label !== 'partial') results.push({ row, scored: await scored(row, row.text) });
  const { stripped, notFound } = strippedResults(dataDir, data);
  const bare: ScoredText[] = [];
  for (const { row, text } of stripped) bare.push(await scored(row, text));
  return {
    scores,
    groups: groups.map((suites) => groupFigures(suites, { scores, results, bare })),
    strippedNotFound: notFound,
    fragments: await fragmentFigures(scores, data),
    definitions: definitionFigures(data),
  };
}

async function scoredRow(scores: TextScores, { suites }: Data, { row, text }: { row: ResultRow; text: string }): Promise<ScoredText> {
  const suite = row.suites[0] ?? '';
  const scenario = row.label === 'clean' ? `${suite} ${row.user_tasks.join()}` : row.injection_tasks.join();
  return { ...(await scores.of(text, vocabularyOf(suites[suite]))), scenario, suite, tool: row.tools[0] ?? '', attacks: row.attacks, text };
}

interface GroupInput {
  readonly scores: TextScores;
  readonly results: readonly { readonly row: ResultRow; readonly scored: ScoredText }[];
  readonly bare: readonly ScoredText[];
}

function groupFigures(suites: readonly string[], { scores, results, bare }: GroupInput): GroupFigures {
  const own = (row: ResultRow): boolean => row.suites.every((suite) => suites.includes(suite));
  const clean = results.filter(({ row }) => row.label === 'clean' && own(row)).map(({ scored }) => scored);
  const injected = results.filter(({ row }) => row.label === 'injected' && own(row)).map(({ scored }) => scored);
  const ownStripped = bare.filter(({ suite }) => suites.includes(suite));
  const all = shuffled([...injected, ...clean].map(({ score }) => score), seeded(7));
  return {
    suites,
    clean,
    bare: injected.filter(({ attacks }) => attacks.includes('direct')),
    falseAtOne: over(clean, scores.atOne),
    falseStrong: over(clean, scores.strong),
    templates: [...new Set(injected.flatMap(({ attacks }) => attacks))].sort().map((template) => templateFigures(template, { scores, clean, injected, ownStripped })),
    shuffledAuroc: auroc(all.slice(0, injected.length), all.slice(injected.length)),
  };
}

interface TemplateInput {
  readonly scores: TextScores;
  readonly clean: readonly ScoredText[];
  readonly injected: readonly ScoredText[];
  readonly ownStripped: readonly ScoredText[];
}

function templateFigures(template: string, { scores, clean, injected, ownStripped }: TemplateInput): TemplateFigures {
  const own = injected.filter(({ attacks }) => attacks.includes(template));
  const stripped = ownStripped.filter(({ attacks }) => attacks.includes(template));
  const cleanScores = clean.map(({ score }) => score);
  return {
    template,
    n: own.length,
    auroc: auroc(own.map(({ score }) => score), cleanScores),
    aurocInterval: aurocInterval(own, cleanScores),
    atOne: over(own, scores.atOne),
    atOwnOne: over(own, thresholdAt(cleanScores, 0.01)),
    atOwnFive: over(own, thresholdAt(cleanScores, 0.05)),
    strong: over(own, scores.strong),
    ...(stripped.length > 0 && { stripped: over(stripped, scores.atOne) }),
  };
}

export function over(texts: readonly ScoredText[], threshold: number): Share {
  return shareOf(texts.map(({ scenario, score }) => ({ scenario, part: score >= threshold ? 1 : 0, whole: 1 })));
}

const resamples = 200;

/** Over the scenarios of the injected; the clean texts are kept, because there are few and they are the same for every template. */
function aurocInterval(injected: readonly ScoredText[], clean: readonly number[]): readonly [number, number] {
  const random = seeded(17);
  const clusters = [...Map.groupBy(injected, ({ scenario }) => scenario).values()].map((texts) => texts.map(({ score }) => score));
  const found = Array.from({ length: resamples }, () => auroc(clusters.flatMap(() => clusters[Math.floor(random() * clusters.length)] ?? []), clean)).sort((a, b) => a - b);
  return [found[Math.floor(resamples * 0.025)] ?? 0, found[Math.floor(resamples * 0.975)] ?? 1];
}

async function fragmentFigures(scores: TextScores, { texts }: Data): Promise<TextFigures['fragments']> {
  const of = async (label: string): Promise<ScoredText[]> => {
    const found: ScoredText[] = [];
    for (const [n, { text }] of texts.filter((row) => row.source === 'piguard-valid' && row.label === label).entries()) found.push({ ...(await scores.of(text, none)), scenario: `${label} ${n}`, suite: '', tool: '', attacks: [], text });
    return found;
  };
  const [injected, benign] = [await of('injected'), await of('benign')];
  return { n: [injected.length, benign.length], auroc: auroc(injected.map(({ score }) => score), benign.map(({ score }) => score)), found: over(injected, scores.atOne), falses: over(benign, scores.atOne) };
}

function definitionFigures({ definitions }: Data): TextFigures['definitions'] {
  const dev = definitions.filter((row) => !isTuneServer(row.server));
  const others = definitions.map(({ server, name }) => ({ server, tool: name }));
  const reports = dev.map((row) => ({ row, report: checkDefinition(row, row.server, others.filter((other) => other.server === row.server)) }));
  const suspicious = reports.filter(({ report }) => report.problems.length > 0).map(({ row, report }) => `${row.server}/${row.name}: ${report.problems.join(' ')}`);
  return { n: dev.length, servers: new Set(dev.map(({ server }) => server)).size, suspicious, hidden: reports.filter(({ report }) => report.hidden.length > 0).length };
}
