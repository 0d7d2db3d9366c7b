import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { build } from 'esbuild';
import { afterEach, describe, expect, it } from 'vitest';
import { SeededClock } from '../clock/seeded.js';
import { collect, describeEventLog, records } from './conformance.js';
import { SqliteEventLog, type SqliteEventLogOptions } from './sqlite.js';

const here = dirname(fileURLToPath(import.meta.url));
const dirs: string[] = [];
function scratchFile(): string {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-ledger-'));
  dirs.push(dir);
  return join(dir, 'ledger.db');
}
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

describeEventLog(
  'sqlite',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-ledger-'));
    const file = join(dir, 'ledger.db');
    let log = SqliteEventLog.open(file);
    return {
      log,
      async reopen() {
        await log.close();
        return (log = SqliteEventLog.open(file));
      },
      async dispose() {
        await log.close();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
  { isDurable: true },
);

describe('SqliteEventLog', () => {
  it('[L4] [P2] every append acknowledged before a kill -9 is in the ledger afterwards', async () => {
    const child = await bundledChild('sqlite-killed.child.ts');
    for (let round = 0; round < 4; round += 1) {
      const file = scratchFile();
      const acknowledged = await acknowledgedBeforeKill(child, file, 200 + round * 333);
      const log = SqliteEventLog.open(file);
      const stored = new Set((await collect(log, acknowledged.length)).map(({ id }) => id));
      expect(acknowledged.length).toBeGreaterThanOrEqual(200);
      expect(acknowledged.filter((id) => !stored.has(id))).toEqual([]);
      await log.close();
    }
  });

  it('[L5] refuses one append for its own content and commits the others of its turn', async () => {
    const log = SqliteEventLog.open(scratchFile());
    // A value the engine cannot bind, as a caller outside the type system could hand over.
    const wrong = { id: 'b-0', key: 'b', value: { length: 1 } as unknown as string };
    const [good, bad, alsoGood] = await Promise.allSettled([log.append('observations', records('a', 0, 1)), log.append('observations', [wrong]), log.append('observations', records('a', 1, 1))]);
    expect([good.status, bad.status, alsoGood.status]).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((await collect(log, 2)).map(({ id }) => id)).toEqual(['a-0', 'a-1']);
    await log.close();
  });

  it('[L4] answers a locked file with a retriable error, and the same append succeeds when the lock is gone', async () => {
    const file = scratchFile();
    const log = SqliteEventLog.open(file, { busyMs: 10 });
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    await expect(log.append('observations', records('a', 0, 1))).rejects.toMatchObject({ name: 'RetriableError' });
    other.exec('COMMIT');
    await log.append('observations', records('a', 0, 1));
    expect(await collect(log, 1)).toHaveLength(1);
    other.close();
    await log.close();
  });

  it('wakes a follower when another process has committed', async () => {
    const file = scratchFile();
    const log = SqliteEventLog.open(file);
    const seen = collect(log, 3);
    const other = SqliteEventLog.open(file);
    await other.append('observations', records('a', 0, 3));
    expect(await seen).toHaveLength(3);
    await other.close();
    await log.close();
  });

  it.runIf(process.platform !== 'win32')('makes its files for this user alone', async () => {
    const file = scratchFile();
    const log = SqliteEventLog.open(file);
    await log.append('observations', records('a', 0, 1));
    const modes = readdirSync(dirname(file)).map((name) => [name, (statSync(join(dirname(file), name)).mode & 0o777).toString(8)]);
    expect(modes).toEqual([['ledger.db', '600'], ['ledger.db-shm', '600'], ['ledger.db-wal', '600']]);
    await log.close();
  });

  it('keeps its log short beside its commits: what it holds is moved into the file by another thread', { timeout: 60_000 }, async () => {
    const file = scratchFile();
    const log = SqliteEventLog.open(file);
    const emptyBytes = statSync(file).size;
    // Commits far fewer pages than those after which SQLite would do it within one of them.
    for (let n = 0; n < 300; n += 1) await log.append('observations', records('a', n, 1));
    await expect.poll(() => statSync(file).size, { timeout: 30_000 }).toBeGreaterThan(emptyBytes);
    await log.close();
    expect(readdirSync(dirname(file))).toEqual(['ledger.db']);
  });

  it('refuses appends beyond its waiting room instead of growing', async () => {
    const log = SqliteEventLog.open(scratchFile(), { pendingCharsMax: 20 });
    const results = await Promise.allSettled([log.append('observations', records('a', 0, 2)), log.append('observations', records('a', 2, 2))]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    await log.append('observations', records('a', 2, 2));
    expect(await collect(log, 4)).toHaveLength(4);
    await log.close();
  });
});

describe('SqliteEventLog retention', () => {
  const quarterHourMs = 900_000;

  it('trims records past their age once every group has read them, and never reuses an offset', async () => {
    const { log, clock } = seeded({ retention: { ageMsMax: quarterHourMs } });
    await log.append('observations', records('a', 0, 5));
    const before = await collect(log, 5, { group: 'g' });
    await clock.advance(2 * quarterHourMs);
    await log.append('observations', records('a', 5, 1));
    const after = await collect(log, 2);
    expect(after.map(({ id }) => id)).toEqual(['a-4', 'a-5']);
    expect(after.at(-1)?.offset).toBe((before.at(-1)?.offset ?? 0) + 1);
    await log.close();
  });

  it('keeps what a group has not read yet', async () => {
    const { log, clock } = seeded({ retention: { ageMsMax: quarterHourMs, bytesMax: 1 } });
    await log.append('observations', records('a', 0, 5));
    const reader = await log.follow('observations', { group: 'slow', batchRecordsMax: 2 }, (batch) => (batch[0]?.id === 'a-0' ? Promise.resolve() : Promise.reject(new Error('not now'))));
    await clock.advance(2 * quarterHourMs);
    await reader.stop();
    expect((await collect(log, 3)).map(({ id }) => id)).toEqual(['a-2', 'a-3', 'a-4']);
    await log.close();
  });

  function seeded(options: SqliteEventLogOptions): { log: SqliteEventLog; clock: SeededClock } {
    const clock = new SeededClock({ seed: 1 });
    // A look each virtual minute: the file has no other writer here.
    return { clock, log: SqliteEventLog.open(scratchFile(), { pollMs: 60_000, ...options, clock }) };
  }
});

/** The child's source and everything it imports, as one module's text. */
async function bundledChild(name: string): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [join(here, name)], bundle: true, write: false, platform: 'node', format: 'esm', target: 'node20', conditions: ['@countersign/source'], external: ['better-sqlite3'], logLevel: 'error' });
  return outputFiles[0]?.text ?? '';
}

async function acknowledgedBeforeKill(source: string, file: string, idsMin: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-', file], { cwd: here, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(source);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > idsMin) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.on('close', resolve));
  return text.split('\n').slice(0, -1);
}
