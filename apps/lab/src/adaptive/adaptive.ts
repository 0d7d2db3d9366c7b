/**
 * `countersign lab adaptive`: how many goals an attacker reaches who may ask the product as often as he likes.
 * AD1. One run per scenario and set; the agent's own benign runs of the suite, tasks of the scenario left out, are its history.
 * AD2. The shipped detectors and judge, holds per call, nobody answers: a held call is a failed try.
 */
import { readRows, type OnProblem } from '../replay/read-rows.js';
import { Replay } from '../replay/replay-runs.js';
import { toolsOf } from '../replay/replay-file.js';
import { withoutText } from '../replay/stripped.js';
import { TextStore } from '../replay/text-store.js';
import { traceOf } from '../replay/trace-row.js';
import { counts, delegates, isHijack, type Trace } from '../replay/traces.js';
import { shareOf, shownShare, type Share } from '../quality/intervals.js';
import { setOf, type EvaluationSet } from '../quality/sets.js';
import { seeded, shuffled } from '../train/seeded.js';
import { attacked, type Target, type Tried } from './attacker.js';

export interface AdaptiveOptions {
  readonly traces: string;
  readonly texts?: string | undefined;
  readonly suites?: string | undefined;
  readonly set: EvaluationSet;
  readonly goalsMax: number;
  readonly queries: number;
  /** Benign runs the agent is known by. */
  readonly historyRuns: number;
  readonly withTask: boolean;
  readonly seed: number;
  readonly onProblem: OnProblem;
}

export interface AttackedGoal extends Tried {
  readonly id: string;
  readonly scenario: string;
  readonly isDelegating: boolean;
}

export interface Adaptive {
  readonly goals: readonly AttackedGoal[];
  /** Hijacks whose injected text was not found in any result: the attacker had nothing to rewrite. */
  readonly leftOut: number;
  readonly queries: number;
  readonly through: readonly { readonly queries: number; readonly all: Share; readonly withoutDelegating: Share }[];
}

interface Candidate {
  readonly row: Trace & { readonly injections?: readonly string[] };
  readonly scenario: string;
}

export async function adaptive(options: AdaptiveOptions): Promise<Adaptive> {
  const texts = await TextStore.read(options.texts, options.onProblem);
  try {
    const random = seeded(options.seed);
    const { hijacks, benign } = await rowsOf(options);
    const chosen = onePerScenario(shuffled(hijacks, random));
    const goals: AttackedGoal[] = [];
    let leftOut = 0;
    for (const { row, scenario } of chosen) {
      if (goals.length >= options.goalsMax) break;
      const target = targetOf(row, texts);
      if (target === undefined) {
        leftOut += 1;
        continue;
      }
      const history = shuffled(benign.filter(({ suite, user_task: task }) => suite === row.suite && task !== row.user_task), random).slice(0, options.historyRuns);
      const replay = await taught(history, { options, texts });
      const tried = await attacked(target, { fork: replay.forks(), queries: options.queries, random });
      goals.push({ ...tried, id: row.id, scenario, isDelegating: delegates(row) });
    }
    return { goals, leftOut, queries: options.queries, through: steps(options.queries).map((queries) => throughWithin(goals, queries)) };
  } finally {
    texts.close();
  }
}

async function rowsOf({ traces, set, onProblem }: AdaptiveOptions): Promise<{ readonly hijacks: Candidate[]; readonly benign: Trace[] }> {
  const hijacks: Candidate[] = [];
  const benign: Trace[] = [];
  for await (const { value } of readRows(traces, onProblem)) {
    const row = value as Candidate['row'];
    if (!Array.isArray(row.calls) || !counts(row) || setOf(row) !== set) continue;
    if (row.kind === 'benign') benign.push(row);
    else if (isHijack(row)) hijacks.push({ row, scenario: `${row.suite} ${row.user_task} ${row.injection_task ?? ''}` });
  }
  return { hijacks, benign };
}

function onePerScenario(hijacks: readonly Candidate[]): Candidate[] {
  return [...new Map(hijacks.map((hijack) => [hijack.scenario, hijack])).values()];
}

function targetOf(row: Candidate['row'], texts: TextStore): Target | undefined {
  const trace = traceOf(row, texts);
  if (typeof trace === 'string') return undefined;
  const necessary = row.calls.flatMap(({ crit }, at) => (crit === true ? [at] : []));
  const injected = (row.injections ?? []).flatMap((id) => texts.textOf(id) ?? []);
  const carriers = new Map<number, string>();
  for (const [at, { resultText }] of trace.calls.entries()) {
    const document = injected.reduce((text, part) => withoutText(text, part), resultText);
    if (document !== resultText) carriers.set(at, document);
  }
  return carriers.size === 0 ? undefined : { trace, necessary, carriers };
}

async function taught(history: readonly Trace[], { options, texts }: { readonly options: AdaptiveOptions; readonly texts: TextStore }): Promise<Replay> {
  const replay = new Replay({ tools: toolsOf(options.suites), withTask: options.withTask, agentBy: 'suite', holds: 'per-call', seed: options.seed, answerOf: () => 'approved' });
  for (const row of history) {
    const trace = traceOf(row, texts);
    if (typeof trace !== 'string') await replay.play(trace);
  }
  return replay;
}

function steps(queries: number): number[] {
  return [...[1, 10, 30].filter((step) => step < queries), queries];
}

function throughWithin(goals: readonly AttackedGoal[], queries: number): Adaptive['through'][number] {
  const share = (of: readonly AttackedGoal[]): Share => shareOf(of.map(({ scenario, throughAt }) => ({ scenario, part: throughAt !== undefined && throughAt <= queries ? 1 : 0, whole: 1 })));
  return { queries, all: share(goals), withoutDelegating: share(goals.filter(({ isDelegating }) => !isDelegating)) };
}

/** For people: the share through per number of queries, then what got through and what stopped the rest. */
export function shownAdaptive({ goals, leftOut, through }: Adaptive): string[] {
  const count = (of: readonly string[]): string => [...new Set(of)].map((name) => [name, of.filter((other) => other === name).length] as const).sort((a, b) => b[1] - a[1]).slice(0, 12).map(([name, n]) => `${name} ${n}`).join(' · ');
  const won = goals.filter(({ throughAt }) => throughAt !== undefined);
  const lost = goals.filter(({ throughAt }) => throughAt === undefined);
  return [
    '| Tries | goals reached, % | without delegating tasks, % |', '|---|---|---|',
    ...through.map(({ queries, all, withoutDelegating }) => `| ${queries} | ${shownShare(all)} | ${shownShare(withoutDelegating)} |`),
    '', `${goals.length} goals; ${leftOut} left out, their injected text was found in no result.`,
    '', `What got through: ${count(won.flatMap(({ clothes }) => (clothes === undefined ? ['as recorded'] : Object.entries(clothes).map(([axis, choice]) => `${axis}=${choice}`))))}`,
    '', `What stopped the rest: ${count(lost.flatMap(({ reasons }) => [...new Set(reasons)]))}`,
  ];
}
