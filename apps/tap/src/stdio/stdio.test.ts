/** The stdio tap as a process, in front of small scripted servers. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FileSpool } from '@countersign/adapters/spool/file';
import { observationSchema, type Observation } from '@countersign/contracts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundleTap, scriptedServer, TestProcess, type ProcessOptions } from '../testing/tap-process.js';

let tap: ReturnType<typeof bundleTap>;
let count = 0;
const open: TestProcess[] = [];
beforeAll(() => {
  tap = bundleTap();
});
afterEach(() => {
  for (const { child } of open.splice(0)) child.kill('SIGKILL');
});
afterAll(() => tap.remove());

const dataDir = (): string => join(tap.dir, `data-${count}`);

interface Wrapped extends ProcessOptions {
  readonly command?: readonly string[];
  readonly keepData?: boolean;
}

function start({ command = [process.execPath, scriptedServer], keepData = false, ...options }: Wrapped = {}): TestProcess {
  if (!keepData) count += 1;
  const wrapped = new TestProcess([tap.file, 'tap', '--server', 'scripted', '--data', dataDir(), '--', ...command], options);
  open.push(wrapped);
  return wrapped;
}

function recorded(): Observation[] {
  const taps = join(dataDir(), 'taps');
  return readdirSync(taps).flatMap((id) => {
    const spool = FileSpool.open(join(taps, id, 'spool'));
    const entries = spool.read(undefined, 100_000).map(({ record }) => observationSchema.parse(JSON.parse(record)));
    spool.close();
    return entries;
  });
}

const request = (id: number | string, method: string, params: unknown = {}): string => `${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`;
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};
/** Watches a fact of the machine that nobody announces; bounded by the test's own timeout. */
async function gone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setImmediate(resolve));
}

describe('bytes through a stdio tap', () => {
  const lines = Buffer.from([
    '{"id":1,"method":"x/y","params":[1,1.0,9007199254740993],"extra":{"__proto__":{"a":1}}}\n', '{"a":1,"a":2}\r\n', '\n', '   \n', 'no json at all\n', '{"t":"é€𝄞 \\u00e9 \\/"}\n',
    '[{"id":"b","method":"ping"},{"id":null,"method":7}]\n', '{"id":"𝄞","method":"m"}\n', '{"x":"\\ud800"}\n', '\ufeff{"id":2}\n', '{"last":"without newline"}',
  ].join(''));

  it('[T1, T4, T6, T9] both directions carry every byte as it came, and nothing else is on stdout', async () => {
    const wrapped = start({ command: ['cat'] });
    wrapped.child.stdin.end(lines);
    expect(await wrapped.exited).toEqual({ code: 0, signal: null });
    expect(wrapped.out.toString()).toBe(lines.toString());
    expect(wrapped.err).toBe('');
    const messages = recorded().filter(({ kind }) => kind === 'message');
    expect(messages).toHaveLength(2 * 12);
    expect(messages.filter(({ direction }) => direction === 'client-to-server').map(({ message }) => message?.flags)).toEqual([
      ['ambiguous-json'], ['crlf', 'ambiguous-json'], ['blank'], ['blank'], [], [], [], [], [], ['ambiguous-json'], [], ['no-newline'],
    ]);
  });

  it('[T2, T3] however the bytes are cut into chunks', async () => {
    const wrapped = start({ command: ['cat'] });
    for (const byte of lines) wrapped.child.stdin.write(Buffer.from([byte]));
    wrapped.child.stdin.end();
    await wrapped.exited;
    expect(sha(wrapped.out)).toBe(sha(lines));
  });

  it('[T5] a line of noise from the server passes and is recorded', async () => {
    const wrapped = start();
    wrapped.send(request(1, 'test/noise'));
    await wrapped.said('"id":1');
    wrapped.child.stdin.end();
    await wrapped.exited;
    expect(wrapped.out.toString()).toMatch(/^this is no JSON\n/);
    expect(recorded().find(({ message }) => message?.shape === 'noise')).toMatchObject({ direction: 'server-to-client', message: { payload: 'this is no JSON' } });
  });

  it('[T10] the server’s stderr is the tap’s stderr, byte for byte', async () => {
    const wrapped = start();
    wrapped.send(request(1, 'test/stderr', { text: 'half a line, \u001b[31mred é' }));
    await wrapped.said('"id":1');
    wrapped.child.stdin.end();
    await wrapped.exited;
    expect(wrapped.err).toBe('half a line, \u001b[31mred é');
    expect(wrapped.out.toString()).not.toContain('red');
  });

  it('[T21] notifications arrive in order, before the result they precede', async () => {
    const wrapped = start();
    wrapped.send(request(1, 'test/notify', { count: 500 }));
    await wrapped.said('"id":1');
    const seen = wrapped.out.toString().trim().split('\n').map((line) => JSON.parse(line) as { params?: { progress: number } });
    expect(seen.slice(0, -1).map(({ params }) => params?.progress)).toEqual(Array.from({ length: 500 }, (_, index) => index));
    expect(seen).toHaveLength(501);
  });

  it('[T7] a 50 MB line passes whole while memory stays under 250 MB, and others are answered', { timeout: 60_000 }, async () => {
    const wrapped = start();
    const bytes = 50 * 1024 * 1024;
    wrapped.send(request('big', 'test/big', { bytes }) + request('after', 'tools/list'));
    await wrapped.said('"id":"after"');
    const pid = wrapped.child.pid ?? 0;
    const peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(peakKb).toBeLessThan(250 * 1024);
    expect(wrapped.out.indexOf('"},"id":"big"}\n')).toBeGreaterThan(bytes);
    expect(recorded().find(({ message }) => message?.rpcId === '"big"' && message.shape === 'uninspectable')).toMatchObject({ message: { flags: ['over-cap'], method: 'test/big' } });
  });

  it('[T7] a longer line than is inspected from the client passes only if it is no call', { timeout: 60_000 }, async () => {
    const wrapped = start({ command: ['cat'] });
    const pad = 'x'.repeat(5 * 1024 * 1024);
    wrapped.child.stdin.end(`{"id":1,"method":"tools/call","params":{"name":"write_note","arguments":{"a":"${pad}"}}}\n{"id":2,"method":"x/y","params":{"a":"${pad}","_meta":{"dev.countersign/activation":[1]}}}\n`);
    await wrapped.exited;
    const [first = '', second = ''] = wrapped.out.toString().trim().split('\n').sort((a, b) => a.length - b.length);
    expect(first).toMatch(/"id":1.*"isError":true.*-31996/);
    expect(second).toBe(`{"id":2,"method":"x/y","params":{"a":"${pad}","_meta":{}}}`);
  });

  it('[T8] behind a client that reads slowly memory stays bounded and nothing is lost', { timeout: 60_000 }, async () => {
    const [lines, each] = [200, 1024 * 1024];
    const script = `const line = JSON.stringify({ method: 'x', params: 'y'.repeat(${each}) }) + '\\n'; for (let n = 0; n < ${lines}; n += 1) require('node:fs').writeSync(1, line)`;
    const wrapped = start({ command: [process.execPath, '-e', script] });
    wrapped.child.stdout.removeAllListeners('data').pause();
    const pid = wrapped.child.pid ?? 0;
    let [read, peakKb] = [0, 0];
    for await (const chunk of wrapped.child.stdout) {
      read += (chunk as Buffer).length;
      if (read < lines * each) peakKb = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    }
    expect(read).toBeGreaterThan(lines * each);
    expect(peakKb).toBeGreaterThan(0);
    expect(peakKb).toBeLessThan(180 * 1024);
  });
});

