/** Which variable sets which setting. A variable wins over the file. */
import type { Environment } from '../data-dir.js';

type Kind = 'text' | 'number' | 'list' | 'group';

interface Variable {
  readonly name: string;
  /** Of names, from the root of the settings. */
  readonly path: readonly string[];
  readonly kind: Kind;
}

const of = (kind: Kind, ...paths: readonly string[]): readonly Variable[] =>
  paths.map((path) => ({ name: path === 'dataDir' ? 'COUNTERSIGN_DATA' : `COUNTERSIGN_${path.replaceAll('.', '_').replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase().replace('CLICK_HOUSE', 'CLICKHOUSE')}`, path: path.split('.'), kind }));

/** `COUNTERSIGN_` and the setting's path in capitals, but for `COUNTERSIGN_DATA`. `COUNTERSIGN_KAFKA_TLS=on` is TLS with the system's authorities. */
export const variables: readonly Variable[] = [
  ...of('text', 'profile', 'dataDir', 'domain', 'policyFile', 'logFile', 'logLevel', 'health.host', 'keys.dir', 'detect.name'),
  ...of('number', 'startSeconds', 'health.port'),
  ...of('list', 'kafka.brokers', 'detect.detectors', 'console.hosts'),
  ...of('text', 'kafka.topicPrefix', 'kafka.tls.caFile', 'kafka.tls.certFile', 'kafka.tls.keyFile', 'kafka.tls.serverName', 'kafka.sasl.mechanism', 'kafka.sasl.username', 'kafka.sasl.password', 'kafka.sasl.passwordFile'),
  ...of('number', 'kafka.partitions', 'kafka.sessionSeconds'),
  ...of('group', 'kafka.tls'),
  ...of('text', 'redis.url', 'redis.urlFile', 'redis.prefix'),
  ...of('text', 'clickHouse.url', 'clickHouse.username', 'clickHouse.password', 'clickHouse.passwordFile', 'clickHouse.readUsername', 'clickHouse.readPassword', 'clickHouse.readPasswordFile', 'clickHouse.database'),
  ...of('text', 'gate.socket', 'gate.enrolment', 'gate.tls.host', 'gate.tls.certFile', 'gate.tls.keyFile', 'console.host', 'console.scheme'),
  ...of('number', 'gate.tls.port', 'console.port'),
];

/** Of sections whose misspelt variables would otherwise be ignored in silence. */
const sections = ['KAFKA', 'REDIS', 'CLICKHOUSE', 'GATE', 'CONSOLE', 'KEYS', 'DETECT', 'HEALTH'];

/** @returns variables that look like settings and are none. */
export function strangersIn(env: Environment): readonly string[] {
  const known = new Set(variables.map(({ name }) => name));
  return Object.keys(env).filter((name) => sections.some((section) => name.startsWith(`COUNTERSIGN_${section}_`)) && !known.has(name));
}

/** Lays what the environment sets over what a file said. Nothing is checked here: a text that is no number stays a text. */
export function withEnvironment(fromFile: unknown, env: Environment): unknown {
  const merged = structuredClone(fromFile ?? {});
  if (!isGroup(merged)) return merged;
  for (const variable of variables) {
    const value = env[variable.name];
    if (value !== undefined && value !== '') put(merged, variable.path, valueOf(value, variable.kind));
  }
  return merged;
}

export function variableOf(path: string): string | undefined {
  return variables.find((variable) => variable.path.join('.') === path)?.name;
}

function valueOf(value: string, kind: Kind): unknown {
  if (kind === 'list') return value.split(',').map((part) => part.trim()).filter((part) => part !== '');
  if (kind === 'group' && value === 'on') return {};
  return kind === 'number' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
}

function put(root: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [last = ''] = path.slice(-1);
  let group = root;
  for (const name of path.slice(0, -1)) {
    const next = group[name];
    if (isGroup(next)) group = next;
    else group = group[name] = {};
  }
  // `tls: on` must not take away what its own settings say.
  if (isGroup(value) && isGroup(group[last])) return;
  group[last] = value;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
