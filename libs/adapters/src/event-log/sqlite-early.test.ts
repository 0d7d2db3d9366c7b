/** Reading before the commit: what a crash takes, it takes with all that came of it. */
import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Topic } from '@countersign/contracts';
import type { StoredRecord } from '@countersign/pipeline';
import Database from 'better-sqlite3';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { SeededClock } from '../clock/seeded.js';
import { SqliteSnapshotStore } from '../snapshot-store/sqlite.js';
import { records } from './conformance.js';
import { UnwrittenPositions } from './sqlite-positions.js';
import { SqliteTables } from './sqlite-tables.js';
import { TurnWriter } from './sqlite-turn.js';
import { SqliteEventLog } from './sqlite.js';

const here = dirname(fileURLToPath(import.meta.url));
const dirs: string[] = [];
function scratchDir(): string {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-early-'));
  dirs.push(dir);
  return dir;
}
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

const observationsCount = 301;

describe('SqliteEventLog, read early', () => {
  it('hands a record to an early follower before it is acknowledged, and to the others after', async () => {
    const log = SqliteEventLog.open(join(scratchDir(), 'ledger.db'));
    const told: string[] = [];
    const follow = (group: string, early: boolean) => log.follow('observations', { group, early }, async (batch) => void told.push(...batch.map(({ id }) => `${group} ${id}`)));
    const subscriptions = [await follow('early', true), await follow('late', false)];
    await turn();
    await log.append('observations', records('a', 0, 1)).then(() => told.push('acknowledged'));
    await turn();
    await turn();
    expect(told).toEqual(['early a-0', 'acknowledged', 'late a-0']);
    for (const subscription of subscriptions) await subscription.stop();
    await log.close();
  });

  it('[P2] [P11] a kill between early delivery and commit takes the record and all that came of it, and nothing of it had left the process', async () => {
    const source = await bundledChild();
    const death = fc.oneof(fc.record({ stage: fc.constantFrom('detect', 'judge'), nth: fc.integer({ min: 1, max: 150 }) }), fc.record({ stage: fc.constant('save'), nth: fc.integer({ min: 1, max: 8 }) }));
    await fc.assert(
      fc.asyncProperty(fc.array(death, { minLength: 2, maxLength: 4 }), async (deaths) => {
        const dir = scratchDir();
        for (const { stage, nth } of deaths) {
          const said = await run(source, dir, `${stage}:${nth}`);
          const stored = storedIn(dir);
          for (const id of idsSaid(said, 'acked')) expect(stored.observations).toContain(id);
          for (const id of idsSaid(said, 'told')) expect(stored.verdicts).toContain(id);
          for (const id of stored.findings) expect(stored.observations).toContain(id.replace('/detect', ''));
          for (const id of stored.verdicts) expect(stored.findings).toContain(id.replace('/judge', ''));
          await expectSavedWithin(dir, stored);
        }
        const said = await run(source, dir, 'never');
        expect(idsSaid(said, 'told').at(-1)).toBe(`o-${observationsCount - 1}/detect/judge`);
        expect(outputsIn(dir)).toEqual(expectedOutputs());
      }),
      { numRuns: 6, verbose: true },
    );
  }, 60_000);
});

describe('TurnWriter', () => {
  it('[L4] writes again what readers were shown, at the same offsets, before it takes anything else', async () => {
    const bench = openWriter();
    await bench.writer.append('observations', records('a', 0, 1));
    bench.tables.failures = 2;
    const refused = [bench.writer.append('observations', records('a', 1, 2)), bench.writer.append('findings', records('f', 0, 1))];
    bench.writer.noticeSeen('observations', bench.shown.findLast(({ topic }) => topic === 'observations')?.offset ?? -1);
    for (const append of refused) await expect(append).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(bench.writer.append('observations', records('a', 3, 1))).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(bench.writer.append('observations', [])).rejects.toMatchObject({ name: 'RetriableError' });
    expect(bench.storedIds('observations')).toEqual(['a-0']);
    await bench.clock.advance(50);
    expect(bench.storedIds('observations')).toEqual(['a-0']);
    await bench.clock.advance(100);
    expect(bench.storedIds('observations')).toEqual(['a-0', 'a-1', 'a-2']);
    expect(bench.stored('findings')).toEqual(bench.shown.filter(({ topic }) => topic === 'findings').map(({ offset, id }) => ({ offset, id })));
    expect(bench.forgotten).toEqual([]);
    // The appends were told to repeat, and may.
    await bench.writer.append('observations', records('a', 1, 3));
    expect(bench.storedIds('observations')).toEqual(['a-0', 'a-1', 'a-2', 'a-3']);
    bench.close();
  });

  it('[L4] forgets what nobody was shown, and goes on', async () => {
    const bench = openWriter();
    bench.tables.failures = 1;
    const refused = bench.writer.append('observations', records('a', 0, 2));
    await expect(refused).rejects.toMatchObject({ name: 'RetriableError' });
    expect(bench.forgotten).toEqual([['observations', bench.shown[0]?.offset]]);
    await bench.writer.append('observations', records('b', 0, 1));
    expect(bench.stored('observations')).toEqual([{ offset: bench.shown[0]?.offset, id: 'b-0' }]);
    bench.close();
  });

  it('takes nothing more when another process wrote where shown records should have gone', async () => {
    const bench = openWriter();
    bench.tables.failures = 1;
    const refused = bench.writer.append('observations', records('a', 0, 1));
    bench.writer.noticeSeen('observations', bench.shown[0]?.offset ?? -1);
    await expect(refused).rejects.toMatchObject({ name: 'RetriableError' });
    const other = new SqliteTables(bench.file, 250);
    other.insert('observations', { id: 'other', key: 'o', value: '{}' }, 0);
    other.db.close();
    await bench.clock.advance(10_000);
    await expect(bench.writer.append('observations', records('b', 0, 1))).rejects.toMatchObject({ name: 'Moved' });
    expect(bench.storedIds('observations')).toEqual(['other']);
    expect(bench.clock.pendingCount).toBe(0);
    bench.close();
  });
});