describe('the life of a wrapped process', () => {
  it('[T11] it gets the environment less our own variables, the same folder, and its arguments without a shell', async () => {
    count += 1;
    const cwd = join(tap.dir, 'a folder');
    mkdirSync(cwd, { recursive: true });
    const words = ['two words', '$HOME', '*', '"quoted"', ''];
    const wrapped = start({ command: [process.execPath, scriptedServer, ...words], cwd, env: { COUNTERSIGN_TASK: 'secret', COUNTERSIGN_X: '1', OTHER: 'kept' } });
    wrapped.send(request(1, 'test/environment'));
    await wrapped.said('"id":1');
    const { result } = JSON.parse(wrapped.out.toString()) as { result: { cwd: string; argv: string[]; env: Record<string, string> } };
    expect(result.argv).toEqual(words);
    expect(result.cwd).toBe(cwd);
    expect(result.env['OTHER']).toBe('kept');
    expect(Object.keys(result.env).filter((name) => name.startsWith('COUNTERSIGN_'))).toEqual([]);
  });

  it('[T12] the end of input reaches it, its last output is drained, and its code is the tap’s', async () => {
    const wrapped = start({ env: { TEST_LAST_WORDS: 'goodbye, without a newline' } });
    wrapped.send(request(1, 'tools/list'));
    wrapped.child.stdin.end();
    expect(await wrapped.exited).toEqual({ code: 7, signal: null });
    expect(wrapped.out.toString()).toMatch(/"id":1.*\ngoodbye, without a newline$/s);
  });

  it.each(['SIGTERM', 'SIGKILL', 'SIGSEGV'] as const)('[T13] ended by %s it ends the tap by the same', async (signal) => {
    const wrapped = start();
    wrapped.send(request(1, 'test/kill', { signal }));
    expect(await wrapped.exited).toEqual({ code: null, signal });
  });

  it('[T14] signals reach it once', async () => {
    count += 1;
    mkdirSync(dataDir(), { recursive: true });
    const file = join(dataDir(), 'signals');
    const wrapped = start({ env: { TEST_SIGNAL_FILE: file } });
    wrapped.send(request(1, 'tools/list'));
    await wrapped.said('"id":1');
    for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) {
      wrapped.child.kill(signal);
      while (!existsSync(file) || !readFileSync(file, 'utf8').includes(signal)) await new Promise((resolve) => setImmediate(resolve));
    }
    wrapped.send(request(2, 'test/exit', { code: 3 }));
    expect(await wrapped.exited).toMatchObject({ code: 3 });
    expect(readFileSync(file, 'utf8').trim().split('\n').sort()).toEqual(['SIGHUP', 'SIGINT', 'SIGTERM']);
  });

  it.each(['SIGKILL', 'exit'] as const)('[T14] after %s of the tap no process is left, not even a grandchild behind a shell', async (how) => {
    const wrapped = start({ command: ['/bin/sh', '-c', `"${process.execPath}" "${scriptedServer}"; exit 0`] });
    wrapped.send(request(1, 'test/grandchild'));
    await wrapped.said('"id":1');
    const { result } = JSON.parse(wrapped.out.toString()) as { result: { pids: number[] } };
    expect(result.pids.every(isAlive)).toBe(true);
    if (how === 'SIGKILL') wrapped.child.kill('SIGKILL');
    else wrapped.send(request(2, 'test/exit', { code: 0 }));
    await gone(result.pids);
  });

  const cannotStart = [
    ['that does not exist', 127, () => ['no-such-command-anywhere']],
    ['that may not be run', 126, () => [plainFile()]],
  ] as const;
  it.each(cannotStart)('[T15] a command %s ends with %i and one line', async (_, code, command) => {
    const wrapped = start({ command: command() });
    expect(await wrapped.exited).toEqual({ code, signal: null });
    expect(wrapped.err.trim().split('\n')).toHaveLength(1);
    expect(wrapped.out).toHaveLength(0);
  });

  function plainFile(): string {
    const file = join(tap.dir, 'not-executable');
    writeFileSync(file, 'x');
    chmodSync(file, 0o600);
    return file;
  }

  it('[T16] a crash with requests open ends the stream with its code, and the requests are recorded as lost', async () => {
    const wrapped = start();
    wrapped.send(request('never', 'vendor/slow') + request(2, 'test/exit', { code: 9 }));
    expect(await wrapped.exited).toEqual({ code: 9, signal: null });
    expect(recorded().filter(({ kind }) => kind === 'call-lost').map(({ note }) => note)).toMatchObject([{ rpcId: '"never"', cause: 'server-exited-9' }, { rpcId: '2' }]);
    expect(recorded().at(-1)?.kind).toBe('epoch-closed');
  });

  it('wrong arguments are one clear message and code 2', async () => {
    const wrapped = new TestProcess([tap.file, 'tap', '--sever', 'x', '--', 'cat']);
    expect(await wrapped.exited).toMatchObject({ code: 2 });
    expect(wrapped.err).toMatch(/sever.*\n.*usage/s);
  });
});

