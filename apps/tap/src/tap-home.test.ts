import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTapHome } from './tap-home.js';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'countersign-home-'));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));
const home = (agent = 'ana') => openTapHome({ dataDir, server: 's', agent, role: 'r', transport: 'stdio', log: () => undefined });
/** As a kill leaves it: nothing closed, and a lock of a process that is no more. */
const kill = ({ tapId }: { readonly tapId: string }): void => writeFileSync(join(dataDir, 'taps', tapId, 'lock'), '999999999 1');

describe('a tap’s home', () => {
  it('[T53] its epoch grows by one each start, whatever ended the one before', () => {
    const first = home();
    first.close();
    const second = home();
    kill(second);
    const third = home();
    expect([first, second, third].map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect([first, second, third].map(({ former }) => former)).toEqual([undefined, undefined, { epoch: 2, lastSeq: undefined }]);
    third.close();
  });

  it('keeps its key across starts, and another agent has another id', () => {
    const first = home();
    first.close();
    const [again, other] = [home(), home('ben')];
    expect(again.publicKey).toBe(first.publicKey);
    expect(again.tapId).toBe(first.tapId);
    expect(other.tapId).not.toBe(first.tapId);
    again.close();
    other.close();
  });

  it('a second process of one configuration has an id of its own and the key of the first, which is private', () => {
    const [first, second] = [home(), home()];
    expect(second.tapId).not.toBe(first.tapId);
    expect(second.publicKey).toBe(first.publicKey);
    for (const { tapId } of [first, second]) expect(statSync(join(dataDir, 'taps', tapId, 'key.pem')).mode & 0o777).toBe(0o600);
    first.close();
    second.close();
  });

  it('[P2] what a killed tap spooled is found by the next, even when other slots are free', () => {
    const [first, second] = [home(), home()];
    second.spool.append({ epoch: 1, seq: 0, record: '{}' }, { sync: false });
    first.close();
    kill(second);
    const next = home();
    expect(next.tapId).toBe(second.tapId);
    expect(next.former).toEqual({ epoch: 1, lastSeq: 0 });
    expect(next.spool.read(undefined, 10)).toHaveLength(1);
    next.close();
  });

  it('a lock whose process id is somebody else’s now is taken over', () => {
    const first = home();
    writeFileSync(join(dataDir, 'taps', first.tapId, 'lock'), `${process.pid} 1`);
    expect(home().tapId).toBe(first.tapId);
  });

  it('an epoch that cannot be read stops the start instead of being guessed', () => {
    const first = home();
    first.close();
    writeFileSync(join(dataDir, 'taps', first.tapId, 'epoch'), 'x');
    expect(home).toThrow(/epoch must never be used twice/);
  });

  it('says in one sentence that its directory cannot be used', () => {
    mkdirSync(join(dataDir, 'x'));
    writeFileSync(join(dataDir, 'taps'), 'a file');
    expect(home).toThrow();
    expect(readFileSync(join(dataDir, 'taps'), 'utf8')).toBe('a file');
  });
});
