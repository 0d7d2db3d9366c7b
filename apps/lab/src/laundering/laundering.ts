/**
 * `countersign lab laundering`: composed delegation graphs through the real detector, against an oracle that knows what each call carries.
 * LD1. A success is a call that ought to be refused and was not. Exact values in every disguise, quoted surroundings and capability have to have none;
 *      paraphrase is reported as it is. Refusals of calls that carry nothing are counted too.
 */
import type { FindingDraft } from '@countersign/contracts';
import { seeded } from '../train/seeded.js';
import { graphOf, type How, type Step } from './graph.js';
import { leaks, oversteps } from './oracle.js';
import { graphsPerDomain, Player } from './play.js';

export interface LaunderingOptions {
  readonly graphs: number;
  readonly seed: number;
  /** The first graph's number: a long run can be made in parts. Default 0; a multiple of `graphsPerDomain`. */
  readonly from?: number | undefined;
  readonly onProgress?: ((done: number) => void) | undefined;
}

export interface Tally {
  ought: number;
  /** Ought to be refused, was not. */
  through: number;
}

/** Calls that nobody ought to refuse. */
export interface Harmless {
  calls: number;
  /** For a value or words of a labelled record: a mistake. */
  refused: number;
  /** For words that somebody had written down beside a labelled value: the price of the rule that labels whole strings. */
  creep: number;
}

export interface Laundering {
  readonly graphs: number;
  readonly seed: number;
  readonly calls: number;
  readonly sent: number;
  readonly leaks: Readonly<Record<string, Tally>>;
  /** The same by the way the value took to the call that sent it; paraphrase left out. */
  readonly ways: Readonly<Record<string, Tally>>;
  readonly capability: Tally;
  readonly harmless: Harmless;
  /** The first that came through although a rule covers them, as a graph's number: play it alone to see it again. */
  readonly examples: readonly { readonly graph: number; readonly how: How; readonly args: string }[];
}

const examplesMax = 12;

export async function laundering({ graphs, seed, from = 0, onProgress }: LaunderingOptions): Promise<Laundering> {
  const player = new Player();
  const report = { leaks: {} as Record<string, Tally>, ways: {} as Record<string, Tally>, capability: { ought: 0, through: 0 }, harmless: { calls: 0, refused: 0, creep: 0 }, examples: [] as { graph: number; how: How; args: string }[], calls: 0, sent: 0 };
  for (let graph = from; graph < from + graphs; graph++) {
    if (graph % graphsPerDomain === 0) player.newDomain();
    const steps = graphOf(seeded((seed ^ Math.imul(graph + 1, 0x9e3779b1)) >>> 0), `${graph}`);
    const said = await player.play(steps);
    report.calls += steps.length;
    steps.forEach((step, at) => { count(step, said[at] ?? [], { report, graph }); });
    if ((graph + 1 - from) % 10_000 === 0) onProgress?.(graph + 1 - from);
  }
  return { graphs, seed, ...report };
}

type Open = { -readonly [K in keyof Omit<Laundering, 'graphs' | 'seed' | 'leaks' | 'ways' | 'examples'>]: Laundering[K] } & {
  leaks: Record<string, Tally>; ways: Record<string, Tally>; examples: { graph: number; how: How; args: string }[];
};

function count(step: Step, findings: readonly FindingDraft[], { report, graph }: { report: Open; graph: number }): void {
  const { sent } = step;
  if (sent === undefined) return;
  report.sent += 1;
  const refusals = new Map(findings.flatMap((finding) => (finding.gate === 'deny' ? [[finding.kind, finding] as const] : [])));
  const [leaking, overstepping] = [leaks(sent), oversteps(sent)];
  if (overstepping) add(report.capability, !refusals.has('capability'));
  if (leaking) {
    const through = !refusals.has('flow-to-sink');
    add((report.leaks[sent.how] ??= { ought: 0, through: 0 }), through);
    if (sent.how !== 'paraphrase') {
      for (const way of new Set(sent.ways.length === 0 ? ['straight'] : sent.ways)) add((report.ways[way] ??= { ought: 0, through: 0 }), through);
      if (through && report.examples.length < examplesMax) report.examples.push({ graph, how: sent.how, args: JSON.stringify(step.args).slice(0, 300) });
    }
  }
  if (leaking || overstepping) return;
  report.harmless.calls += 1;
  const flow = refusals.get('flow-to-sink');
  if (flow?.evidence?.[0]?.path?.startsWith('$.arguments') === true) report.harmless.creep += 1;
  else if (flow !== undefined || refusals.has('capability')) report.harmless.refused += 1;
}

