/** `countersign lab adaptive|impact`: where the product's judgement ends: against an attacker who knows it, and on tools it never saw. */
import type { Command } from 'commander';
import { UserError } from '../user-error.js';

export function registerLabLimits(lab: Command): void {
  lab
    .command('adaptive')
    .description('an attacker who knows the rules rewrites his text and asks again: how many goals he reaches in how many tries')
    .requiredOption('--traces <file>', 'runs with their labels, one JSON object a line, plain or gzipped')
    .requiredOption('--texts <file>', 'results and injected texts by id')
    .option('--suites <file>', 'tool definitions: {suite: {tools: […]}}')
    .option('--set <name>', 'tune, dev, dev-template or other', 'tune')
    .option('--goals <n>', 'goals at most, one of a scenario', '100')
    .option('--queries <n>', 'tries per goal', '100')
    .option('--history <n>', 'benign runs the agent is known by', '60')
    .option('--no-task', 'withhold the user\'s words')
    .option('--seed <n>', 'of the choices', '1')
    .option('--json', 'print JSON')
    .action(attackAdaptively);
  lab
    .command('impact')
    .description('how often the impact class of a real tool is guessed right, against labels made by hand')
    .requiredOption('--definitions <file>', 'tool definitions, one {server, name, description, inputSchema} a line, plain or gzipped')
    .option('--json', 'print JSON')
    .action(impact);
}

interface AdaptiveFlags {
  readonly traces: string;
  readonly texts: string;
  readonly suites?: string;
  readonly set: string;
  readonly goals: string;
  readonly queries: string;
  readonly history: string;
  readonly task: boolean;
  readonly seed: string;
  readonly json?: boolean;
}

async function attackAdaptively(flags: AdaptiveFlags): Promise<void> {
  const { adaptive, shownAdaptive } = await import('@countersign/lab');
  const sets = ['tune', 'dev', 'dev-template', 'other'] as const;
  const set = sets.find((name) => name === flags.set);
  if (set === undefined) throw new UserError(`--set is one of ${sets.join(', ')}, not "${flags.set}". Nothing was tried.`);
  const found = await adaptive({
    traces: flags.traces, texts: flags.texts, suites: flags.suites, set, goalsMax: Number(flags.goals), queries: Number(flags.queries), historyRuns: Number(flags.history),
    withTask: flags.task, seed: Number(flags.seed), onProblem: ({ file, line, message }) => process.stderr.write(`${file}:${line} ${message}\n`),
  });
  process.stdout.write(`${flags.json ? JSON.stringify(found, null, 1) : shownAdaptive(found).join('\n')}\n`);
}

async function impact(flags: { readonly definitions: string; readonly json?: boolean }): Promise<void> {
  const { impactAccuracy, shownImpactAccuracy } = await import('@countersign/lab');
  const accuracy = await impactAccuracy(flags.definitions, ({ file, line, message }) => process.stderr.write(`${file}:${line} ${message}\n`));
  process.stdout.write(`${flags.json ? JSON.stringify(accuracy, null, 1) : shownImpactAccuracy(accuracy).join('\n')}\n`);
}
