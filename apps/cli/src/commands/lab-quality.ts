/** `countersign lab replay …`: how well calls and texts are told apart, on traces that a person names. */
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

interface ReplayFlags {
  readonly traces: string;
  readonly texts?: string;
  readonly suites?: string;
  readonly task: boolean;
  readonly agent: string;
  readonly answers: string;
  readonly standingAsks: string;
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
    .option('--agent <by>', 'whose history a run belongs to: suite, or model (a suite and a model)', 'suite')
    .option('--answers <who>', 'none: nobody answers held calls · by-label: attacked runs are denied, others approved', 'none')
    .option('--standing-asks <how>', 'tiers that ask people about every call: apart (not counted as held) or counted', 'apart')
    .option('--seed <n>', 'of the clock', '1')
    .requiredOption('--out <file>', 'scores, one JSON object a line')
    .action(replay);
}

async function replay(flags: ReplayFlags): Promise<void> {
  const { replayFile } = await import('@countersign/lab');
  let shown = 0;
  const summary = await replayFile({
    traces: flags.traces, texts: flags.texts, suites: flags.suites, out: flags.out, withTask: flags.task, seed: Number(flags.seed),
    agentBy: oneOf(flags.agent, ['suite', 'model']), answers: oneOf(flags.answers, ['none', 'by-label']), standingAsks: oneOf(flags.standingAsks, ['apart', 'counted']),
    onProblem: ({ file, line, message }) => {
      if ((shown += 1) <= problemsShown) process.stderr.write(`${file}:${line}: ${message}\n`);
    },
  }).catch(asUserError);
  const { traces, calls, held, problems, textsMissing, seconds } = summary;
  process.stderr.write(`${traces} runs, ${calls} calls, ${held} held; ${problems} rows passed over, ${textsMissing} results without a text; ${seconds.toFixed(1)} s\n`);
}

function oneOf<T extends string>(value: string, known: readonly T[]): T {
  const found = known.find((one) => one === value);
  if (found === undefined) throw new UserError(`"${value}" is none of ${known.join(', ')}.`);
  return found;
}

/** A file that cannot be opened is a person's to mend; anything else is a defect and keeps its stack. */
function asUserError(error: unknown): never {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR') throw new UserError(`${String(message)}. Nothing was written.`);
  throw error;
}
