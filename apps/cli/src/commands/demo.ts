/** `countersign demo`: its own Countersign in a folder of its own, the demonstration against it, and an exit code. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { Playground } from '../play-demo.js';

interface DemoFlags {
  readonly json?: boolean;
  readonly unguarded?: boolean;
  readonly profile: 'embedded' | 'distributed';
  readonly stack?: string;
}

export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description('play the demonstration: ordinary work, then the attacks; exit code 1 when anything is not as expected')
    .option('--json', 'print rows {scenario, expected, verdict, executed, ok} and nothing else')
    .option('--unguarded', 'only observe: the attacks must be seen to succeed')
    .addOption(new Option('--profile <profile>', 'on what it plays').choices(['embedded', 'distributed']).default('embedded'))
    .option('--stack <dir>', 'distributed: the folder of a running `npm run stack`; without it one is started and removed')
    .action(demo);
}

async function demo(flags: DemoFlags): Promise<void> {
  const { demoPolicyText, plainNarrator, silent } = await import('@countersign/demo');
  const { playDemo } = await import('../play-demo.js');
  const isDistributed = flags.profile === 'distributed';
  const policyText = demoPolicyText(flags.unguarded ? 'observe' : 'enforce', isDistributed ? 30_000 : 4_000);
  const place = isDistributed ? await (await import('../demo-stack.js')).openDemoStack(flags.stack, policyText) : await ownSolo(policyText);
  try {
    const narrator = flags.json ? silent : plainNarrator((line) => process.stdout.write(line));
    const rows = await playDemo({ on: place.playground, unguarded: flags.unguarded === true, narrator });
    if (flags.json) process.stdout.write(`${JSON.stringify(rows, null, 1)}\n`);
    process.exitCode = rows.every((row) => row.ok) ? 0 : 1;
  } finally {
    await place.close();
  }
}

async function ownSolo(policyText: string): Promise<{ readonly playground: Playground; close(): Promise<void> }> {
  const { startSolo } = await import('@countersign/solo');
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-demo-data-'));
  const solo = await startSolo({ dataDir, logFile: join(dataDir, 'solo.log') });
  solo.policy.use(policyText, 'the demonstration’s policy');
  return {
    playground: solo,
    close: async () => {
      await solo.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
