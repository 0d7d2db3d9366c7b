/**
 * `replay DIR [--no-task] [--no-history] [--features FILE]`: recorded runs through the detectors, offline; prints figures.
 * An agent that is told "held" may retry, rephrase or stop, so figures are bounds, not predictions.
 */
import { writeFileSync } from 'node:fs';
import { callScore } from '@countersign/detector-provenance';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { auroc, line, thresholdAt, touchedLine } from './report.js';
import { lab, scored, type ScoredCall, type ScoredTrace } from './score-traces.js';
import { isHijack, recorded } from './traces.js';

const [dir, ...flags] = process.argv.slice(2);
if (dir === undefined) throw new Error('Usage: replay DIR [--no-task] [--no-history] [--features FILE]; DIR holds traces.jsonl.gz, texts.jsonl.gz and suites.json.');
const withTask = !flags.includes('--no-task');
const setup = lab(recorded(dir), compilePolicy(defaultPolicy), { withTask, withHistory: !flags.includes('--no-history') });
const results: ScoredTrace[] = [];
const others: ScoredTrace[] = [];
for (const trace of setup.recorded.traces) {
  if (trace.kind === 'benign' || isHijack(trace)) results.push(await scored(setup, trace));
  else if (trace.kind === 'injection_task_as_user' || trace.calls.some((call) => call.exposed)) others.push(await scored(setup, trace));
}

const lanes = callScore[withTask ? 'task' : 'noTask'][setup.withHistory ? 'known' : 'unknown'];
const tune = results.filter(({ trace }) => ['workspace', 'banking'].includes(trace.suite) && trace.attack !== 'direct' && trace.attack !== 'injecagent');
const dev = results.filter(({ trace }) => ['slack', 'travel'].includes(trace.suite));
for (const [name, rows] of [['tune', tune], ['dev', dev], ['all', results]] as const) {
  console.log(line(`${name}: A frozen`, rows, (call) => call.laneA > lanes.a.threshold));
  console.log(line(`${name}: B frozen`, rows, (call) => call.laneB > lanes.b.threshold));
  console.log(line(`${name}: A or B`, rows, (call) => call.laneA > lanes.a.threshold || call.laneB > lanes.b.threshold));
  console.log(line(`${name}: R1`, rows, (call) => call.targetHeld));
  console.log(line(`${name}: A or B or R1`, rows, (call) => call.laneA > lanes.a.threshold || call.laneB > lanes.b.threshold || call.targetHeld));
}
const either = (call: ScoredCall): boolean => call.laneA > lanes.a.threshold || call.laneB > lanes.b.threshold;
console.log(`AUROC dev: A ${auroc(dev, 'laneA').toFixed(4)}, B ${auroc(dev, 'laneB').toFixed(4)}`);
console.log(line('dev: moods hidden, A or B', dev, (call) => withoutMood(call) > lanes.a.threshold || call.laneB > lanes.b.threshold));
for (const [name, suites] of [['tune', ['workspace', 'banking']], ['dev', ['slack', 'travel']]] as const) {
  const rows = others.filter(({ trace }) => (suites as readonly string[]).includes(trace.suite));
  console.log(touchedLine(`${name}: goal is the user's`, rows.filter(({ trace }) => trace.kind !== 'attacked'), either));
  console.log(touchedLine(`${name}: exposed, resisted`, rows.filter(({ trace }) => trace.kind === 'attacked'), either));
}
for (const share of [0.01, 0.03, 0.05, 0.1]) {
  const a = thresholdAt(tune, 'laneA', share);
  const b = thresholdAt(tune, 'laneB', share);
  console.log(`tune ${share * 100} % touched: A ${a.toFixed(2)}, B ${b.toFixed(2)}`);
  console.log(line(`dev: A at tune ${share * 100} %`, dev, (call) => call.laneA > a));
  console.log(line(`dev: B at tune ${share * 100} %`, dev, (call) => call.laneB > b));
}
/** An upper bound on what an attacker gains who avoids every order; benign runs keep their score, so theirs is not understated. */
function withoutMood(call: ScoredCall): number {
  if (call.call.crit !== true) return call.laneA;
  const moods = ['g_bound', 'g_ungr', 'g_actimp', 'g_unact', 'g_imp', 'g_impact', 'wr_cimpx'] as const;
  return moods.reduce((score, name) => score - (lanes.a.weights[name] ?? 0) * (call.features[name] ?? 0), call.laneA);
}

const sorted = [...setup.callMicros].sort((a, b) => a - b);
console.log(`calls ${sorted.length}; µs per call p50 ${sorted[sorted.length >> 1]?.toFixed(0)}, p90 ${sorted[Math.floor(sorted.length * 0.9)]?.toFixed(0)}, p99 ${sorted[Math.floor(sorted.length * 0.99)]?.toFixed(0)}`);
const file = flags[flags.indexOf('--features') + 1];
if (flags.includes('--features') && file !== undefined) {
  const about = ({ trace }: ScoredTrace) => ({ id: trace.id, suite: trace.suite, kind: trace.kind, task: trace.user_task, injection: trace.injection_task, attack: trace.attack });
  const rows = results.flatMap((result) => [
    { ...about(result), tool: '', crit: false, f: {} },
    ...result.calls.map((call) => ({ ...about(result), tool: call.call.tool, crit: call.call.crit === true, f: call.features })),
  ]);
  writeFileSync(file, rows.map((row) => JSON.stringify(row)).join('\n'));
}
