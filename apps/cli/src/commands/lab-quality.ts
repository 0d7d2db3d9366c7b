/** `countersign lab replay|quality|texts|engine`: how well calls are told apart, on traces that a person names, and at what cost. */
import type { EvaluationSet, KnownFileOptions } from '@countersign/lab';
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

interface ReplayFlags {
  readonly traces: string;
  readonly texts?: string;
  readonly suites?: string;
  readonly task: boolean;
  readonly agent: string;
  readonly answers: string;
  readonly holds: string;
  readonly known?: string;
  readonly endorsed?: boolean;
  readonly contacts?: boolean;
  readonly stripped?: boolean;
  readonly most?: string;
  readonly set?: string;
  readonly seed: string;
  readonly out: string;
}

const problemsShown = 20;

export function registerLabQuality(lab: Command): void {
  lab
    .command('replay')
    .description('send recorded runs through the detectors and the judge of this build; one line per call')
    .requiredOption('--traces <file>', 'runs, one JSON object a line, plain or gzipped')
    .option('--texts <file>', 'results by id, one {id, text} a line')
    .option('--suites <file>', 'tool definitions: {suite: {tools: […]}}')
    .option('--task', 'give the user\'s words along with each call', true)
    .option('--no-task', 'withhold them')
    .option('--agent <by>', 'who is one agent, with one history: model (a suite and a model), or suite (whatever model)', 'model')
    .option('--answers <who>', 'none: nobody answers held calls · by-label: attacked runs are denied, others approved', 'none')
    .option('--holds <what>', 'per-call: without what holds every call of a tier or an agent (standing asks, the alarm on changed habits) · shipped: the default policy as it is', 'per-call')
    .option('--known <n>', 'each run in front of an agent known by n benign runs of other tasks (0: by none), whose holds a person approved; runs then need labels')
    .option('--endorsed', 'with --known: what a person answered once in benign runs of the same task is known, sentence by sentence')
    .option('--contacts', 'with --known: an operator\'s list of the addresses, links and accounts of other tasks')
    .option('--stripped', 'with --known: each attack\'s text is replaced by its bare goal')
    .option('--most <n>', 'with --known: at most n attacked runs of a scenario and outcome')
    .option('--set <name>', 'with --known: only runs of tune, dev, dev-template or other')
    .option('--seed <n>', 'of the clock and of choices', '1')
    .requiredOption('--out <file>', 'scores, one JSON object a line')
    .action(replay);
  lab
    .command('quality')
    .description('compare scores with labels: stopped, touched, baselines on the same rows, worst calls')
    .requiredOption('--traces <file>', 'the runs that were replayed, with their labels')
    .requiredOption('--scores <file>', 'what replay wrote')
    .option('--out <file>', 'write the page here, as Markdown')
    .option('--dev-log <file>', 'count looks at development data here')
    .option('--commit <hash>', 'what was measured', 'unknown')
    .option('--conditions <text>', 'how it was replayed, for the page', '')
    .action(quality);
  lab
    .command('texts')
    .description('the text model on labelled results and on definitions, by template, thresholds from tune')
    .requiredOption('--data <dir>', 'holds agentdojo/, texts/ and tools/')
    .option('--baseline <pattern>', 'a regular expression to compare with, case-insensitive')
    .option('--observer <dir>', 'with the observer installed there, beside the text model alone')
    .option('--out <file>', 'write the page here, as Markdown')
    .option('--dev-log <file>', 'count looks at development data here')
    .option('--commit <hash>', 'what was measured', 'unknown')
    .action(texts);
  lab
    .command('fuzz')
    .description('strange inputs from a seed through a detector: no crash, no call unanswered, every span in its string; growth as a ratio')
    .option('--detector <name>', 'injection or provenance', 'injection')
    .option('--inputs <n>', 'how many', '1000000')
    .option('--seed <n>', 'of the first input; input n has seed + n', '1')
    .option('--growth <n>', 'texts whose growth is measured', '60')
    .action(fuzz);
  lab
    .command('engine')
    .description('calls per second and µs per call and KB, in the real processors, on made-up traffic')
    .option('--runs <n>', 'runs of eight calls', '2000')
    .option('--seed <n>', 'of the traffic', '1')
    .option('--out <file>', 'write the page here, as Markdown')
    .option('--commit <hash>', 'what was measured', 'unknown')
    .action(engine);
}

async function engine(flags: { readonly runs: string; readonly seed: string; readonly out?: string; readonly commit: string }): Promise<void> {
  const { measureEngine } = await import('@countersign/lab');
  process.stdout.write(`${(await measureEngine({ ...flags, out: flags.out, runs: Number(flags.runs), seed: Number(flags.seed) })).join('\n')}\n`);
}

