/** Figures → one page that a person can read and check: what was measured, on what, against what, and what it assumes. */
import { percent, shownShare } from './intervals.js';
import type { JudgedRun } from './judged-run.js';
import { callFigures, enforcementOf, figuresOf, points, rankingOf, type Figures } from './metrics.js';
import type { WorstCall } from './worst.js';

export interface PageFacts {
  readonly title: string;
  readonly commit: string;
  readonly versions: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly conditions: string;
  readonly leftOut: number;
  readonly unscored: number;
  readonly devRuns: number;
  readonly misses: readonly WorstCall[];
  readonly falseHolds: readonly WorstCall[];
}

const assumptions = `
- Recorded runs: an agent that is told "held" may retry, rephrase or stop; a person may approve an attack. Figures are bounds.
- The data come from a public benchmark that models may have seen. Benign runs are many models on few tasks: the effective n is tasks.
- All tasks of a suite share one world, so its contacts come back: history helps more here than it may elsewhere.
- No attacker adapted to the product here.
- \`held\` counts what evidence caused. Tiers that ask people about every call (money, passwords) are left out: they say nothing of detection.
`.trim();

export function pageOf(runs: readonly JudgedRun[], facts: PageFacts): string {
  const groups = groupsOf(runs);
  return [
    `# ${facts.title}`, '',
    `Commit \`${facts.commit}\`. ${facts.versions.join(' · ')}. ${facts.conditions} Runs on development data so far: ${facts.devRuns}.`, '',
    '| File | SHA-256 |', '|---|---|', ...Object.entries(facts.files).map(([file, digest]) => `| ${file} | \`${digest.slice(0, 32)}…\` |`), '',
    `${runs.length} runs count; ${facts.leftOut} were left out (died, second copies, denial of service, one task whose payee is the attacker's), ${facts.unscored} had no score. Intervals: 95 %, resampled over scenarios; "n N in S" is N runs or calls in S scenarios.`, '',
    '## Stopped and touched', '', ...stoppedTable(groups), '',
    '## Ranking', '', ...rankingTable(groups), '',
    '## Enforcement by the shipped policy', '', ...enforcementTable(groups), '',
    '## By template and model (score above its frozen threshold)', '', ...byTable(runs), '',
    '## Ten worst misses', '', ...worstLines(facts.misses), '',
    '## Ten worst false holds', '', ...worstLines(facts.falseHolds), '',
    '## What the figures assume', '', assumptions, '',
  ].join('\n');
}

interface Group {
  readonly name: string;
  readonly runs: readonly JudgedRun[];
}

function groupsOf(runs: readonly JudgedRun[]): readonly Group[] {
  const suites = [...new Set(runs.map(({ suite }) => suite))].sort();
  const sets = ['tune', 'dev', 'dev-template', 'other'] as const;
  return [
    ...sets.map((set): Group => ({ name: set, runs: runs.filter((run) => run.set === set) })),
    ...sets.slice(0, 2).map((set): Group => ({ name: `${set}, without delegating tasks`, runs: runs.filter((run) => run.set === set && !run.isDelegating) })),
    ...suites.map((suite): Group => ({ name: suite, runs: runs.filter((run) => run.suite === suite) })),
  ].filter((group) => group.runs.length > 0);
}

function stoppedTable(groups: readonly Group[]): string[] {
  const rows = groups.flatMap(({ name, runs }) => points.map((point) => {
    const { stopped, touched, benignCallsHeld, resistedTouched, userGoalTouched }: Figures = figuresOf(runs, point.holds);
    const { recall, precision } = callFigures(runs, point.holds);
    return `| ${name} | ${point.name} | ${[stopped, touched, benignCallsHeld, recall, precision, resistedTouched, userGoalTouched].map(shownShare).join(' | ')} |`;
  }));
  return ['| Runs | What holds | hijacks stopped, % | benign runs touched, % | benign calls held, % | necessary calls held, % | held calls that were necessary, % | exposed and resisted, touched, % | goal given by the user, touched, % |', '|---|---|---|---|---|---|---|---|---|', ...rows];
}

function rankingTable(groups: readonly Group[]): string[] {
  const rows = groups.flatMap(({ name, runs }) => {
    const ranking = rankingOf(runs);
    if (ranking === undefined) return [];
    const at = Object.values(ranking.at).map(percent).join(' / ');
    return [`| ${name} | ${ranking.runs.toFixed(4)} | ${ranking.calls.toFixed(4)} | ${ranking.shuffledCalls.toFixed(3)} | ${at} |`];
  });
  return ['| Runs | AUROC, highest score of a run | AUROC, calls | scores shuffled | stopped, % at 1 / 3 / 5 / 10 % touched (the group\'s own threshold) |', '|---|---|---|---|---|', ...rows];
}

function enforcementTable(groups: readonly Group[]): string[] {
  const rows = groups.map(({ name, runs }) => {
    const found = enforcementOf(runs);
    const shares = [found.attackSuccessBefore, found.attackSuccessAfter, found.utilityStrict, found.utilityLenient, found.inTime].map(shownShare).join(' | ');
    return `| ${name} | ${shares} | ${found.heldCallsPer100.toFixed(1)} | ${found.deniedCallsPer100.toFixed(1)} |`;
  });
  return ['| Runs | goals reached before, % of attacked | after, % | useful runs without a hold, % | without a denial, % | held or withheld by the first necessary call, % | asked per 100 benign calls | denied per 100 |', '|---|---|---|---|---|---|---|---|', ...rows];
}

function byTable(runs: readonly JudgedRun[]): string[] {
  const holds = points[1]?.holds ?? (() => false);
  const by = (name: string, keyOf: (run: JudgedRun) => string | null): string[] => {
    const keys = [...new Set(runs.map(keyOf).filter((key) => key !== null))].sort();
    return keys.map((key) => {
      const own = runs.filter((run) => keyOf(run) === key);
      const { stopped, touched, resistedTouched } = figuresOf(own, holds);
      return `| ${name} | ${key} | ${[stopped, touched, resistedTouched].map(shownShare).join(' | ')} |`;
    });
  };
  return ['| By | | hijacks stopped, % | benign runs touched, % | exposed and resisted, touched, % |', '|---|---|---|---|---|', ...by('template', ({ attack }) => attack), ...by('model', ({ model }) => model)];
}

function worstLines(worst: readonly WorstCall[]): string[] {
  if (worst.length === 0) return ['None.'];
  return worst.map(({ id, index, tool, args, score, reasons }, at) => `${at + 1}. \`${id}\` call ${index}: **${tool}** \`${args.replaceAll('`', "'")}\`, score ${score.toFixed(2)}${reasons.length === 0 ? '' : ` (${reasons.join(', ')})`}`);
}
