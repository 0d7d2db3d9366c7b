/** Whatever way a tap ends, its server ends with it. `countersign lab tap --cycles 200` does the same at length. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleTap, scriptedServer, TestProcess } from '../testing/tap-process.js';

let tap: ReturnType<typeof bundleTap>;
beforeAll(() => {
  tap = bundleTap();
});
afterAll(() => tap.remove());

const list = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}\n';

async function answered(one: TestProcess): Promise<void> {
  one.send(list);
  await one.said('"id":1');
}

function signalled(signal: NodeJS.Signals): (one: TestProcess) => Promise<void> {
  return async (one) => {
    await answered(one);
    one.child.kill(signal);
  };
}

const ways: readonly (readonly [string, (one: TestProcess) => Promise<void> | void])[] = [
  ['its input ends', async (one) => {
    await answered(one);
    one.child.stdin.end();
  }],
  ['its input ends before it said anything', (one) => void one.child.stdin.end()],
  ['it is killed before it said anything', (one) => void one.child.kill('SIGKILL')],
  ['it is killed with a call in flight', (one) => {
    one.send(list);
    one.child.kill('SIGKILL');
  }],
  ['it is killed', signalled('SIGKILL')],
  ['it gets SIGTERM', signalled('SIGTERM')],
  ['it gets SIGINT', signalled('SIGINT')],
  ['it gets SIGHUP', signalled('SIGHUP')],
  ['its output is closed', async (one) => {
    await answered(one);
    one.child.stdout.destroy();
    one.child.stdin.end();
  }],
];

/** Processes whose command line holds the mark; a zombie has none. */
function withMark(mark: string): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid).filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(mark);
    } catch {
      return false;
    }
  }).length;
}

describe.skipIf(process.platform !== 'linux')('start, stop, kill', () => {
  it('[T14] three times over and all at once, no server outlives its tap', { timeout: 120_000 }, async () => {
    const mark = `cycle-${process.pid}-${Date.now()}`;
    const rounds = [0, 1, 2].flatMap((round) => ways.map(async ([, end], index) => {
      const one = new TestProcess([tap.file, 'tap', '--server', 'scripted', '--data', `${tap.dir}/data`, '--', process.execPath, scriptedServer, `${mark}-${round}-${index}`]);
      await end(one);
      await new Promise((resolve) => one.child.once('exit', resolve));
    }));
    await Promise.all(rounds);
    // A tap that was killed outright cannot reap; its watchdog does, within two seconds. Bounded by the test's own timeout.
    while (withMark(mark) > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(withMark(mark)).toBe(0);
  });
});
