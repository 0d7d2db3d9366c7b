/** `countersign up`: the whole product in one process, until it is stopped; with `--demo`, the demonstration beside it. */
import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { clickHouseOf } from '../click-house.js';
import { resolveDataDir } from '../data-dir.js';
import { programFile } from '../program-file.js';
import { UserError } from '../user-error.js';
import type { Solo } from '@countersign/solo';

interface UpFlags {
  readonly data?: string;
  readonly policy?: string;
  readonly port?: string;
  readonly enrolment?: string;
  readonly demo?: boolean;
}

export function registerUp(program: Command): void {
  program
    .command('up')
    .description('run Countersign on this machine: ledger, detectors, judge, approvals, history and console in one process')
    .option('--data <dir>', 'where state lives (default: the user’s state folder)')
    .option('--policy <file>', 'policy file (default: <data>/policy.yaml, written at the first start)')
    .option('--port <port>', 'the console’s port', '7800')
    .option('--enrolment <rule>', 'who becomes a known tap: `first-use`, or `token` (see `countersign enrol`); COUNTERSIGN_GATE_ENROLMENT says it too')
    .option('--demo', 'play the demonstration beside it')
    .option('--no-demo', 'do not')
    .action(up);
}

async function up(flags: UpFlags): Promise<void> {
  const { startSolo } = await import('@countersign/solo');
  const { PolicyRefused } = await import('@countersign/service');
  const dataDir = resolveDataDir(flags.data);
  if (flags.policy && !existsSync(flags.policy)) throw new UserError(`there is no policy file ${flags.policy}`);
  const clickHouse = clickHouseOf(process.env);
  const solo = await startSolo({ dataDir, consolePort: portOf(flags.port), enrolment: enrolmentOf(flags.enrolment ?? process.env['COUNTERSIGN_GATE_ENROLMENT']), ...(flags.policy && { policyFile: flags.policy }), ...(clickHouse && { clickHouse }) }).catch((error: unknown) => {
    if (error instanceof PolicyRefused) throw new UserError(`the policy was refused, nothing was started:\n${error.message}`);
    throw error;
  });
  greet(solo);
  const stopping = new AbortController();
  const stop = async () => {
    stopping.abort();
    await solo.stop();
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void stop());
  if (flags.demo) await demonstrate(solo, stopping);
  await solo.failed;
}

function enrolmentOf(given = 'first-use'): 'first-use' | 'token' {
  if (given === 'first-use' || given === 'token') return given;
  throw new UserError(`--enrolment is first-use or token, not ${given}`);
}

function greet(solo: Solo): void {
  process.stdout.write(`
  Countersign is running.  Data: ${solo.dataDir}   Policy: ${solo.policy.current().version}

  Console     ${solo.loginLink()}
              (the link works once, for ten minutes; \`countersign login\` prints another)

  Put a tap in front of a server of yours: use this as the server's command in your MCP client:
              node ${programFile} tap --server NAME --agent AGENT -- COMMAND [ARGS…]
  or, for a server that speaks HTTP:
              node ${programFile} tap --server NAME --agent AGENT --upstream URL --listen 127.0.0.1:7801

  Stop with Ctrl-C. State survives.
`);
}

/** One key skips it; afterwards the user's own policy is in force again. */
async function demonstrate(solo: Solo, stopping: AbortController): Promise<void> {
  const { demoPolicyText, plainNarrator } = await import('@countersign/demo');
  const { playDemo } = await import('../play-demo.js');
  const skip = new AbortController();
  stopping.signal.addEventListener('abort', () => skip.abort());
  const release = onAnyKey(() => skip.abort());
  process.stdout.write(`\n  The demonstration plays beside it${process.stdin.isTTY ? '; press any key to skip it' : ''}. Watch it in the console.\n`);
  solo.policy.use(demoPolicyText('enforce'), 'the demonstration’s policy');
  try {
    await playDemo({ on: solo, unguarded: false, narrator: plainNarrator((line) => process.stdout.write(line)), signal: skip.signal });
    process.stdout.write(skip.signal.aborted ? '  Skipped. Countersign goes on.\n' : '  Countersign goes on; Ctrl-C stops it.\n');
  } catch (error) {
    process.stderr.write(`  The demonstration ended early: ${error instanceof Error ? error.message : String(error)}\n  Countersign itself goes on.\n`);
  } finally {
    release();
    solo.policy.reload();
  }
}

function onAnyKey(pressed: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const take = (key: Buffer) => {
    // Raw mode hides Ctrl-C from the terminal: hand it on.
    if (key[0] === 3) process.kill(process.pid, 'SIGINT');
    else pressed();
  };
  stdin.setRawMode(true).resume().on('data', take);
  return () => {
    stdin.off('data', take).setRawMode(false).pause();
  };
}

function portOf(text: string | undefined): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UserError(`${text} is not a port`);
  return port;
}
