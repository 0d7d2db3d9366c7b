/** `countersign enrol`: a gate that takes nobody without a token, a tap, and the person between them. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Home } from './home.js';
import { program, scratch, startUp, type Up } from './running.js';

const { dir, remove } = scratch();
const home = new Home(dir, 'home');
let up: Up;
beforeAll(async () => {
  up = await startUp(home.data, '--enrolment', 'token');
}, 120_000);
afterAll(async () => {
  await up.kill('SIGTERM');
  remove();
});

const enrolledTaps = (): number => (JSON.parse(home.countersign('doctor', '--json').stdout) as { enrolledTapIds: readonly string[] }).enrolledTapIds.length;

/** Runs a tap until it has said something that matches; its server says nothing and ends with its input. */
function tapSays(server: string, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, 'tap', '--data', home.data, '--server', server, '--agent', 'ana', '--role', 'clerk', '--', process.execPath, '-e', 'process.stdin.resume()'], { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (wanted.test(said)) child.stdin.end();
    });
    child.once('exit', () => (wanted.test(said) ? resolve(said) : reject(new Error(`the tap said only: ${said}`))));
  });
}

describe('countersign enrol', () => {
  it('[P15] an unknown tap is turned away with the words that let it in; a token lets it in once', async () => {
    const said = await tapSays('files', /turned this tap away/);
    expect(said).toContain('countersign enrol --server files --agent ana --role clerk');
    expect(enrolledTaps()).toBe(0);

    const token = home.countersign('enrol', '--new').stdout.trim();
    expect(token).toMatch(/^[\w-]{22}$/);
    expect(home.fed(`${token}\n`, 'enrol', '--server', 'files', '--agent', 'ana', '--role', 'clerk')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Enrolled: ana \(clerk\) at files, tap [0-9a-f]{16}-0/) });
    expect(enrolledTaps()).toBe(1);

    const again = home.fed(token, 'enrol', '--server', 'mail', '--agent', 'ana', '--role', 'clerk');
    expect(again).toMatchObject({ status: 1, stderr: expect.stringContaining('unknown, used or older than ten minutes') });
    expect(enrolledTaps()).toBe(1);
  }, 60_000);

  it('[TH-01] the key is private to its owner, and no token is on disk', () => {
    const token = home.countersign('enrol', '--new').stdout.trim();
    const keys = readdirSync(join(home.data, 'taps')).map((tap) => join(home.data, 'taps', tap, 'key.pem'));
    for (const key of keys) expect(statSync(key).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home.data, 'gate', 'enrolled.json'), 'utf8')).not.toContain(token);
    expect(statSync(join(home.data, 'enrol.sock')).mode & 0o777).toBe(0o600);
  });

  it('without a token it is told to get one; without a gate it says so and keeps its key', () => {
    expect(home.countersign('enrol', '--server', 'mail')).toMatchObject({ status: 1, stderr: expect.stringContaining('countersign enrol --new') });
    const alone = new Home(dir, 'alone');
    expect(alone.countersign('enrol', '--server', 'mail')).toMatchObject({ status: 1, stderr: expect.stringContaining('no gate answers') });
    expect(alone.countersign('enrol', '--new')).toMatchObject({ status: 1, stderr: expect.stringContaining('no gate is running') });
  });
});
