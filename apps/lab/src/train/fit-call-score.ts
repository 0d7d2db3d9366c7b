/**
 * Weights of the call score's lanes from replayed features.
 * FI1. Only tuning suites are read; a row of any other suite is skipped.
 * FI2. Weights are ≥ 0 (projected gradient), ridge on scaled features, both classes weighted alike, runs by 1/√(runs of their scenario).
 */
const names = [
  'gate', 'irr', 'gvo', 'gu', 'g_bound', 'g_ungr', 'g_actimp', 'g_unact', 'g_imp', 'g_impact', 'g_free', 'le_n', 'wr_gap', 'wr_cimpx',
  'g_enew', 'xcov', 'g_enewr', 'e_new_r', 'tool_new', 'a_new', 'g_newseq',
] as const;
/** Features that depend on the mood of a sentence: what an attacker takes out first. */
export const moodNames: ReadonlySet<string> = new Set<string>(['g_bound', 'g_ungr', 'g_actimp', 'g_unact', 'g_imp', 'g_impact', 'wr_cimpx']);
const novelties = new Set<string>(['g_enewr', 'e_new_r', 'tool_new', 'a_new', 'g_newseq']);
const tuneSuites = new Set(['workspace', 'banking']);
const ridge = 0.02;
const steps = 4_000;

/** One call of a run, as `replay --features` writes it. */
export interface FeatureRow {
  readonly id: string;
  readonly suite: string;
  readonly kind: string;
  readonly task: string;
  readonly injection: string | null;
  readonly attack: string | null;
  /** Empty: the row stands for the run itself, so that runs without calls count among those not touched. */
  readonly tool: string;
  readonly crit: boolean;
  readonly f: Readonly<Record<string, number>>;
}

interface Example {
  readonly x: Float64Array;
  readonly y: 0 | 1;
  readonly weight: number;
}

export interface FittedLane {
  readonly bias: number;
  readonly weights: Readonly<Record<string, number>>;
  /** Per cent of benign tuning runs touched → the threshold that touches them. */
  readonly thresholds: Readonly<Record<string, number>>;
}

/** @param history false: the agent is unknown, and the novelty features are left out. */
export function fitted(rows: readonly FeatureRow[], lane: 'a' | 'b', history: boolean): FittedLane {
  const used = names.filter((name) => !(lane === 'b' && moodNames.has(name)) && (history || !novelties.has(name)));
  const tune = rows.filter((row) => tuneSuites.has(row.suite) && row.attack !== 'direct' && row.attack !== 'injecagent');
  const calls = tune.filter((row) => row.tool !== '');
  const scales = used.map((name) => Math.sqrt(mean(calls.map((row) => (row.f[name] ?? 0) ** 2))) || 1);
  const solution = solved(examplesOf(tune, used, scales));
  const weights = Object.fromEntries(used.map((name, at) => [name, round((solution[at] ?? 0) / (scales[at] ?? 1))] as const).filter(([, weight]) => weight > 0));
  const bias = round(solution[used.length] ?? 0);
  const score = (row: FeatureRow): number => bias + Object.entries(weights).reduce((sum, [name, weight]) => sum + weight * (row.f[name] ?? 0), 0);
  const highest = new Map<string, number>();
  for (const row of tune) if (row.kind === 'benign') highest.set(row.id, Math.max(highest.get(row.id) ?? -99, score(row)));
  const sorted = [...highest.values()].sort((a, b) => b - a);
  return { bias, weights, thresholds: Object.fromEntries([1, 3, 5, 10].map((share) => [share, round(sorted[Math.floor((sorted.length * share) / 100)] ?? 0)])) };
}

function examplesOf(tune: readonly FeatureRow[], used: readonly string[], scales: readonly number[]): Example[] {
  const scenario = (row: FeatureRow): string => `${row.suite} ${row.task} ${row.injection ?? ''} ${row.kind}`;
  const runs = new Map<string, Set<string>>();
  for (const row of tune) runs.set(scenario(row), (runs.get(scenario(row)) ?? new Set()).add(row.id));
  const chosen = tune.filter((row) => row.tool !== '' && (row.kind === 'benign' || row.crit));
  const raw = chosen.map((row) => ({ row, weight: 1 / Math.sqrt(runs.get(scenario(row))?.size ?? 1), y: (row.crit ? 1 : 0) as 0 | 1 }));
  const total = [0, 1].map((y) => raw.filter((one) => one.y === y).reduce((sum, one) => sum + one.weight, 0));
  return raw.map(({ row, weight, y }) => ({ x: Float64Array.from(used, (name, at) => (row.f[name] ?? 0) / (scales[at] ?? 1)), y, weight: weight / (2 * (total[y] ?? 1)) }));
}

/** Accelerated projected gradient on logistic loss; the last element is the bias. */
function solved(examples: readonly Example[]): Float64Array {
  const size = examples[0]?.x.length ?? 0;
  let current = new Float64Array(size + 1);
  let ahead = current;
  for (let step = 1; step <= steps; step++) {
    const gradient = gradientAt(examples, ahead);
    const next = ahead.map((value, at) => (at < size ? Math.max(0, value - 0.5 * ((gradient[at] ?? 0) + ridge * value)) : value - 0.5 * (gradient[at] ?? 0)));
    const momentum = (step - 1) / (step + 2);
    ahead = next.map((value, at) => value + momentum * (value - (current[at] ?? 0)));
    current = next;
  }
  return current;
}

function gradientAt(examples: readonly Example[], weights: Float64Array): Float64Array {
  const gradient = new Float64Array(weights.length);
  const size = weights.length - 1;
  for (const { x, y, weight } of examples) {
    let score = weights[size] ?? 0;
    for (let at = 0; at < size; at++) score += (weights[at] ?? 0) * (x[at] ?? 0);
    const error = weight * (1 / (1 + Math.exp(-score)) - y);
    for (let at = 0; at < size; at++) gradient[at] = (gradient[at] ?? 0) + error * (x[at] ?? 0);
    gradient[size] = (gradient[size] ?? 0) + error;
  }
  return gradient;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
