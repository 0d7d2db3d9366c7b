/** The parts of wrap that touch the disk: which program, which files, and replacing one. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig, replaceConfig, type ConfigText } from './config-io.js';
import { KeptOriginals } from './kept-originals.js';
import { isStartable, tapProgram } from './tap-program.js';
import { targetsOf } from './targets.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-wrap-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function executable(...path: readonly string[]): string {
  const file = join(dir, ...path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '', { mode: 0o755 });
  return file;
}

function config(name: string, text: string): ConfigText {
  const file = join(dir, name);
  writeFileSync(file, text);
  const read = readConfig(file);
  if (typeof read !== 'object') throw new Error(`${file} cannot be read: ${read}`);
  return read;
}

describe('the program a client is told to start', () => {
  const place = { platform: 'linux' as const, execPath: '/n/node', programFile: '/c/bin/countersign.js' };
  executable('bin', 'countersign');
  executable('x', 'node_modules', '.bin', 'countersign');

  it.each([
    { what: 'the name, when it is on PATH', env: { PATH: ['/nowhere', join(dir, 'bin')].join(delimiter) }, words: ['countersign'] },
    { what: 'runtime and file, when it is on PATH only while npx runs', env: { PATH: join(dir, 'x', 'node_modules', '.bin') }, words: ['/n/node', '/c/bin/countersign.js'] },
    { what: 'runtime and file, when PATH is empty', env: {}, words: ['/n/node', '/c/bin/countersign.js'] },
  ])('is $what', ({ env, words }) => {
    expect(tapProgram({ ...place, env })).toEqual(words);
  });

  it('is runtime and file when a client does not get the PATH of a shell', () => {
    expect(tapProgram({ ...place, env: { PATH: join(dir, 'bin') }, isFullPathWanted: true })).toEqual(['/n/node', '/c/bin/countersign.js']);
  });

  it('is always runtime and file on Windows', () => {
    expect(tapProgram({ ...place, platform: 'win32', env: { PATH: join(dir, 'bin') } })).toEqual(['/n/node', '/c/bin/countersign.js']);
  });

  it('can be looked for by path, by name, and beside the working folder', () => {
    const machine = { platform: 'linux' as const, env: { PATH: join(dir, 'bin') }, cwd: dir };
    expect(['countersign', join(dir, 'bin', 'countersign'), './bin/countersign'].map((command) => isStartable(command, machine))).toEqual([true, true, true]);
    expect(['absent', '/absent/x', './absent'].map((command) => isStartable(command, machine))).toEqual([false, false, false]);
  });
});

describe('replacing a client’s file', () => {
  it('keeps its mode and leaves nothing beside it', () => {
    const read = config('mode.json', '{}');
    chmodSync(read.file, 0o664);
    expect(replaceConfig(read, Buffer.from('{"a":1}'))).toBeUndefined();
    expect({ text: readFileSync(read.file, 'utf8'), mode: statSync(read.file).mode & 0o777 }).toEqual({ text: '{"a":1}', mode: 0o664 });
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('does not happen when another program wrote it meanwhile', () => {
    const read = config('raced.json', '{}');
    writeFileSync(read.file, '{"theirs":1}');
    expect(replaceConfig(read, Buffer.from('{"ours":1}'))).toMatch(/changed by another program meanwhile/);
    expect(readFileSync(read.file, 'utf8')).toBe('{"theirs":1}');
    expect(readdirSync(dir).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('and reading one tells an absent file from one that cannot be used', () => {
    expect(readConfig(join(dir, 'absent.json'))).toBeUndefined();
    expect(readConfig(join(dir, 'mode.json', 'below.json'))).toBeUndefined();
    expect(readConfig(dir)).toMatch(/EISDIR/);
  });
});

describe('kept originals', () => {
  it('a manifest that cannot be read stops with a sentence and changes nothing', () => {
    const kept = new KeptOriginals(join(dir, 'data'));
    kept.keep('/x/mcp.json', Buffer.from('{}'), '2026-01-01T00:00:00.000Z');
    const [name = ''] = readdirSync(join(dir, 'data', 'wrapped'));
    writeFileSync(join(dir, 'data', 'wrapped', name, 'manifest.json'), '{"v":2}');
    expect(() => kept.find('/x/mcp.json')).toThrow(/cannot be read.*the original bytes lie beside it/s);
    expect(existsSync(join(dir, 'data', 'wrapped', name, '2026-01-01T00-00-00.000Z.original'))).toBe(true);
  });
});

describe('which files a command is about', () => {
  const machine = { platform: 'linux' as const, env: {}, home: '/home/ana', cwd: '/home/ana/shop' };

  it('a shared file goes by the client that was asked for', () => {
    const shared = targetsOf({ client: 'copilot' }, machine).find(({ file }) => file === '/home/ana/shop/.mcp.json');
    expect(shared).toMatchObject({ client: { id: 'copilot' }, alsoReadBy: ['Claude Code'] });
  });

  it('an organisation’s file is not among them', () => {
    expect(targetsOf({}, machine).filter(({ scope }) => scope === 'managed')).toEqual([]);
  });
});
