/** `countersign lab laundering`: delegation graphs from a seed through the detector, against an oracle. */
import type { Command } from 'commander';

interface LaunderingFlags {
  readonly graphs: string;
  readonly seed: string;
  readonly from: string;
  readonly json?: boolean;
}

export function registerLabLaundering(lab: Command): void {
  lab
    .command('laundering')
    .description('composed delegation graphs (files, memories, tickets, messages, orders; every disguise; split and joined): what ought to be refused and was not')
    .option('--graphs <n>', 'how many', '1000000')
    .option('--seed <n>', 'of the graphs', '1')
    .option('--from <n>', 'number of the first graph, a multiple of 16: a long run can be made in parts', '0')
    .option('--json', 'print JSON')
    .action(measure);
}

async function measure(flags: LaunderingFlags): Promise<void> {
  const { laundering, shownLaundering } = await import('@countersign/lab');
  const graphs = Number(flags.graphs);
  const report = await laundering({ graphs, seed: Number(flags.seed), from: Number(flags.from), onProgress: (done) => process.stderr.write(`${done} of ${graphs}\r`) });
  process.stdout.write(flags.json ? `${JSON.stringify(report)}\n` : `${shownLaundering(report).join('\n')}\n`);
}
