/** `countersign demo`: its own Countersign in a folder of its own, the demonstration against it, and an exit code. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';

interface DemoFlags {
  readonly json?: boolean;
  readonly unguarded?: boolean;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('play the demonstration: ordinary work, then the attacks; exit code 1 when anything is not as expected')
    .option('--json', 'print rows {scenario, expected, verdict, executed, ok} and nothing else')
    .option('--unguarded', 'only observe: the attacks must be seen to succeed')
    .action(async (flags: DemoFlags) => {
      const { startSolo } = await import('@countersign/solo');
      const { demoPolicyText, plainNarrator, silent } = await import('@countersign/demo');
      const { playDemo } = await import('../play-demo.js');
      const dataDir = mkdtempSync(join(tmpdir(), 'countersign-demo-data-'));
      const solo = await startSolo({ dataDir, logFile: join(dataDir, 'solo.log') });
      try {
        solo.policy.use(demoPolicyText(flags.unguarded ? 'observe' : 'enforce'), 'the demonstration’s policy');
        const narrator = flags.json ? silent : plainNarrator((line) => process.stdout.write(line));
        const rows = await playDemo({ solo, unguarded: flags.unguarded === true, narrator });
        if (flags.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
        process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
      } finally {
        await solo.stop();
        rmSync(dataDir, { recursive: true, force: true });
      }
    });
}
