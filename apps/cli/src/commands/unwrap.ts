/** `countersign unwrap`: takes the taps out of clients' configuration files again. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { Command } from 'commander';
import { resolveDataDir } from '../data-dir.js';
import { clients } from '../wrap/client-table.js';
import { KeptOriginals } from '../wrap/kept-originals.js';
import { runOnClients } from '../wrap/run-on-clients.js';
import { targetsOf, type Target } from '../wrap/targets.js';
import { planUnwrap } from '../wrap/wrap-file.js';

interface UnwrapFlags {
  readonly client?: string;
  readonly file?: string;
  readonly server?: readonly string[];
  readonly data?: string;
  readonly dryRun?: boolean;
}

export function registerUnwrap(program: Command): void {
  program
    .command('unwrap')
    .description('take the taps out of your clients’ configuration files; a file nobody changed since gets its original bytes back')
    .option('--client <name>', 'only this client')
    .option('--file <file>', 'only this file')
    .option('--server <name...>', 'only these servers')
    .option('--data <dir>', 'the data folder where originals are kept')
    .option('--dry-run', 'show what would change and write nothing')
    .action(unwrap);
}

function unwrap(flags: UnwrapFlags): void {
  const machine = { platform: process.platform, env: process.env, home: homedir(), cwd: process.cwd() };
  const kept = new KeptOriginals(resolveDataDir(flags.data));
  const only = flags.server === undefined ? undefined : new Set(flags.server);
  const write = (text: string): void => void process.stdout.write(text);
  const places = targetsOf(flags, machine);
  runOnClients({
    targets: flags.file === undefined ? [...places, ...wrappedElsewhere(kept, places, flags.client)] : places,
    only, isDryRun: flags.dryRun === true, write,
    agentOf: (client) => client.id,
    shows: ({ state }) => state === 'unwrapped' || state === 'already',
    closing: (editedCount) => closing(editedCount, flags.dryRun === true),
    plan: ({ config, client }) => planUnwrap({ config, client, kept, only }),
  });
}

function closing(editedCount: number, isDryRun: boolean): string {
  if (isDryRun) return 'Nothing was written (--dry-run).\n';
  return editedCount === 0 ? 'Nothing was unwrapped.\n' : 'Restart the clients, so that they start their servers anew.\n';
}

/** Files that were wrapped by name, or in another folder than this one. */
function wrappedElsewhere(kept: KeptOriginals, places: readonly Target[], clientId: string | undefined): readonly Target[] {
  const known = new Set(places.map(({ file }) => file));
  return kept
    .all()
    .filter(({ file, clientId: id }) => !known.has(file) && existsSync(file) && (clientId === undefined || clientId === id))
    .map(({ file, clientId: id }) => ({ file, client: clients.find((client) => client.id === id), scope: 'user', alsoReadBy: [] }));
}
