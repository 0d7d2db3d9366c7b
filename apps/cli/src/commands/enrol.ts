/**
 * `countersign enrol`: lets a tap in by a one-time token. With `--new` the gate of this machine prints one.
 * EC1. A token is never an argument: every process of the machine can read those. It comes by COUNTERSIGN_ENROL_TOKEN or standard input.
 */
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { enrolSocketPath, gateSocketPath } from '@countersign/service/data-dir';
import { resolveDataDir } from '../data-dir.js';
import { oneLineAt } from '../one-line.js';
import { UserError } from '../user-error.js';

interface EnrolFlags {
  readonly data?: string;
  readonly new?: boolean;
  readonly server?: string;
  readonly agent: string;
  readonly role: string;
  readonly http?: boolean;
  readonly socket?: string;
}

export function registerEnrol(program: Command): void {
  program
    .command('enrol')
    .description('make a tap’s key and enrol it with the gate, by a one-time token in COUNTERSIGN_ENROL_TOKEN or on standard input; --new prints such a token')
    .option('--data <dir>', 'the data folder: the gate’s for --new, else the tap’s')
    .option('--new', 'print a token: for one tap, for ten minutes')
    .option('--server <name>', 'the server’s name, as the tap has it')
    .option('--agent <name>', 'the agent’s name, as the tap has it', 'agent')
    .option('--role <role>', 'the agent’s role, as the tap has it', 'agent')
    .option('--http', 'for a tap that listens (`countersign tap --listen`)')
    .option('--socket <path>', 'where the gate listens, or a tunnel to it; by default in the data folder')
    .action(enrol);
}

async function enrol(flags: EnrolFlags): Promise<void> {
  const dataDir = resolveDataDir(flags.data);
  const place = { platform: process.platform, tmpDir: tmpdir() };
  if (flags.new === true) return printToken(dataDir, enrolSocketPath(dataDir, place));
  const { server, agent, role } = flags;
  if (server === undefined) throw new UserError('name the tap’s server with --server; or print a token with --new');
  const wrong = Object.entries({ server, agent, role }).find(([, name]) => name === '' || name.length > 128);
  if (wrong !== undefined) throw new UserError(`--${wrong[0]} is a name of 1 to 128 characters`);
  const { enrolTap } = await import('@countersign/tap');
  const token = givenToken();
  try {
    const { tapId, publicKey } = await enrolTap({ dataDir, server, agent, role, transport: flags.http === true ? 'http' : 'stdio', socketPath: flags.socket ?? gateSocketPath(dataDir, place), token });
    process.stdout.write(`Enrolled: ${agent} (${role}) at ${server}, tap ${tapId}, key ${publicKey}\n`);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
}

async function printToken(dataDir: string, socketPath: string): Promise<void> {
  if (process.platform !== 'win32' && !existsSync(socketPath)) throw new UserError(`no gate is running on ${dataDir}: start it with \`countersign up\``);
  process.stdout.write(`${await oneLineAt(socketPath)}\n`);
}

function givenToken(): string | undefined {
  const given = process.env['COUNTERSIGN_ENROL_TOKEN'] ?? (process.stdin.isTTY ? '' : readFileSync(0, 'utf8'));
  const token = given.trim();
  if (token.length > 64) throw new UserError('an enrolment token has 22 characters; what was given has more than 64. Nothing was sent.');
  return token === '' ? undefined : token;
}
