/**
 * The command line of `countersign tap`, parsed once.
 * ST1. Everything behind `--` is the server's and is not looked at.
 * ST2. No secret is ever an argument: what the tap needs to keep to itself comes by environment or file.
 */
import { parseArgs } from 'node:util';

export type Transport =
  | { readonly kind: 'stdio'; readonly command: string; readonly args: readonly string[] }
  /** A server reached by URL, for a client that speaks stdio. */
  | { readonly kind: 'remote'; readonly upstream: string; readonly headers: readonly HeaderVariable[] }
  | { readonly kind: 'http'; readonly upstream: string; readonly host: string; readonly port: number; readonly endsWithStdin: boolean; readonly oauthRewrite?: boolean };

/** A header whose value is that of an environment variable. */
export interface HeaderVariable {
  readonly name: string;
  readonly variable: string;
}

export interface Settings {
  readonly server: string;
  readonly agent: string;
  readonly role: string;
  /** As given; undefined means the platform's place. */
  readonly dataDir: string | undefined;
  /** The client's file whose entry starts this tap, as `countersign wrap` wrote it; recorded, never opened. */
  readonly configOrigin?: string;
  readonly transport: Transport;
}

export const usage = `usage: countersign tap [--server NAME] [--agent NAME] [--role ROLE] [--data DIR] -- <command> [args…]
       countersign tap [--server NAME] [--agent NAME] [--role ROLE] [--data DIR] --upstream URL [--header-env NAME=VARIABLE]…
       countersign tap [--server NAME] [--agent NAME] [--role ROLE] [--data DIR] --upstream URL --listen 127.0.0.1:PORT [--end-with-stdin] [--oauth-rewrite]`;

const configOriginCharsMax = 512;

const options = {
  server: { type: 'string' },
  agent: { type: 'string' },
  role: { type: 'string' },
  data: { type: 'string' },
  'config-origin': { type: 'string' },
  upstream: { type: 'string' },
  listen: { type: 'string' },
  'end-with-stdin': { type: 'boolean' },
  'oauth-rewrite': { type: 'boolean' },
  'header-env': { type: 'string', multiple: true },
} as const;

interface Values {
  readonly server?: string | undefined;
  readonly agent?: string | undefined;
  readonly role?: string | undefined;
  readonly data?: string | undefined;
  readonly 'config-origin'?: string | undefined;
  readonly upstream?: string | undefined;
  readonly listen?: string | undefined;
  /** The tap was started by a program that must not leave it behind. */
  readonly 'end-with-stdin'?: boolean | undefined;
  /** Clients are shown the tap's address as the protected resource. */
  readonly 'oauth-rewrite'?: boolean | undefined;
  readonly 'header-env'?: readonly string[] | undefined;
}

/** @returns the settings, or a sentence on what is wrong with them. */
export function readSettings(argv: readonly string[]): Settings | string {
  const split = argv.indexOf('--');
  const own = split === -1 ? argv : argv.slice(0, split);
  const command = split === -1 ? [] : argv.slice(split + 1);
  let values: Values;
  try {
    ({ values } = parseArgs({ args: [...own], options, allowPositionals: false, strict: true }));
  } catch (error) {
    return error instanceof Error ? error.message : 'the arguments cannot be read';
  }
  const transport = transportOf(values, command);
  if (typeof transport === 'string') return transport;
  const names = { server: values.server ?? serverNameOf(transport), agent: values.agent ?? 'agent', role: values.role ?? 'agent' };
  const wrong = Object.entries(names).find(([, name]) => name === '' || name.length > 128);
  if (wrong !== undefined) return `--${wrong[0]} is a name of 1 to 128 characters`;
  const origin = values['config-origin']?.slice(0, configOriginCharsMax);
  return { ...names, dataDir: values.data, transport, ...(origin ? { configOrigin: origin } : {}) };
}

function transportOf(values: Values, command: readonly string[]): Transport | string {
  const [program, ...args] = command;
  const isHttp = values.upstream !== undefined || values.listen !== undefined;
  if (program !== undefined) return isHttp ? 'give a command or --upstream, not both' : { kind: 'stdio', command: program, args };
  if (values.upstream === undefined) return 'there is nothing to tap: give `-- <command>` or --upstream URL';
  if (!URL.canParse(values.upstream) || !/^https?:/.test(values.upstream)) return `--upstream "${values.upstream}" is not an http or https URL`;
  const isOurs = values.listen === undefined && values['end-with-stdin'] !== true;
  if (!isOurs && values['header-env'] !== undefined) return '--header-env is for a tap that a stdio client starts; the clients of a listening one bring their own headers';
  if (isOurs) return remoteOf(values.upstream, values['header-env'] ?? []);
  const listen = /^(?:(\[[0-9a-f:]+\]|[^:]+):)?(\d{1,5})$/i.exec(values.listen ?? '127.0.0.1:0');
  const port = Number(listen?.[2]);
  if (listen === null || port > 65_535) return '--listen is host:port, for example 127.0.0.1:8808';
  return { kind: 'http', upstream: values.upstream, host: (listen[1] ?? '127.0.0.1').replace(/^\[|\]$/g, ''), port, endsWithStdin: values['end-with-stdin'] === true, ...(values['oauth-rewrite'] === true ? { oauthRewrite: true } : {}) };
}

function remoteOf(upstream: string, given: readonly string[]): Transport | string {
  const headers: HeaderVariable[] = [];
  for (const pair of given) {
    const [, name, variable] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(pair) ?? [];
    // Not repeated in the sentence: it may be a credential that was put here by mistake.
    if (name === undefined || variable === undefined) return '--header-env is NAME=VARIABLE, the name of a header and of the environment variable that holds its value; the value itself is never an argument';
    headers.push({ name, variable });
  }
  return { kind: 'remote', upstream, headers };
}

/** `npx -y @scope/server-files /x` → `server-files`; a URL → its host. Only a label: --server says better. */
function serverNameOf(transport: Transport): string {
  if (transport.kind !== 'stdio') return new URL(transport.upstream).host.slice(0, 128);
  const words = [transport.command, ...transport.args];
  const isRunner = /(^|[\\/])(npx|uvx|bunx|pnpm|node|python3?|deno|bun)(\.exe|\.cmd)?$/i.test(transport.command);
  const named = isRunner ? words.slice(1).find((word) => !word.startsWith('-')) : transport.command;
  const base = (named ?? transport.command).split(/[\\/]/).at(-1) ?? '';
  return base.replace(/@[^@]*$/, '').replace(/\.(m?js|c?js|ts|py|exe|cmd)$/, '').slice(0, 128) || 'server';
}
