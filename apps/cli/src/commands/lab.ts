/** `countersign lab …`: measures on this machine, as ratios within one run. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import type { TapCost } from '@countersign/lab';
import { programFile } from '../program-file.js';
import { startSoloProcess } from '../solo-process.js';
import { registerLabLimits } from './lab-limits.js';
import { registerLabQuality } from './lab-quality.js';

export function registerLab(program: Command): void {
  const lab = program.command('lab').description('measure, on this machine');
  registerLabQuality(lab);
  registerLabLimits(lab);
  lab
    .command('tap')
    .description('what a tap costs: direct, a bare byte relay, a low call, a judged call; cold start; memory')
    .option('--rounds <n>', 'interleaved rounds', '5')
    .option('--calls <n>', 'calls per round and path', '300')
    .option('--json', 'print JSON')
    .action((flags: { rounds: string; calls: string; json?: boolean }) => measureTap(flags));
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

async function measureTap(flags: { rounds: string; calls: string; json?: boolean }): Promise<void> {
  const { tapCost } = await import('@countersign/lab');
  const cost = await withSolo((dataDir) => tapCost({ program: programFile, dataDir, rounds: Number(flags.rounds), callsPerRound: Number(flags.calls) }));
  process.stdout.write(flags.json ? `${JSON.stringify(cost, null, 1)}\n` : report(cost));
}

function report({ rows, coldStartMs, tapResidentMb, refused }: TapCost): string {
  const lines = rows.map((row) => {
    const figures = [row.p50Ms, row.p99Ms].map((ms) => ms.toFixed(2).padStart(7)).join(' ');
    return `${String(row.payloadBytes).padStart(7)}  ${row.path.padEnd(18)} ${figures}   ${row.p50Ratio.toFixed(2)}× / ${row.p99Ratio.toFixed(2)}×   n=${row.n}`;
  });
  const starts = Object.entries(coldStartMs).map(([path, ms]) => `${path} ${ms.toFixed(0)}`).join(' · ');
  return `payload  path                   p50     p99   against the bare relay\n${lines.join('\n')}\nfirst answer after spawn, ms: ${starts}\ntap resident memory: ${tapResidentMb?.toFixed(0) ?? 'unknown'} MB   refused calls: ${refused}\n`;
}

async function measureSolo(calls: number): Promise<void> {
  const { soloRate } = await import('@countersign/lab');
  const rate = await withSolo((dataDir) => soloRate({ program: programFile, dataDir, taps: 4, inFlightPerTap: 16, calls }));
  process.stdout.write(`${rate.calls} medium calls judged in ${rate.seconds.toFixed(1)} s: ${rate.callsPerSecond.toFixed(0)} calls/s (${rate.refused} refused)\n`);
}
