/** Which files a command is about: those of all clients, of one, or one that is named. */
import { existsSync, realpathSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { UserError } from '../user-error.js';
import { clients, type Client, type Scope } from './client-table.js';
import type { ConfigText } from './config-io.js';
import { configFilesOf, type ConfigFile, type Machine } from './config-files.js';
import { notations } from './notations.js';
import { memberOf } from './text-tree.js';

export interface TargetFlags {
  readonly client?: string;
  readonly file?: string;
}

export interface Target {
  readonly file: string;
  /** undefined: told by what the file holds. */
  readonly client: Client | undefined;
  readonly scope: Scope;
  readonly alsoReadBy: readonly string[];
}

/** @throws UserError for a client that does not exist. Managed files are an organisation's and are only taken when named. */
export function targetsOf({ client: id, file }: TargetFlags, machine: Machine): readonly Target[] {
  const client = id === undefined ? undefined : clients.find((one) => one.id === id);
  if (id !== undefined && client === undefined) throw new UserError(`there is no client "${id}"; known are ${clients.map((one) => one.id).join(', ')}`);
  const known = configFilesOf(machine);
  if (file === undefined) {
    const own = known.filter((one) => one.scope !== 'managed' && (client === undefined || one.client.id === id || isAlsoReadBy(one, client)));
    return own.map((one) => ({ ...one, client: client ?? one.client, alsoReadBy: titles(one).filter((title) => title !== (client ?? one.client).title) }));
  }
  const path = resolve(machine.cwd, file);
  if (!existsSync(path)) throw new UserError(`there is no file ${path}`);
  const place = known.find((one) => one.file === path || (existsSync(one.file) && realpathSync(one.file) === realpathSync(path)));
  return [{ file: path, client: client ?? place?.client, scope: place?.scope ?? 'user', alsoReadBy: place?.alsoReadBy ?? [] }];
}

function isAlsoReadBy({ alsoReadBy }: ConfigFile, client: Client): boolean {
  return alsoReadBy.includes(client.title);
}

function titles({ client, alsoReadBy }: ConfigFile): readonly string[] {
  return [client.title, ...alsoReadBy];
}

/** @returns the first client whose way of keeping servers fits the file, or undefined. */
export function clientByContent({ file, text }: Pick<ConfigText, 'file' | 'text'>): Client | undefined {
  const format = { '.json': 'json', '.jsonc': 'json', '.toml': 'toml', '.yaml': 'yaml', '.yml': 'yaml' }[extname(file).toLowerCase()];
  return clients.find((client) => {
    if (client.format !== format) return false;
    const parsed = notations[client.format].parse(text);
    return parsed.ok && client.servers.some(([key]) => key !== undefined && memberOf(parsed.root, key)?.node.kind === 'map');
  });
}