/** Tables on a disk that fails at the next commits. */
class FailingTables extends SqliteTables {
  failures = 0;
  override commit(): void {
    this.failures -= 1;
    if (this.failures >= 0) throw new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_WRITE');
    super.commit();
  }
}

function openWriter() {
  const file = join(scratchDir(), 'ledger.db');
  const tables = new FailingTables(file, 250);
  const clock = new SeededClock({ seed: 3 });
  const shown: StoredRecord[] = [];
  const forgotten: (readonly [Topic, number])[] = [];
  const writer = new TurnWriter({
    tables, clock, telemetry: () => undefined, positions: new UnwrittenPositions(), pendingCharsMax: 1_000_000,
    onAppended: (_, appended) => void shown.push(...appended),
    onCommitted: () => undefined,
    onForgotten: (topic, offset) => void forgotten.push([topic, offset]),
  });
  const stored = (topic: Topic) => tables.read(topic, { offset: 0, below: Infinity, recordsMax: 100 }).map(({ offset, id }) => ({ offset, id }));
  return {
    file, tables, clock, shown, forgotten, writer, stored, storedIds: (topic: Topic) => stored(topic).map(({ id }) => id),
    close: () => {
      writer.close();
      tables.db.close();
    },
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function bundledChild(): Promise<string> {
  const { outputFiles } = await build({ entryPoints: [join(here, 'sqlite-early.child.ts')], bundle: true, write: false, platform: 'node', format: 'esm', target: 'node22', conditions: ['@countersign/source'], external: ['better-sqlite3'], logLevel: 'error' });
  return outputFiles[0]?.text ?? '';
}

/** @returns the lines the child printed before it ended or died. */
async function run(source: string, dir: string, fate: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--input-type=module', '-', join(dir, 'ledger.db'), join(dir, 'snapshots.db'), `${observationsCount}`, fate], { cwd: here, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(source);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code, signal] = await new Promise<readonly [number | null, string | null]>((resolve) => child.on('close', (...end) => resolve(end)));
  if (code !== 0 && signal !== 'SIGKILL') throw new Error(`the child ended with ${code}`);
  return text.split('\n').slice(0, -1);
}

function idsSaid(lines: readonly string[], word: string): readonly string[] {
  return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
}

function storedIn(dir: string): Record<'observations' | 'findings' | 'verdicts', readonly string[]> {
  const tables = new SqliteTables(join(dir, 'ledger.db'), 250);
  const ids = (topic: Topic) => tables.read(topic, { offset: 0, below: Infinity, recordsMax: 1_000 }).map(({ id }) => id);
  const stored = { observations: ids('observations'), findings: ids('findings'), verdicts: ids('verdicts') };
  tables.db.close();
  return stored;
}

/** No snapshot covers a record that the ledger does not have. Offsets begin at 1, so the n-th record has offset n. */
async function expectSavedWithin(dir: string, stored: ReturnType<typeof storedIn>): Promise<void> {
  const store = SqliteSnapshotStore.open(join(dir, 'snapshots.db'));
  const [detect, judge] = [await store.load('detect/0'), await store.load('judge/0')];
  await store.close();
  expect(detect?.offsets['observations'] ?? 0).toBeLessThanOrEqual(stored.observations.length + 1);
  expect(judge?.offsets['findings'] ?? 0).toBeLessThanOrEqual(stored.findings.length + 1);
}

function outputsIn(dir: string): readonly string[] {
  const tables = new SqliteTables(join(dir, 'ledger.db'), 250);
  const lines = (['findings', 'verdicts'] as const).flatMap((topic) => tables.read(topic, { offset: 0, below: Infinity, recordsMax: 1_000 }).map(({ id, value }) => `${id} ${value}`));
  tables.db.close();
  return lines;
}

/** Those of a path that was never killed. */
function expectedOutputs(): readonly string[] {
  let ids = Array.from({ length: observationsCount }, (_, n) => `o-${n}`);
  return ['detect', 'judge'].flatMap((stage) => {
    let digest = 'start';
    const answers = stage === 'detect' ? 1 : 10;
    const lines = ids.map((id) => `${id}/${stage} ${(digest = createHash('sha256').update(digest).update(id).digest('hex'))}`);
    ids = ids.map((id) => `${id}/${stage}`);
    return lines.filter((_, n) => n % answers === 0);
  });
}
