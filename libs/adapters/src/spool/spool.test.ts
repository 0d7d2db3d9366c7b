import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import { describeSpool } from './conformance.js';
import { FileSpool } from './file.js';
import { MemorySpool } from './memory.js';

const root = mkdtempSync(join(tmpdir(), 'countersign-spool-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => mkdtempSync(join(root, 'spool-'));
const small = { segmentBytesMax: 512 };
const dirs = new Map<unknown, string>();

describeSpool('MemorySpool', { make: (options) => new MemorySpool(options) });
describeSpool('FileSpool', {
  make: (options) => {
    const dir = freshDir();
    const spool = FileSpool.open(dir, { ...small, ...options });
    dirs.set(spool, dir);
    return spool;
  },
  // A killed process closes nothing and writes nothing more.
  reopen: (spool) => FileSpool.open(dirs.get(spool) ?? '', small),
});

const fill = (spool: FileSpool, from: number, to: number): void => {
  for (let seq = from; seq < to; seq += 1) spool.append({ epoch: 1, seq, record: JSON.stringify({ seq, pad: 'x'.repeat(40) }) }, { sync: false });
};
const seqs = (spool: FileSpool): number[] => spool.read(undefined, 10_000).map(({ seq }) => seq);
const segments = (dir: string): string[] => readdirSync(dir).filter((name) => name.endsWith('.spool')).sort();
const upTo = (count: number): number[] => Array.from({ length: count }, (_, seq) => seq);

describe('the spool on disk', () => {
  it('[P1] SP3: a torn last frame is cut, at whatever byte the kill came', () => {
    const dir = freshDir();
    fill(FileSpool.open(dir), 0, 3);
    const [name = ''] = segments(dir);
    const whole = readFileSync(join(dir, name));
    const frameBytes = whole.length / 3;
    for (let cut = 1; cut < frameBytes; cut += 7) {
      writeFileSync(join(dir, name), whole);
      truncateSync(join(dir, name), whole.length - cut);
      const spool = FileSpool.open(dir);
      expect(seqs(spool)).toEqual([0, 1]);
      expect(spool.lastPosition).toEqual({ epoch: 1, seq: 1 });
      spool.close();
    }
  });

  it('SP3: a damaged segment is set aside loudly; what is in front of the damage and in other segments is still sent', () => {
    const dir = freshDir();
    fill(FileSpool.open(dir, small), 0, 20);
    const [first = ''] = segments(dir);
    const bytes = readFileSync(join(dir, first));
    const perFrame = bytes.length / Math.round(bytes.length / ((bytes.readUInt32LE(0) & 0x7fff_ffff) + 8));
    bytes[Math.round(perFrame) + 30] = (bytes[Math.round(perFrame) + 30] ?? 0) ^ 0xff;
    writeFileSync(join(dir, first), bytes);
    const damages: unknown[] = [];
    const spool = FileSpool.open(dir, { ...small, onDamage: (damage) => damages.push(damage) });
    const left = seqs(spool);
    expect(left[0]).toBe(0);
    expect(left).not.toContain(1);
    expect(left.slice(-10)).toEqual(upTo(20).slice(-10));
    expect(damages).toHaveLength(1);
    expect(readdirSync(join(dir, 'damaged'))).toHaveLength(1);
    expect(seqs(FileSpool.open(dir, small))).toEqual(left);
  });

  it('[P1] a kill while an open record is completed leaves what its message says', () => {
    const raw = Buffer.from('{"id":7,"method":"x/y","params":{"a":1}}');
    const rest = ',"era":"modern","message":{"shape":"request"';
    const whole = (() => {
      const dir = freshDir();
      const spool = FileSpool.open(dir);
      spool.append({ epoch: 1, seq: 0, record: { prefix: '{"id":"t/1/0"', raw } }, { sync: false })?.({ rest, payload: { start: raw.lastIndexOf('{'), end: raw.length - 1 } });
      return readFileSync(join(dir, segments(dir)[0] ?? ''));
    })();
    const block = whole.indexOf(rest);
    // As if the write over the block had stopped at any of its bytes: the bytes behind are still zero.
    for (let written = 0; written < rest.length; written += 1) {
      const dir = freshDir();
      FileSpool.open(dir).append({ epoch: 1, seq: 0, record: { prefix: '{"id":"t/1/0"', raw } }, { sync: false });
      const bytes = Buffer.from(whole);
      bytes.fill(0, block + written, block + rest.length);
      writeFileSync(join(dir, segments(dir)[0] ?? ''), bytes);
      const spool = FileSpool.open(dir);
      expect(JSON.parse(spool.read(undefined, 10)[0]?.record ?? '')).toMatchObject({ note: { unread: true }, message: { method: 'x/y', payload: { a: 1 } } });
      spool.close();
    }
  });

  it('what is found and does not fit is not added, and the record stays readable', () => {
    const spool = FileSpool.open(freshDir());
    const complete = spool.append({ epoch: 1, seq: 0, record: { prefix: '{"id":"t/1/0"', raw: Buffer.from('{"id":1,"method":"m"}') } }, { sync: false });
    expect(complete?.({ rest: `,"message":{"method":"${'é'.repeat(1_000)}"`, payload: undefined })).toBe(false);
    expect(JSON.parse(spool.read(undefined, 1)[0]?.record ?? '')).toMatchObject({ note: { unread: true }, message: { method: 'm' } });
    spool.close();
  });

  it('segments are cut at their bound, and deleted when all of one is acknowledged', () => {
    const dir = freshDir();
    const spool = FileSpool.open(dir, small);
    fill(spool, 0, 50);
    const before = segments(dir).length;
    expect(before).toBeGreaterThan(5);
    expect(segments(dir).every((name) => statSync(join(dir, name)).size <= 512)).toBe(true);
    spool.trim(1, 48);
    expect(segments(dir).length).toBeLessThanOrEqual(2);
    expect(seqs(spool)).toEqual([49]);
    spool.trim(1, 49);
    spool.close();
    expect(segments(dir)).toEqual([]);
  });

  it('what was acknowledged is not sent again after a restart', () => {
    const dir = freshDir();
    const spool = FileSpool.open(dir);
    fill(spool, 0, 10);
    spool.trim(1, 6);
    spool.close();
    const again = FileSpool.open(dir);
    expect(seqs(again)).toEqual([7, 8, 9]);
    again.append({ epoch: 2, seq: 0, record: '{}' }, { sync: false });
    expect(again.read(undefined, 10).map(({ epoch, seq }) => `${epoch}/${seq}`)).toEqual(['1/7', '1/8', '1/9', '2/0']);
    again.close();
  });

  it('[P1] every append that returned survives kill -9 of the writing process', () => {
    const dir = freshDir();
    const script = `
      import { FileSpool } from './file.js';
      import { writeSync } from 'node:fs';
      const spool = FileSpool.open(process.argv[2] ?? '', { segmentBytesMax: 4096 });
      for (let seq = 0; seq < 1000; seq += 1) {
        spool.append({ epoch: 1, seq, record: JSON.stringify({ seq }) }, { sync: false });
        writeSync(1, seq + '\\n');
        if (seq === 457) process.kill(process.pid, 'SIGKILL');
      }`;
    const file = join(dir, 'writer.mjs');
    buildSync({ stdin: { contents: script, resolveDir: import.meta.dirname, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', conditions: ['@countersign/source'], outfile: file });
    const child = spawnSync(process.execPath, [file, dir], { encoding: 'utf8' });
    expect(child.signal, child.stderr).toBe('SIGKILL');
    const said = child.stdout.trim().split('\n').map(Number);
    expect(seqs(FileSpool.open(dir))).toEqual(said);
    expect(said.at(-1)).toBe(457);
  });

  it('a stray half-written file of another name is not read', () => {
    const dir = freshDir();
    fill(FileSpool.open(dir), 0, 2);
    appendFileSync(join(dir, 'note.txt'), 'x');
    expect(seqs(FileSpool.open(dir))).toEqual([0, 1]);
  });

  it('a mark with a path in its name is refused', () => {
    const spool = FileSpool.open(freshDir());
    expect(() => spool.markOnce('../x')).toThrow(RangeError);
    spool.close();
  });
});
