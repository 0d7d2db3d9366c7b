/**
 * The settings of a service: a file's, with the environment's over them, checked once.
 * RC1. What is wrong is told by name, kind and expectation, all of it at once; never by value: it may be a secret.
 * RC2. Secrets that stand in files are read here, at the start; a file that others can read is refused.
 */
import { readFileSync, statSync } from 'node:fs';
import type { Environment } from '../data-dir.js';
import { strangersIn, variableOf, withEnvironment } from './environment.js';
import { configSchema, type Config } from './shape.js';

/** One line per setting that is wrong. */
export class ConfigRefused extends Error {
  override readonly name = 'ConfigRefused';
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

export interface ConfigSources {
  /** What the file holds, parsed; undefined when there is none. */
  readonly file?: unknown;
  readonly env: Environment;
}

/** @throws {ConfigRefused} */
export function readConfig({ file, env }: ConfigSources): Config {
  const given = withEnvironment(file, env);
  const parsed = configSchema.safeParse(given);
  const strangers = strangersIn(env).map((name) => `${name}: there is no such setting; see docs/run-distributed.md for those there are.`);
  if (parsed.success && strangers.length === 0) return withSecrets(parsed.data);
  const issues = parsed.success ? [] : parsed.error.issues;
  throw new ConfigRefused([...strangers, ...issues.flatMap((issue) => sentences(issue, { given, env }))]);
}

interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

function sentences(issue: Issue, { given, env }: { readonly given: unknown; readonly env: Environment }): readonly string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') return (issue.keys ?? []).map((key) => `${[...path, key].join('.')}: there is no such setting; see docs/run-distributed.md for those there are.`);
  const variable = variableOf(path.filter((part) => !/^\d+$/.test(part)).join('.'));
  const source = variable !== undefined && env[variable] !== undefined ? ` (from ${variable})` : '';
  return [`${path.join('.') || 'the settings'}${source}: expected ${issue.message}; found ${kindOf(valueAt(given, path))}.`];
}

function valueAt(given: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined), given);
}

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'string') return `text of ${value.length} characters`;
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? 'a number' : 'a group of settings';
}

function withSecrets(config: Config): Config {
  const { kafka, redis, clickHouse } = config;
  const sasl = kafka?.sasl;
  return {
    ...config,
    ...(kafka === undefined ? {} : { kafka: { ...kafka, ...(sasl === undefined ? {} : { sasl: { ...sasl, password: required('kafka.sasl.password', sasl.password, sasl.passwordFile) } }) } }),
    ...(redis === undefined ? {} : { redis: { ...redis, url: required('redis.url', redis.url, redis.urlFile) } }),
    ...(clickHouse === undefined ? {} : {
      clickHouse: {
        ...clickHouse,
        password: required('clickHouse.password', clickHouse.password, clickHouse.passwordFile),
        readPassword: required('clickHouse.readPassword', clickHouse.readPassword, clickHouse.readPasswordFile),
      },
    }),
  };
}

function required(name: string, value: string | undefined, file: string | undefined): string {
  if (value !== undefined && file !== undefined) throw new ConfigRefused([`${name}: it is set, and so is ${name}File; set one of them.`]);
  if (value !== undefined) return value;
  if (file === undefined) throw new ConfigRefused([`${name}: expected it, or ${name}File; found nothing.`]);
  return secretIn(name, file);
}

function secretIn(name: string, file: string): string {
  const facts = statSync(file, { throwIfNoEntry: false });
  if (facts === undefined) throw new ConfigRefused([`${name}File: there is no file ${file}.`]);
  // Secrets mounted for a group of one (Kubernetes) are readable by that group; by everybody is never meant.
  if (process.platform !== 'win32' && (facts.mode & 0o007) !== 0) throw new ConfigRefused([`${name}File: every user can read ${file}; take that away (chmod 600) and start again.`]);
  return readFileSync(file, 'utf8').trimEnd();
}
