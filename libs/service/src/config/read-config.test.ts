import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { variables } from './environment.js';
import { ConfigRefused, readConfig, type ConfigSources } from './read-config.js';

const kafka = { brokers: ['127.0.0.1:9092'] };
const problemsOf = (sources: ConfigSources): readonly string[] => {
  try {
    readConfig(sources);
    return [];
  } catch (error) {
    if (error instanceof ConfigRefused) return error.problems;
    throw error;
  }
};

describe('the settings of a service', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'countersign-config-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it('are complete without a file and without variables', () => {
    expect(readConfig({ env: {} })).toMatchObject({ profile: 'distributed', domain: 'local', health: { host: '127.0.0.1', port: 0 }, console: { host: '127.0.0.1' }, detect: { name: 'detect' } });
  });

  it('are a file’s, with the environment’s over them', () => {
    const file = { domain: 'office', kafka: { ...kafka, partitions: 3 }, health: { port: 9_100 } };
    const env = { COUNTERSIGN_KAFKA_BROKERS: 'a:1, b:2', COUNTERSIGN_HEALTH_PORT: '9200', COUNTERSIGN_DATA: '/state', COUNTERSIGN_KAFKA_TLS: 'on', COUNTERSIGN_TASK: 'not a setting of a service' };
    expect(readConfig({ file, env })).toMatchObject({ domain: 'office', dataDir: '/state', kafka: { brokers: ['a:1', 'b:2'], partitions: 3, tls: {} }, health: { port: 9_200 } });
  });

  it('every variable sets a setting that exists', () => {
    const env = Object.fromEntries(variables.map(({ name }) => [name, 'x']));
    const problems = problemsOf({ env });
    expect(problems.filter((problem) => problem.includes('no such setting'))).toEqual([]);
    expect(new Set(variables.map(({ name }) => name)).size).toBe(variables.length);
    expect(variables.map(({ name }) => name)).toContain('COUNTERSIGN_CLICKHOUSE_READ_PASSWORD_FILE');
  });

  it('that are wrong are named with their kind and what is expected, all at once', () => {
    const problems = problemsOf({ file: { kafka: { brokers: 'a:1' }, health: { port: 99_999 }, domian: 'x' }, env: { COUNTERSIGN_CONSOLE_PORT: 'eighty', COUNTERSIGN_KAFKA_BROKER: 'a:1' } });
    expect(problems).toEqual([
      expect.stringContaining('COUNTERSIGN_KAFKA_BROKER: there is no such setting'),
      'health.port: expected a port, 0 to 65535; found a number.',
      'kafka.brokers: expected a list of host:port, at least one; found text of 3 characters.',
      'console.port (from COUNTERSIGN_CONSOLE_PORT): expected a port, 0 to 65535 (0 takes a free one); found text of 6 characters.',
      expect.stringContaining('domian: there is no such setting'),
    ]);
  });

  it('[TH-22] are never told by value: what is wrong may be a secret', () => {
    const secret = 'hunter2 hunter2';
    const file = { redis: { url: secret }, kafka: { ...kafka, sasl: { mechanism: secret, username: 'u', password: [secret] } }, clickHouse: { url: secret, username: 'w', password: 12, readUsername: 'r', readPassword: secret } };
    const problems = problemsOf({ file, env: { COUNTERSIGN_REDIS_PREFIX: '' } });
    expect(problems.length).toBeGreaterThanOrEqual(4);
    expect(problems.join(' ')).not.toContain('hunter2');
  });

  it('take secrets from files of their own, and refuse one that everybody can read', () => {
    const passwordFile = join(dir, 'password');
    writeFileSync(passwordFile, 'from a file\n', { mode: 0o600 });
    const file = { kafka: { ...kafka, sasl: { mechanism: 'scram-sha-512', username: 'u', passwordFile } } };
    expect(readConfig({ file, env: {} }).kafka?.sasl?.password).toBe('from a file');
    chmodSync(passwordFile, 0o644);
    expect(problemsOf({ file, env: {} })).toEqual([expect.stringContaining('every user can read')]);
    expect(problemsOf({ file: { kafka: { ...kafka, sasl: { mechanism: 'plain', username: 'u', password: 'x', passwordFile } } }, env: {} })).toEqual([expect.stringContaining('set one of them')]);
    expect(problemsOf({ file: { redis: {} }, env: {} })).toEqual(['redis.url: expected it, or redis.urlFile; found nothing.']);
  });

  it('a file that holds something else is refused as a whole', () => {
    expect(problemsOf({ file: ['a'], env: {} })).toEqual(['the settings: expected a group of settings; found a list of 1.']);
  });
});