describe('what a killed tap leaves', () => {
  it('[P1, P2] is recovered: a torn tail is cut, its end is recorded by the successor, and no epoch is used twice', async () => {
    const first = start();
    for (let id = 0; id < 200; id += 1) first.send(request(id, 'tools/list'));
    await first.said('"id":150');
    first.child.kill('SIGKILL');
    await first.exited;
    const answered = first.out.toString().split('\n').filter((line) => line.endsWith('}')).length;
    const second = start({ keepData: true });
    second.child.stdin.end();
    await second.exited;
    const all = recorded();
    const [one, two] = [all.filter(({ epoch }) => epoch === 1), all.filter(({ epoch }) => epoch === 2)];
    expect(one.map(({ seq }) => seq)).toEqual(one.map((_, index) => index));
    expect(one.filter(({ message }) => message?.shape === 'response').length).toBeGreaterThanOrEqual(answered);
    expect(two.map(({ kind }) => kind)).toEqual(['epoch-opened', 'epoch-recovered', 'epoch-closed']);
    expect(two[0]?.note).toMatchObject({ pid: second.child.pid, parentPid: process.pid, ...(process.getuid && { uid: process.getuid() }), ...(process.platform === 'linux' && { parentName: expect.any(String) }) });
    expect(two[1]?.note).toEqual({ epoch: 1, lastSeq: one.at(-1)?.seq });
  });

  it('two taps of one configuration have two ids', async () => {
    const [a, b] = [start(), start({ keepData: true })];
    for (const wrapped of [a, b]) {
      wrapped.send(request(1, 'tools/list'));
      await wrapped.said('"id":1');
    }
    expect(readdirSync(join(dataDir(), 'taps')).map((id) => id.slice(-2))).toEqual(['-0', '-1']);
  });

  it('keeps its key and its spool from other users', async () => {
    const wrapped = start();
    wrapped.child.stdin.end();
    await wrapped.exited;
    const [id = ''] = readdirSync(join(dataDir(), 'taps'));
    expect(statSync(join(dataDir(), 'taps', id, 'key.pem')).mode & 0o077).toBe(0);
    expect(execFileSync('find', [join(dataDir(), 'taps'), '-type', 'f', '-perm', '/077']).toString()).toBe('');
  });
});
