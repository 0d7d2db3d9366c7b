// Starts what a comparison needs and ends all of it: each process is a child that ends with us.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const children = new Set();
const startMsMax = 60_000;

/** Resolves when `output` says what is waited for; rejects with a sentence on why it did not. `said()` is all it said so far. */
export function start(what, { command, args, env = {}, output, pattern }) {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  children.add(child);
  child.once('close', () => children.delete(child));
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (why) => reject(new Error(`${what} ${why}. It said: ${said.slice(-2000) || 'nothing'}`));
    const timer = setTimeout(() => fail(`did not start within ${startMsMax} ms`), startMsMax);
    child.once('error', (error) => fail(`cannot be started (${error.message})`));
    child.once('exit', (code) => fail(`ended with code ${code} before it was ready`));
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        said = (said + text).slice(-20_000);
        const found = name === output ? pattern.exec(said) : null;
        if (found === null) return;
        clearTimeout(timer);
        resolve({ child, found, said: () => said });
      });
    }
  });
}

export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.stdin.end();
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(killer);
}

export async function stopAll() {
  await Promise.all([...children].map(stop));
}

/** The tap has the policy of the gate, not the one it starts with. */
export async function policyArrived(dataDir) {
  const taps = join(dataDir, 'taps');
  for (let waitedMs = 0; waitedMs < startMsMax; waitedMs += 50) {
    if (existsSync(taps) && readdirSync(taps, { recursive: true }).some((name) => String(name).includes('policy'))) return;
    await delay(50);
  }
  throw new Error('The tap got no policy from the gate, so nothing can be said about how it relays. Look into the log of the gate.');
}
