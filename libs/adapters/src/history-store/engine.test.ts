import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engineFiles } from './engine-config.js';
import { engineArguments, freePort } from './engine-process.js';
import { startEngine, type Engine } from './engine.js';

const silent = (): void => undefined;

interface Asked {
  readonly status: number;
  readonly text: string;
}

async function ask(engine: Engine, sql: string, { authorization, query = '' }: { authorization?: string; query?: string } = {}): Promise<Asked> {
  const headers = authorization === undefined ? {} : { authorization };
  const response = await fetch(`${engine.url}/${query}`, { method: 'POST', headers, body: sql });
  return { status: response.status, text: (await response.text()).trim() };
}

const basic = (name: string, password: string): string => `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
const asAdmin = (engine: Engine, sql: string): Promise<Asked> => ask(engine, sql, { authorization: basic(engine.username, engine.password) });
const asReader = (engine: Engine, sql: string, query = ''): Promise<Asked> => ask(engine, sql, { authorization: basic(engine.readUsername, engine.readPassword), query });

/** The process that listens on the engine's port. */
function engineProcess(dir: string): number {
  const lines = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n');
  const line = lines.find((candidate) => candidate.includes('engine-child') && candidate.includes(`--path=${join(dir, 'data')}`));
  if (line === undefined) throw new Error(`no engine process for ${dir}`);
  return Number(line.trim().split(/\s+/)[0]);
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within 10 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('the embedded engine', () => {
  let dir: string;
  let engine: Engine;
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'countersign-engine-'));
    engine = await startEngine({ dir, log: silent });
    await asAdmin(engine, 'CREATE DATABASE IF NOT EXISTS countersign');
    await asAdmin(engine, 'CREATE TABLE countersign.kept (n UInt64) ENGINE = MergeTree ORDER BY n');
    await asAdmin(engine, 'INSERT INTO countersign.kept VALUES (7)');
  });
  afterAll(async () => {
    await engine.stop();
    await rm(dir, { recursive: true, force: true });
  });

  it('answers its two users and nobody else', async () => {
    expect((await asAdmin(engine, 'SELECT currentUser()')).text).toBe('admin');
    expect((await asReader(engine, 'SELECT currentUser()')).text).toBe('reader');
    expect((await ask(engine, 'SELECT 1')).status).toBe(404);
    for (const authorization of [basic('default', ''), basic('admin', ''), basic('admin', 'wrong')]) {
      expect((await ask(engine, 'SELECT 1', { authorization })).status).toBe(404);
    }
    expect((await ask(engine, 'SELECT 1', { query: '?user=default&password=' })).status).toBe(404);
  });

  const refused: readonly (readonly [string, string, string])[] = [
    ['write', 'INSERT INTO countersign.kept VALUES (8)', ''],
    ['drop', 'DROP TABLE countersign.kept', ''],
    ['read a file', "SELECT * FROM file('/etc/hostname', 'LineAsString', 's String')", ''],
    ['read a file under the start session’s name', "SELECT * FROM file('/etc/hostname', 'LineAsString', 's String')", '?user=default&password='],
    ['read a table under the start session’s name', 'SELECT * FROM countersign.kept', '?user=default&password='],
    ['close the door under the start session’s name', 'SYSTEM STOP LISTEN HTTP', '?user=default&password='],
    ['compute under the start session’s name', 'SELECT count() FROM numbers(10)', '?user=default&password='],
    ['fetch an address', "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 's String')", ''],
    ['run a command', "SELECT * FROM executable('true', 'LineAsString', 's String')", ''],
    ['see other users', 'SELECT * FROM system.users', ''],
    ['see other users’ statements', 'SELECT * FROM system.processes', ''],
    ['lift its own read-only mark', 'SELECT 1 SETTINGS readonly = 0', ''],
    ['lift its time limit', 'SELECT 1 SETTINGS max_execution_time = 0', ''],
    ['lift its row limit', 'SELECT number FROM numbers(200000) SETTINGS max_result_rows = 0', ''],
    ['read more rows than its limit', 'SELECT number FROM numbers(200000)', ''],
  ];
  it.each(refused)('[H4] does not let its reader %s', async (_name, sql, query) => {
    const { status, text } = await asReader(engine, sql, query);
    expect(text).toMatch(/ACCESS_DENIED|READONLY|QUOTA_EXCEEDED|SETTING_CONSTRAINT_VIOLATION|TOO_MANY_ROWS_OR_BYTES/);
    expect(status).not.toBe(200);
  });

  it('keeps its secrets in files that only its owner reads', async () => {
    for (const name of (await readdir(dir)).filter((entry) => entry !== 'data')) {
      expect([name, ((await stat(join(dir, name))).mode & 0o777).toString(8)]).toEqual([name, '600']);
    }
    expect(await readFile(join(dir, 'users.xml'), 'utf8')).not.toContain(engine.password);
    const commandLines = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(commandLines.includes(engine.password)).toBe(false);
  });

  it('[P2] comes back on its own after kill -9, on the same address, with every acknowledged row', async () => {
    const killed = engineProcess(dir);
    process.kill(killed, 'SIGKILL');
    await until('the engine answers again', () => asReader(engine, 'SELECT n FROM countersign.kept').then(({ text }) => text === '7', () => false));
    expect(engineProcess(dir)).not.toBe(killed);
  });

  it('refuses a second engine in the same folder with a sentence that says what to do', async () => {
    await expect(startEngine({ dir, log: silent })).rejects.toThrow(/no other Countersign uses .*CLICKHOUSE_URL/s);
    expect((await asReader(engine, 'SELECT n FROM countersign.kept')).text).toBe('7');
  });

  it('starts again in a folder used before, with the same passwords and rows', async () => {
    await engine.stop();
    const again = await startEngine({ dir, log: silent });
    expect(again.password).toBe(engine.password);
    expect((await asReader(again, 'SELECT n FROM countersign.kept')).text).toBe('7');
    engine = again;
  });
});

const parentScript = `
const child = require('node:child_process').spawn(process.execPath, JSON.parse(process.argv[1]), { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
console.log(child.pid);
setInterval(() => {}, 1_000_000);`;

it('[P2] does not outlive its parent, even when the parent is killed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'countersign-engine-'));
  const files = engineFiles(join(dir, 'users.xml'), { username: 'admin', password: 'a', readUsername: 'reader', readPassword: 'r' });
  await Promise.all([writeFile(join(dir, 'users.xml'), files.users), writeFile(join(dir, 'config.xml'), files.config), writeFile(join(dir, 'start.sql'), files.start)]);
  const parent = spawn(process.execPath, ['-e', parentScript, JSON.stringify(engineArguments({ dir, port: await freePort() }))], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const engine = Number(line.toString());
  await until('the engine has taken its folder', async () => (await readdir(join(dir, 'data')).catch((): string[] => [])).includes('status'));
  expect(isAlive(engine)).toBe(true);
  parent.kill('SIGKILL');
  await until('the engine is gone', () => !isAlive(engine));
  await rm(dir, { recursive: true, force: true });
});
