/** The page of `countersign lab texts`, as Markdown. */
import { percent, shownShare, type Share } from '../quality/intervals.js';
import { shareOver } from './text-figures.js';
import type { ResultRow } from './rows.js';
import { over, type GroupFigures, type ScoredText, type TextFigures } from './text-report.js';

export interface TextPageFrame {
  readonly commit: string;
  readonly digests: Readonly<Record<string, string>>;
  readonly devRuns: number;
  readonly results: readonly ResultRow[];
  readonly baseline?: RegExp | undefined;
}

const worstMax = 10;

export function textPage(figures: readonly TextFigures[], frame: TextPageFrame): string[] {
  return [
    '# Texts: is an instruction standing in data?', '',
    `Commit \`${frame.commit}\`; \`countersign lab texts\`. Thresholds from tuning data; nothing was fitted on slack and travel. Looks at development data logged so far: ${frame.devRuns}.`,
    'Intervals are 95 %, resampled over scenarios (suite and goal for injected texts, suite and task for clean ones).', '',
    '| File | SHA-256 |', '|---|---|', ...Object.entries(frame.digests).map(([file, digest]) => `| ${file} | \`${digest.slice(0, 32)}…\` |`), '',
    ...figures.flatMap(section),
    ...baselineLines(frame),
    '## What the figures assume', '',
    '- A pooled rate would only say which templates are in the mix, so none is given. `direct` (the bare goal), templates never fitted on, and stripped texts are what counts.',
    '- Clean results of tools that write are the agent\'s own words coming back; the product drops them as echoes, this page does not. Most false alarms here are such texts.',
    '- One text stands for many runs. Clean texts of slack are few (36), so the tail of its false alarms is coarse.',
    '- `workspace + banking`: the goals were in training as bare sentences; its figures say how well the model fits, not how well it travels.',
    '- Public data that models may have seen; English only. The observer\'s encoder was trained on web text by others; what it saw is not known.',
  ];
}

function section({ scores, groups, strippedNotFound, fragments, definitions }: TextFigures): string[] {
  return [
    `## ${scores.name}`, '', `Thresholds from tune, sources left out: 1 % ${scores.atOne.toFixed(2)}, strong ${scores.strong.toFixed(2)}.`, '',
    ...groups.flatMap((group) => groupLines(group)),
    `Stripped: the injected text replaced by its bare goal, in the same place; ${strippedNotFound} results in which it was not found whole are left out.`, '',
    `Piguard-valid (fragments, dev): n ${fragments.n.join(' + ')}, AUROC ${fragments.auroc.toFixed(3)}, at tune's 1 %: found ${shownShare(fragments.found)}, false ${shownShare(fragments.falses)}.`, '',
    `Definitions, dev half: ${definitions.n} of ${definitions.servers} servers; suspicious ${definitions.suspicious.length}, hidden text ${definitions.hidden}.`, '', ...definitions.suspicious.slice(0, worstMax).map((line) => `- ${line}`),
    ...groups.slice(0, 1).flatMap((group) => [...toolLines(group, scores.atOne), ...worstLines(group)]),
  ];
}

function groupLines({ suites, clean, falseAtOne, falseStrong, templates, shuffledAuroc }: GroupFigures): string[] {
  return [
    `### ${suites.join(' + ')}`, '', `${clean.length} clean; false alarms at tune's 1 %: ${shownShare(falseAtOne)}; strong: ${shownShare(falseStrong)}. Shuffled labels: AUROC ${shuffledAuroc.toFixed(3)}.`, '',
    '| Template | n | AUROC | found at tune\'s 1 % | at its own 1 % | at its own 5 % | strong | stripped, at tune\'s 1 % |', '|---|---|---|---|---|---|---|---|',
    ...templates.map((row) => `| ${row.template} | ${row.n} | ${row.auroc.toFixed(3)} (${row.aurocInterval.map((value) => value.toFixed(3)).join('–')}) | ${short(row.atOne)} | ${short(row.atOwnOne)} | ${short(row.atOwnFive)} | ${short(row.strong)} | ${row.stripped === undefined ? '–' : short(row.stripped)} |`), '',
  ];
}

function short({ part, whole, interval }: Share): string {
  return whole === 0 ? '–' : `${percent(part / whole)}${interval === undefined ? '' : ` (${percent(interval[0])}–${percent(interval[1])})`}`;
}

function toolLines({ clean, bare }: GroupFigures, threshold: number): string[] {
  const tools = [...new Set([...clean, ...bare].map(({ tool }) => tool))].sort();
  const of = (texts: readonly ScoredText[], tool: string): string => short(over(texts.filter((text) => text.tool === tool), threshold));
  const count = (texts: readonly ScoredText[], tool: string): number => texts.filter((text) => text.tool === tool).length;
  return ['', '### By tool: the bare goal, at tune\'s 1 %', '', '| Tool | clean | false | bare goals | found |', '|---|---|---|---|---|', ...tools.map((tool) => `| ${tool} | ${count(clean, tool)} | ${of(clean, tool)} | ${count(bare, tool)} | ${of(bare, tool)} |`), ''];
}

function worstLines({ clean, bare }: GroupFigures): string[] {
  const shown = (texts: readonly ScoredText[]): string[] => {
    const seen = new Set<string>();
    return texts.filter(({ window }) => !seen.has(window) && seen.add(window)).slice(0, worstMax).map(({ score, tool, scenario, window }) => `- ${score.toFixed(2)} · ${tool} · ${scenario}: "${window.replace(/\s+/g, ' ').slice(0, 160)}"`);
  };
  return [
    '### Worst ten misses: bare goals that score lowest, by their highest window', '', ...shown([...bare].sort((a, b) => a.score - b.score)), '',
    '### Worst ten false alarms: clean texts that score highest', '', ...shown([...clean].sort((a, b) => b.score - a.score)), '',
  ];
}

function baselineLines({ baseline, results }: TextPageFrame): string[] {
  if (baseline === undefined) return [];
  const share = (rows: readonly ResultRow[]): string => `${percent(shareOver(rows.map(({ text }) => (baseline.test(text) ? 1 : 0)), 0.5))} % of ${rows.length}`;
  const injected = results.filter(({ label }) => label === 'injected');
  const templates = [...new Set(injected.flatMap(({ attacks }) => attacks))].sort().map((attack) => `${attack} ${share(injected.filter(({ attacks }) => attacks.includes(attack)))}`);
  return ['## Baseline on the same rows', '', `A regular expression made of phrases of the templates themselves (kept outside this repository): injected ${share(injected)}, clean ${share(results.filter(({ label }) => label === 'clean'))}. By template: ${templates.join(', ')}.`, ''];
}