function add(tally: Tally, through: boolean): void {
  tally.ought += 1;
  if (through) tally.through += 1;
}

/** For a page or a terminal. */
export function shownLaundering(report: Laundering): readonly string[] {
  const row = (name: string, { ought, through }: Tally): string => `| ${name} | ${ought} | ${through} | ${bound(through, ought)} |`;
  const head = ['| | ought to be refused | came through | rate, upper bound at 95 % |', '|---|---|---|---|'];
  const { paraphrase, ...covered } = report.leaks;
  const exact = summed(Object.values(covered));
  return [
    `${report.graphs} graphs from seed ${report.seed}: ${report.calls} calls, ${report.sent} of them send something out.`, '',
    ...head, row('exact values and quoted text, every disguise', exact), row('capability over the declared chain', report.capability), ...(paraphrase === undefined ? [] : [row('paraphrase without a value', paraphrase)]), '',
    `Calls that nobody ought to refuse: ${report.harmless.calls}. Refused for something of a labelled record: ${report.harmless.refused}. Refused for words that somebody had written down beside a labelled value (a whole string carries the label of what it holds): ${report.harmless.creep}.`, '',
    '### By how the value stands in the call that sends it', '', ...head, ...sorted(covered).map(([name, tally]) => row(name, tally)), '',
    '### By the way it took', '', ...head, ...sorted(report.ways).map(([name, tally]) => row(name, tally)), '',
    ...(report.examples.length === 0 ? [] : ['### Came through although a rule covers it', '', ...report.examples.map(({ graph, how, args }) => `- graph ${graph}, ${how}: \`${args.replaceAll('`', '\'')}\``), '']),
  ];
}

function sorted(tallies: Readonly<Record<string, Tally>>): readonly [string, Tally][] {
  return Object.entries(tallies).sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Of none in n, the rule of three; otherwise the observed rate. */
function bound(through: number, ought: number): string {
  if (ought === 0) return '–';
  return through === 0 ? `0, below ${(300 / ought).toPrecision(2)} %` : `${((100 * through) / ought).toFixed(2)} %`;
}

/** One report of several parts of a run; the parts have the same seed. */
export function mergedLaundering(parts: readonly Laundering[]): Laundering {
  const tallies = (of: (part: Laundering) => Readonly<Record<string, Tally>>): Record<string, Tally> => {
    const all: Record<string, Tally> = {};
    for (const part of parts) for (const [name, tally] of Object.entries(of(part))) all[name] = summed([all[name] ?? { ought: 0, through: 0 }, tally]);
    return all;
  };
  const sum = (of: (part: Laundering) => number): number => parts.reduce((total, part) => total + of(part), 0);
  return {
    graphs: sum(({ graphs }) => graphs), seed: parts[0]?.seed ?? 0, calls: sum(({ calls }) => calls), sent: sum(({ sent }) => sent),
    leaks: tallies(({ leaks: each }) => each), ways: tallies(({ ways }) => ways), capability: summed(parts.map(({ capability }) => capability)),
    harmless: { calls: sum(({ harmless }) => harmless.calls), refused: sum(({ harmless }) => harmless.refused), creep: sum(({ harmless }) => harmless.creep) },
    examples: parts.flatMap(({ examples }) => examples).slice(0, examplesMax),
  };
}

function summed(tallies: readonly Tally[]): Tally {
  return tallies.reduce((sum, { ought, through }) => ({ ought: sum.ought + ought, through: sum.through + through }), { ought: 0, through: 0 });
}