interface FuzzFlags {
  readonly detector: string;
  readonly inputs: string;
  readonly seed: string;
  readonly growth: string;
}

async function fuzz(flags: FuzzFlags): Promise<void> {
  const detector = oneOf(flags.detector, ['injection', 'provenance']);
  const { fuzzInjection, fuzzProvenance, growthOfInjection, growthOfProvenance } = await import('@countersign/lab');
  const [fuzzed, growthOf] = detector === 'injection' ? [fuzzInjection, growthOfInjection] : [fuzzProvenance, growthOfProvenance];
  const [inputs, seed] = [Number(flags.inputs), Number(flags.seed)];
  const report = await fuzzed({ inputs, seed, onProgress: (done) => process.stderr.write(`${done} of ${inputs}\r`) });
  const growth = await growthOf({ texts: Number(flags.growth), seed, chars: 16_384 });
  const counted = Object.entries(report.findings).map(([kind, count]) => `${kind} ${count}`).join(', ');
  process.stdout.write(`${report.inputs} inputs from seed ${seed}: ${report.failures.length} failures; findings: ${counted}\n`);
  process.stdout.write(`four times the text costs ${growth.median.toFixed(2)} times as much in the median, ${growth.largest.toFixed(2)} at most (seed ${growth.seed})\n`);
  for (const { seed: failed, message } of report.failures) process.stdout.write(`seed ${failed}: ${message}\n`);
  if (report.failures.length > 0) process.exitCode = 1;
}

interface TextsFlags {
  readonly data: string;
  readonly baseline?: string;
  readonly observer?: string;
  readonly out?: string;
  readonly devLog?: string;
  readonly commit: string;
}

async function texts({ baseline, observer, out, devLog, ...flags }: TextsFlags): Promise<void> {
  const { measureTexts } = await import('@countersign/lab');
  const lines = await measureTexts({ ...flags, observer, out, devLog, baseline: baseline === undefined ? undefined : new RegExp(baseline, 'i') }).catch(asUserError);
  process.stdout.write(`${lines.join('\n')}\n`);
}

interface QualityFlags {
  readonly traces: string;
  readonly scores: string;
  readonly out?: string;
  readonly devLog?: string;
  readonly commit: string;
  readonly conditions: string;
}

async function quality(flags: QualityFlags): Promise<void> {
  const { qualityOf } = await import('@countersign/lab');
  const lines = await qualityOf({ ...flags, out: flags.out, devLog: flags.devLog, onProblem: problemPrinter() }).catch(asUserError);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function problemPrinter(): (problem: { readonly file: string; readonly line: number; readonly message: string }) => void {
  let shown = 0;
  return ({ file, line, message }) => {
    if ((shown += 1) <= problemsShown) process.stderr.write(`${file}:${line}: ${message}\n`);
  };
}

async function replay(flags: ReplayFlags): Promise<void> {
  const { replayFile } = await import('@countersign/lab');
  const summary = await replayFile({
    traces: flags.traces, texts: flags.texts, suites: flags.suites, out: flags.out, withTask: flags.task, seed: Number(flags.seed),
    agentBy: oneOf(flags.agent, ['suite', 'model']), answers: oneOf(flags.answers, ['none', 'by-label']), holds: oneOf(flags.holds, ['per-call', 'shipped']),
    known: knownIn(flags), onProblem: problemPrinter(),
  }).catch(asUserError);
  const { traces, calls, held, problems, textsMissing, seconds } = summary;
  process.stderr.write(`${traces} runs, ${calls} calls, ${held} held; ${problems} rows passed over, ${textsMissing} results without a text; ${seconds.toFixed(1)} s\n`);
  if (summary.asked.calls > 0) process.stderr.write(`endorsements: ${summary.asked.questions} questions in ${summary.asked.calls} benign calls\n`);
}

function knownIn(flags: ReplayFlags): KnownFileOptions | undefined {
  if (flags.known === undefined) return undefined;
  return {
    pastRuns: Number(flags.known), endorsed: flags.endorsed === true, contacts: flags.contacts === true, stripped: flags.stripped === true,
    mostPerScenario: flags.most === undefined ? undefined : Number(flags.most), set: flags.set === undefined ? undefined : oneOf<EvaluationSet>(flags.set, ['tune', 'dev', 'dev-template', 'other']),
  };
}


function oneOf<T extends string>(value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new UserError(`"${value}" is none of ${known.join(', ')}.`);
  return found;
}

/** A file that cannot be opened is a person's to mend; anything else is a defect and keeps its stack. */
function asUserError(error: unknown): never {
  const { code, message, name } = error as { code?: unknown; message?: unknown; name?: unknown };
  if (name === 'NotReplayable') throw new UserError(String(message));
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') throw new UserError(`${String(message)}. Nothing was written.`);
  throw error;
}
