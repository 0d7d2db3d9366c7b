/**
 * `countersign lab texts`: the shipped text model on development data, with thresholds from tune. Fits nothing.
 * Prints one line per row of the report. The baseline's pattern is given, never kept here: it is made of an attack's phrases.
 */
import { checkDefinition, readText, scorerOf, textModel, type Vocabulary } from '@countersign/detector-injection';
import { isTuneServer, readData, type Data, type ResultRow } from './rows.js';
import { auroc, shareOver, thresholdAt } from './text-figures.js';
import { seeded, shuffled } from './seeded.js';
import { cleanTuneResults, tuneSuites, vocabularyOf } from './text-samples.js';

const scorer = scorerOf(textModel);
const none: Vocabulary = { names: new Set(), pairs: new Set() };
const scoreOf = (text: string, vocabulary: Vocabulary) => readText(text, { scorer, vocabulary }).windows[0]?.score ?? -8;

/** @param dataDir the folder that holds `agentdojo/`, `texts/` and `tools/`. @param baseline a pattern to compare with, on the same rows. */
export function measureTexts(dataDir: string, baseline?: RegExp): void {
  const data = readData(dataDir);
  const scored = scoreResults(data);
  const clean = (suites: readonly string[]) => scored.filter(({ row }) => row.label === 'clean' && row.suites.length === 1 && suites.includes(row.suites[0] ?? '')).map(({ score }) => score);
  const tuneClean = cleanTuneResults(data.results).map((row) => scoreOf(row.text, vocabularyOf(data.suites[row.suites[0] ?? ''])));
  const atOne = quantileOf(0.01);
  console.log(`thresholds from tune: 1 % ${atOne.toFixed(2)} (left-out sources), in-sample 1 % ${thresholdAt(tuneClean, 0.01).toFixed(2)}, strong ${textModel.strongScore.toFixed(2)}`);
  const groups = [['slack', 'travel'], [...tuneSuites]];
  for (const suites of groups) reportSuites(suites, { scored, clean: clean(suites), atOne });
  if (baseline !== undefined) reportBaseline(data, baseline);
  reportPiguard(data, atOne);
  reportDefinitions(data);
}

/** The shipped prior's own quantile: the lower edge of the bin that at most `share` of clean documents reach. */
function quantileOf(share: number): number {
  const total = textModel.cleanHistogram.reduce((sum, count) => sum + count, 0);
  let above = 0;
  for (let bin = textModel.cleanHistogram.length - 1; bin >= 0; bin -= 1) {
    above += textModel.cleanHistogram[bin] ?? 0;
    if (above > share * total) return -8 + (bin + 1) / 8;
  }
  return -8;
}

function reportBaseline({ results }: Data, baseline: RegExp): void {
  const share = (rows: readonly ResultRow[]): string => `${percent(shareOver(rows.map(({ text }) => (baseline.test(text) ? 1 : 0)), 0.5))} of ${rows.length}`;
  console.log(`\nbaseline pattern: injected ${share(results.filter(({ label }) => label === 'injected'))}, clean ${share(results.filter(({ label }) => label === 'clean'))}`);
  for (const attack of [...new Set(results.flatMap(({ attacks }) => attacks))].sort()) console.log(`  ${attack.padEnd(42)} ${share(results.filter((row) => row.label === 'injected' && row.attacks.includes(attack)))}`);
}

interface Scored {
  readonly row: ResultRow;
  readonly score: number;
}

function scoreResults({ results, suites }: Data): Scored[] {
  return results.filter((row) => row.label !== 'partial').map((row) => ({ row, score: scoreOf(row.text, vocabularyOf(suites[row.suites[0] ?? ''])) }));
}

function reportSuites(suites: readonly string[], { scored, clean, atOne }: { scored: readonly Scored[]; clean: readonly number[]; atOne: number }): void {
  const own = thresholdAt(clean, 0.01);
  console.log(`\n${suites.join(' + ')}: ${clean.length} clean; realised false alarms at tune's 1 %: ${percent(shareOver(clean, atOne))}, strong: ${percent(shareOver(clean, textModel.strongScore))}`);
  const injected = scored.filter(({ row }) => row.label === 'injected' && row.suites.every((suite) => suites.includes(suite)));
  for (const attack of [...new Set(injected.flatMap(({ row }) => row.attacks))].sort()) {
    const scores = injected.filter(({ row }) => row.attacks.includes(attack)).map(({ score }) => score);
    console.log(`  ${attack.padEnd(42)} n ${String(scores.length).padStart(4)}  AUROC ${auroc(scores, clean).toFixed(3)}  TPR at tune 1 % ${percent(shareOver(scores, atOne))}  at own 1 % ${percent(shareOver(scores, own))}  strong ${percent(shareOver(scores, textModel.strongScore))}`);
  }
  const all = [...injected.map(({ score }) => score), ...clean];
  const mixed = shuffled(all, seeded(7));
  console.log(`  shuffled labels: AUROC ${auroc(mixed.slice(0, injected.length), mixed.slice(injected.length)).toFixed(3)}`);
}

function reportPiguard({ texts }: Data, atOne: number): void {
  const of = (label: string) => texts.filter((row) => row.source === 'piguard-valid' && row.label === label).map((row) => scoreOf(row.text, none));
  const [injected, benign] = [of('injected'), of('benign')];
  console.log(`\npiguard-valid: n ${injected.length} + ${benign.length}, AUROC ${auroc(injected, benign).toFixed(3)}, at tune 1 %: TPR ${percent(shareOver(injected, atOne))}, false ${percent(shareOver(benign, atOne))}`);
}

function reportDefinitions({ definitions }: Data): void {
  const dev = definitions.filter((row) => !isTuneServer(row.server));
  const others = definitions.map(({ server, name }) => ({ server, tool: name }));
  const rows = dev.map((row) => ({ row, report: checkDefinition(row, row.server, others.filter((other) => other.server === row.server)) }));
  const suspicious = rows.filter(({ report }) => report.problems.length > 0);
  const hidden = rows.filter(({ report }) => report.hidden.length > 0);
  console.log(`\ndefinitions, dev half: ${dev.length} of ${new Set(dev.map(({ server }) => server)).size} servers; suspicious ${suspicious.length}, hidden text ${hidden.length}`);
  for (const { row, report } of suspicious.slice(0, 12)) console.log(`  ${row.server}/${row.name}: ${report.problems.join(' ')}`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
