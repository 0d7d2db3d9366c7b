/** `countersign login`: another one-time link to the console of the Countersign that runs on this folder. */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { Command } from 'commander';
import { operatorSocketPath } from '@countersign/service/data-dir';
import { resolveDataDir } from '../data-dir.js';
import { oneLineAt } from '../one-line.js';
import { runningSolo } from '../running-solo.js';
import { UserError } from '../user-error.js';

export function registerLogin(program: Command): void {
  program
    .command('login')
    .description('print a one-time login link for the console')
    .option('--data <dir>', 'the data folder of the running Countersign')
    .action(async (flags: { readonly data?: string }) => {
      const dataDir = resolveDataDir(flags.data);
      // A console that runs as a service of its own leaves no word but this socket, whose place follows from the folder.
      const operatorSocket = runningSolo(dataDir)?.operatorSocket ?? operatorSocketPath(dataDir, { platform: process.platform, tmpDir: tmpdir() });
      if (process.platform !== 'win32' && !existsSync(operatorSocket)) throw new UserError(`no Countersign is running on ${dataDir}: start it with \`countersign up\``);
      process.stdout.write(`${await oneLineAt(operatorSocket)}\n`);
    });
}
