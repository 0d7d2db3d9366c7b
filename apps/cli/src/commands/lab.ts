/** `countersign lab …`: measures on this machine, as ratios within one run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { programFile } from '../program-file.js';
import { startSoloProcess } from '../solo-process.js';
import { registerLabLedgers } from './lab-ledgers.js';
import { registerLabLaundering } from './lab-laundering.js';
import { registerLabLimits } from './lab-limits.js';
import { registerLabQuality } from './lab-quality.js';
import { registerLabTrain } from './lab-train.js';

export function registerLab(program: Command): void {
  const lab = program.command('lab').description('measure, on this machine');
  registerLabQuality(lab);
  registerLabLimits(lab);
  registerLabLaundering(lab);
  registerLabLedgers(lab);
  registerLabTrain(lab);
  lab
    .command('tap')
    .description('what a tap costs: stdio and HTTP, direct, a bare relay, a low call, a judged call; long messages; start; memory; leaked children')
    .option('--rounds <n>', 'interleaved rounds', '5')
    .option('--calls <n>', 'calls per round and path', '300')
    .option('--cycles <n>', 'start, stop and kill cycles', '40')
    .option('--load-seconds <n>', 'how long the memory load lasts', '10')
    .option('--json', 'print JSON')
    .action((flags: TapFlags) => measureTap(flags));
  lab
    .command('solo')
    .description('how many medium calls one solo judges per second')
    .option('--calls <n>', 'calls', '4000')
    .action((flags: { calls: string }) => measureSolo(Number(flags.calls)));
}

async function withSolo<T>(measure: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'countersign-lab-'));
  const solo = await startSoloProcess(dataDir);
  try {
    return await measure(dataDir);
  } finally {
    await solo.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface TapFlags {
  readonly rounds: string;
  readonly calls: string;
  readonly cycles: string;
  readonly loadSeconds: string;
  readonly json?: boolean;
}

async function measureTap({ rounds, calls, cycles, loadSeconds, json }: TapFlags): Promise<void> {
  const { tapCost, shownTapCost } = await import('@countersign/lab');
  const load = { rounds: Number(rounds), callsPerRound: Number(calls), cycles: Number(cycles), loadSeconds: Number(loadSeconds) };
  const cost = await withSolo((dataDir) => tapCost({ program: programFile, dataDir, ...load }));
  process.stdout.write(json ? `${JSON.stringify(cost, null, 1)}\n` : shownTapCost(cost));
}

async function measureSolo(calls: number): Promise<void> {
  const { soloRate } = await import('@countersign/lab');
  const rate = await withSolo((dataDir) => soloRate({ program: programFile, dataDir, taps: 4, inFlightPerTap: 16, calls }));
  process.stdout.write(`${rate.calls} medium calls judged in ${rate.seconds.toFixed(1)} s: ${rate.callsPerSecond.toFixed(0)} calls/s (${rate.refused} refused)\n`);
}
