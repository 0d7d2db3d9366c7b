/** `countersign lab adaptive|habits|impact`: where the product's judgement ends: against an attacker who knows it, and on tools it never saw. */
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
    .command('habits')
    .description('how soon changed habits are noticed; an attacker who mimics them, and one who teaches them')
    .requiredOption('--sessions <file>', 'benign runs of one agent with `calls[] {tool, args}`, one a line, plain or gzipped; 150 or more')
    .option('--goals <n>', 'goals of the mimic', '60')
    .option('--covers <n>', 'beginnings the mimic tries for each', '100')
    .option('--seeds <n>', 'how many shuffles', '3')
    .option('--json', 'print JSON')
    .action(measureHabits);
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

interface HabitFlags {
  readonly sessions: string;
  readonly goals: string;
  readonly covers: string;
  readonly seeds: string;
  readonly json?: boolean;
}

async function measureHabits(flags: HabitFlags): Promise<void> {
  const { habitFigures, mimicry, poisoning, sessionsOf, shownHabits } = await import('@countersign/lab');
  const sessions = sessionsOf(flags.sessions);
  if (sessions.length < 150) throw new UserError(`${flags.sessions} holds ${sessions.length} sessions; 100 are learnt from and 50 more are needed to judge. Nothing was measured.`);
  const seeds = Array.from({ length: Number(flags.seeds) }, (_, n) => n + 1);
  const report = {
    habits: await habitFigures(sessions, seeds),
    mimicry: await mimicry(sessions, { goals: Number(flags.goals), covers: Number(flags.covers), seed: 1 }),
    poisoning: await poisoning(sessions, [0.05, 0.2, 0.5, 1, 0], seeds),
  };
  process.stdout.write(`${flags.json ? JSON.stringify(report, null, 1) : shownHabits(report).join('\n')}\n`);
}

async function impact(flags: { readonly definitions: string; readonly json?: boolean }): Promise<void> {
  const { impactAccuracy, shownImpactAccuracy } = await import('@countersign/lab');
  const accuracy = await impactAccuracy(flags.definitions, ({ file, line, message }) => process.stderr.write(`${file}:${line} ${message}\n`));
  process.stdout.write(`${flags.json ? JSON.stringify(accuracy, null, 1) : shownImpactAccuracy(accuracy).join('\n')}\n`);
}
