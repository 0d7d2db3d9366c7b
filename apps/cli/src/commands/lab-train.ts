/** `countersign lab train`: weights from recorded runs, written beside the ones in use, signed when a key is given. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

interface TrainFlags {
  readonly traces: string;
  readonly texts: string;
  readonly suites: string;
  readonly out: string;
  readonly seed: string;
  readonly version: string;
  readonly past: string;
  readonly most: string;
  readonly sign?: string;
  readonly install?: string;
}

interface CompareFlags {
  readonly traces: string;
  readonly scores: readonly string[];
  readonly set: string;
  readonly out?: string;
  readonly devLog?: string;
  readonly commit: string;
  readonly conditions: string;
}

async function compare(flags: CompareFlags): Promise<void> {
  const { compared } = await import('@countersign/lab');
  const set = (['tune', 'dev'] as const).find((name) => name === flags.set);
  if (set === undefined) throw new UserError(`--set is tune or dev, not "${flags.set}". Nothing was compared.`);
  const scores = Object.fromEntries(flags.scores.map((named) => [named.slice(0, named.lastIndexOf('=')), named.slice(named.lastIndexOf('=') + 1)]));
  const lines = await compared({ ...flags, set, scores, out: flags.out, devLog: flags.devLog, onProblem: ({ file, line, message }) => process.stderr.write(`${file}:${line} ${message}\n`) });
  process.stdout.write(`${lines.join('\n')}\n`);
}


export function registerLabTrain(lab: Command): void {
  lab
    .command('train')
    .description('fit the call score and the fused score on the tuning runs of a traces file; the weights in use stay as they are')
    .requiredOption('--traces <file>', 'runs with their labels, one JSON object a line, plain or gzipped')
    .requiredOption('--texts <file>', 'results by id')
    .requiredOption('--suites <file>', 'tool definitions: {suite: {tools: […]}}')
    .requiredOption('--out <dir>', 'where the artefacts are written')
    .option('--version <name>', 'what the weights are called', '3')
    .option('--past <n>', 'benign runs each agent is known by', '60')
    .option('--most <n>', 'hijacks of one scenario at most', '2')
    .option('--seed <n>', 'of the choices', '1')
    .option('--sign <file>', 'PKCS#8 PEM of an Ed25519 key')
    .option('--install <repository>', 'put what was written where this repository\'s build reads it')
    .action(train);
  lab
    .command('compare')
    .description('the same runs under several conditions, side by side')
    .requiredOption('--traces <file>', 'the runs that were replayed, with their labels')
    .requiredOption('--scores <name=file...>', 'what replay wrote, by the condition\'s name')
    .option('--set <name>', 'tune or dev', 'tune')
    .option('--out <file>', 'write the page here, as Markdown')
    .option('--dev-log <file>', 'count looks at development data here')
    .option('--commit <hash>', 'what was measured', 'unknown')
    .option('--conditions <text>', 'how it was replayed, for the page', '')
    .action(compare);
}

async function train(flags: TrainFlags): Promise<void> {
  const { installArtefacts, trainFromFile } = await import('@countersign/lab');
  const lines = await trainFromFile({
    ...flags, seed: Number(flags.seed), pastRuns: Number(flags.past), mostPerScenario: Number(flags.most), privateKeyPem: flags.sign === undefined ? undefined : keyIn(flags.sign),
    onProblem: ({ file, line, message }) => process.stderr.write(`${file}:${line} ${message}\n`), onProgress: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${lines.join('\n')}\n`);
  if (flags.install !== undefined) process.stdout.write(`${installArtefacts(flags.out, flags.install).join('\n')}\n`);
}

function keyIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`The signing key ${file} cannot be read (${String((error as { code?: unknown }).code ?? 'unknown error')}). Nothing was trained.`);
  }
}
