/**
 * Where each client's files are on one machine. Pure: platform, environment and working folder are arguments, so all three systems are tested on one.
 * CF1. A file that two clients share is named once, under the first of them.
 * CF2. Nothing here looks whether a file exists.
 */
import { posix, win32 } from 'node:path';
import { clients, type Client, type ClientPlace, type Scope } from './client-table.js';

export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly cwd: string;
}

export interface ConfigFile {
  readonly file: string;
  readonly client: Client;
  readonly scope: Scope;
  /** Titles of other clients that read the same file. */
  readonly alsoReadBy: readonly string[];
}

/** All places of all clients, in the table's order, absolute and with the platform's separators. */
export function configFilesOf(machine: Machine): readonly ConfigFile[] {
  const files = new Map<string, ConfigFile>();
  for (const client of clients) {
    for (const place of client.places) {
      const file = pathOf(place, machine);
      if (file === undefined) continue;
      const known = files.get(file);
      files.set(file, known === undefined ? { file, client, scope: place.scope, alsoReadBy: [] } : { ...known, alsoReadBy: [...known.alsoReadBy, client.title] });
    }
  }
  return [...files.values()];
}

function pathOf({ file }: ClientPlace, machine: Machine): string | undefined {
  const pattern = typeof file === 'string' ? file : file[systemOf(machine.platform)];
  if (pattern === undefined) return undefined;
  const folders = foldersOf(machine);
  const path = pattern.replace(/^\{(\w+)\}/, (_, name: string) => folders[name] ?? '');
  return machine.platform === 'win32' ? win32.normalize(path) : posix.normalize(path);
}

function foldersOf({ platform, env, home, cwd }: Machine): Readonly<Record<string, string>> {
  const { join } = platform === 'win32' ? win32 : posix;
  const named = (name: string): string | undefined => env[name] || undefined;
  const dotconfig = (platform === 'win32' ? undefined : named('XDG_CONFIG_HOME')) ?? join(home, '.config');
  const config = {
    linux: dotconfig,
    darwin: join(home, 'Library', 'Application Support'),
    win32: named('APPDATA') ?? join(home, 'AppData', 'Roaming'),
  }[systemOf(platform)];
  return { home, cwd, config, dotconfig, claude: named('CLAUDE_CONFIG_DIR') ?? home, codex: named('CODEX_HOME') ?? join(home, '.codex') };
}

function systemOf(platform: NodeJS.Platform): 'linux' | 'darwin' | 'win32' {
  return platform === 'win32' || platform === 'darwin' ? platform : 'linux';
}
