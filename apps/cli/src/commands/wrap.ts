/** `countersign wrap`: a tap in front of every server that MCP clients start on this machine. */
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { UserError } from '../user-error.js';
import type { Client } from '../wrap/client-table.js';
import { KeptOriginals } from '../wrap/kept-originals.js';
import { runOnClients } from '../wrap/run-on-clients.js';
import { programFile, tapProgram } from '../wrap/tap-program.js';
import { targetsOf } from '../wrap/targets.js';
import { originOf } from '../wrap/tap-words.js';
import { planWrap } from '../wrap/wrap-file.js';

interface WrapFlags {
  readonly client?: string;
  readonly file?: string;
  readonly server?: readonly string[];
  readonly agent?: string;
  readonly role?: string;
  readonly data?: string;
  readonly fullPath?: boolean;
  readonly dryRun?: boolean;
}

export function registerWrap(program: Command): void {
  program
    .command('wrap')
    .description('put a tap in front of the MCP servers in your clients’ configuration files')
    .option('--client <name>', 'only this client')
    .option('--file <file>', 'only this file')
    .option('--server <name...>', 'only these servers')
    .option('--agent <name>', 'the agent’s name for policy; by default the client’s')
    .option('--role <role>', 'the agent’s role for policy')
    .option('--data <dir>', 'the data folder the taps report to; originals are kept there too')
    .option('--full-path', 'name the program by its full path, for desktop programs that do not get your shell’s PATH')
    .option('--dry-run', 'show what would change and write nothing')
    .action(wrap);
}

function wrap(flags: WrapFlags): void {
  for (const name of ['agent', 'role'] as const) if (flags[name] !== undefined && (flags[name] === '' || flags[name].length > 128)) throw new UserError(`--${name} is a name of 1 to 128 characters`);
  const machine = { platform: process.platform, env: process.env, home: homedir(), cwd: process.cwd() };
  const kept = new KeptOriginals(resolveDataDir(flags.data));
  const only = flags.server === undefined ? undefined : new Set(flags.server);
  const started = tapProgram({ ...machine, execPath: process.execPath, programFile, isFullPathWanted: flags.fullPath === true });
  const agentOf = (client: Client): string => flags.agent ?? client.id;
  const at = new Date().toISOString();
  const write = (text: string): void => void process.stdout.write(text);
  const cacheNote = programFile.includes('_npx') && started.length > 1 ? cacheWarning : '';
  runOnClients({
    targets: targetsOf(flags, machine), only, isDryRun: flags.dryRun === true, write, agentOf,
    shows: () => true,
    closing: (editedCount) => cacheNote + closing(editedCount, flags.dryRun === true),
    plan: ({ config, client }) => {
      const tap = { program: started, agent: agentOf(client), configOrigin: originOf(config.file, machine), ...(flags.role === undefined ? {} : { role: flags.role }), ...(flags.data === undefined ? {} : { dataDir: resolve(flags.data) }) };
      return planWrap({ config, client, kept, only }, tap, at);
    },
  });
}

const cacheWarning = 'This Countersign lies in a cache that npx may empty. Install it (`npm install --global countersign`) and wrap again, or the servers stop starting then.\n';

function closing(editedCount: number, isDryRun: boolean): string {
  if (isDryRun) return 'Nothing was written (--dry-run).\n';
  if (editedCount === 0) return 'Nothing had to be wrapped. `countersign doctor` lists what there is.\n';
  return 'Restart the clients, so that they start their servers anew. `countersign unwrap` takes the taps away again.\n';
}
