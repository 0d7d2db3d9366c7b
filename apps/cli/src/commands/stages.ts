/** `countersign gate|detect|judge|approve`: one stage alone on an embedded data folder, for restarting or scaling it by itself. */
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';

const stages = ['gate', 'detect', 'judge', 'approve'] as const;

export function registerStages(program: Command): void {
  for (const stage of stages) {
    program
      .command(stage)
      .description(`run only ${stage} on a data folder`)
      .option('--data <dir>', 'where state lives')
      .option('--policy <file>', 'policy file (default: <data>/policy.yaml)')
      .action(async (flags: { readonly data?: string; readonly policy?: string }) => {
        const { startStage } = await import('@countersign/solo');
        const running = await startStage(stage, { dataDir: resolveDataDir(flags.data), ...(flags.policy && { policyFile: flags.policy }) });
        process.stderr.write(`countersign ${stage} runs; health at ${running.url}/healthz\n`);
        for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void running.stop().then(() => process.exit(0)));
        await running.failed;
      });
  }
}
