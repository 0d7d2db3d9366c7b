import { describe, expect, it } from 'vitest';
import { dataDirOf, gateSocketPath } from './data-dir.js';

describe('dataDirOf', () => {
  it.each([
    { name: 'the named directory first', env: { COUNTERSIGN_DATA: '/srv/cs', HOME: '/home/pat' }, platform: 'linux', dir: '/srv/cs' },
    { name: 'the state folder of the base directories', env: { XDG_STATE_HOME: '/var/pat', HOME: '/home/pat' }, platform: 'linux', dir: '/var/pat/countersign' },
    { name: 'home when that folder is relative', env: { XDG_STATE_HOME: 'state', HOME: '/home/pat' }, platform: 'linux', dir: '/home/pat/.local/state/countersign' },
    { name: 'home when names are empty', env: { COUNTERSIGN_DATA: '', XDG_STATE_HOME: '', HOME: '/home/pat' }, platform: 'linux', dir: '/home/pat/.local/state/countersign' },
    { name: 'the library on macOS', env: { HOME: '/Users/pat', XDG_STATE_HOME: '/x' }, platform: 'darwin', dir: '/Users/pat/Library/Application Support/countersign' },
    { name: 'local application data on Windows', env: { LOCALAPPDATA: 'C:\\Users\\pat\\AppData\\Local' }, platform: 'win32', dir: 'C:\\Users\\pat\\AppData\\Local\\countersign' },
    { name: 'the profile on a bare Windows', env: { USERPROFILE: 'C:\\Users\\pat' }, platform: 'win32', dir: 'C:\\Users\\pat\\AppData\\Local\\countersign' },
  ] as const)('takes $name', ({ env, platform, dir }) => {
    expect(dataDirOf(env, platform)).toBe(dir);
  });

  it('says what to set when the environment names no home', () => {
    expect(() => dataDirOf({}, 'linux')).toThrow('neither COUNTERSIGN_DATA nor HOME is set');
  });
});

describe('gateSocketPath', () => {
  const place = { platform: 'linux', tmpDir: '/tmp' } as const;

  it('lies in the data directory up to 100 bytes, then in the temporary directory under a mark of it', () => {
    const fits = `/${'x'.repeat(89)}`;
    expect(gateSocketPath(fits, place)).toBe(`${fits}/gate.sock`);
    expect(gateSocketPath(`${fits}y`, place)).toMatch(/^\/tmp\/countersign-[0-9a-f]{16}\.sock$/);
    // Bytes count, not characters.
    expect(gateSocketPath(`/${'é'.repeat(45)}`, place)).toMatch(/^\/tmp\//);
  });

  it('is a pipe on Windows, one for each data directory', () => {
    const pipes = ['C:\\a', 'C:\\b'].map((dir) => gateSocketPath(dir, { platform: 'win32', tmpDir: 'C:\\tmp' }));
    expect(pipes[0]).toMatch(/^\\\\\.\\pipe\\countersign-[0-9a-f]{16}$/);
    expect(pipes[0]).not.toBe(pipes[1]);
  });
});
