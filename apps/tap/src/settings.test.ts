import { describe, expect, it } from 'vitest';
import { dataDirOf, gateSocketOf } from './data-dir.js';
import { readSettings } from './settings.js';
import { windowsCommand } from './stdio/windows-command.js';

describe('the command line', () => {
  it('a wrapped command keeps every word behind --', () => {
    expect(readSettings(['--server', 'fs', '--agent', 'ana', '--role', 'buyer', '--data', '/d', '--', 'npx', '-y', '--', '--server'])).toEqual({
      server: 'fs', agent: 'ana', role: 'buyer', dataDir: '/d', transport: { kind: 'stdio', command: 'npx', args: ['-y', '--', '--server'] },
    });
  });

  it('the file that an entry stands in, bounded', () => {
    expect(readSettings(['--config-origin', '~/.cursor/mcp.json', '--', 'x'])).toMatchObject({ configOrigin: '~/.cursor/mcp.json' });
    expect(readSettings(['--config-origin', 'f'.repeat(9_999), '--', 'x'])).toMatchObject({ configOrigin: 'f'.repeat(512) });
  });

  it('an upstream and where to listen', () => {
    expect(readSettings(['--upstream', 'https://example.com/mcp', '--listen', '[::1]:8808'])).toMatchObject({ server: 'example.com', transport: { kind: 'http', host: '::1', port: 8808, endsWithStdin: false } });
    expect(readSettings(['--upstream', 'https://example.com/mcp', '--end-with-stdin'])).toMatchObject({ transport: { endsWithStdin: true } });
    expect(readSettings(['--upstream', 'http://x', '--listen', '8808'])).toMatchObject({ transport: { host: '127.0.0.1', port: 8808 } });
  });

  it('an upstream without a place to listen is a server for a stdio client; its headers are named, never given', () => {
    expect(readSettings(['--upstream', 'https://example.com/mcp', '--header-env', 'Authorization=TOKEN', '--header-env', 'X-Team=TEAM_NAME'])).toMatchObject({
      server: 'example.com', transport: { kind: 'remote', upstream: 'https://example.com/mcp', headers: [{ name: 'Authorization', variable: 'TOKEN' }, { name: 'X-Team', variable: 'TEAM_NAME' }] },
    });
  });

  it.each([
    [['npx', '-y', '@scope/server-files@1.2.3', '/x'], 'server-files'],
    [['/usr/bin/python3', 'server.py'], 'server'],
    [['/opt/bin/my-server'], 'my-server'],
  ])('a server without a name is called after its command: %j', (command, name) => expect(readSettings(['--', ...command])).toMatchObject({ server: name }));

  it.each([
    [[], /nothing to tap/],
    [['--upstream', 'ftp://x'], /not an http/],
    [['--upstream', 'http://x', '--listen', 'x:99999'], /host:port/],
    [['--upstream', 'http://x', '--', 'cat'], /not both/],
    [['--unknown', '--', 'cat'], /unknown/],
    [['--upstream', 'http://x', '--listen', '1', '--header-env', 'A=B'], /bring their own/],
    [['--upstream', 'http://x', '--header-env', 'Authorization=Bearer abc'], /^(?!.*abc).*NAME=VARIABLE/],
    [['--server', '', '--', 'cat'], /--server is a name/],
  ])('%j is refused with the reason', (argv, reason) => expect(readSettings(argv)).toMatch(reason));
});

describe('where things are', () => {
  const machine = (platform: NodeJS.Platform, env: Record<string, string>) => ({ platform, env, tmpDir: '/tmp' });
  it.each([
    ['linux', { HOME: '/h' }, '/h/.local/state/countersign'],
    ['linux', { HOME: '/h', XDG_STATE_HOME: '/x' }, '/x/countersign'],
    ['linux', { HOME: '/h', XDG_STATE_HOME: 'relative' }, '/h/.local/state/countersign'],
    ['darwin', { HOME: '/h' }, '/h/Library/Application Support/countersign'],
    ['linux', { HOME: '/h', COUNTERSIGN_DATA: '/d' }, '/d'],
  ] as const)('on %s with %j state is in %s', (platform, env, dir) => expect(dataDirOf(undefined, machine(platform, env))).toBe(dir));

  it('a long data directory moves the socket where its path fits', () => {
    expect(gateSocketOf('/d', machine('linux', {}))).toBe('/d/gate.sock');
    expect(gateSocketOf(`/${'d'.repeat(120)}`, machine('linux', {}))).toMatch(/^\/tmp\/countersign-[0-9a-f]{16}\.sock$/);
    expect(gateSocketOf('/d', machine('win32', {}))).toMatch(/^\\\\\.\\pipe\\countersign-[0-9a-f]{16}$/);
  });

  it('no home is a sentence', () => expect(() => dataDirOf(undefined, machine('linux', {}))).toThrow(/no home directory/));
});

describe('a command on Windows', () => {
  it('a batch file goes through cmd.exe with every word quoted, and nothing in it is a command', () => {
    const { argv, isVerbatim, file } = windowsCommand('npx.cmd', ['-y', 'a b', 'x"&calc'], { ComSpec: 'C:\\cmd.exe' });
    expect({ file, isVerbatim, flags: argv.slice(0, 3) }).toEqual({ file: 'C:\\cmd.exe', isVerbatim: true, flags: ['/d', '/s', '/c'] });
    expect(argv[3]).not.toMatch(/(?<!\^)&/);
  });

  it('a program is started as it is', () => expect(windowsCommand('server.exe', ['a b'], {})).toEqual({ file: 'server.exe', argv: ['a b'], isVerbatim: false }));
});
