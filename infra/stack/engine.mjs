/**
 * One outside engine as a child: started with a bounded wait, killed or stopped by its own process id, never left behind.
 * EN1. It listens on loopback only and keeps everything under its folder.
 * EN2. It ends when this process ends, however this process ends (`guard.mjs`).
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const guard = join(dirname(fileURLToPath(import.meta.url)), 'guard.mjs');
const stopMsMax = 15_000;

/** Where engines are kept between runs: outside the repository, per user. */
export function cacheDir() {
  const base = process.env.XDG_CACHE_HOME ?? (process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache'));
  return join(base, 'countersign');
}

/** Free loopback ports, all different; another process may still take one first, which shows as an engine that does not start. */
export async function freePorts(count) {
  const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server));
  })));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/**
 * @param {{name: string, dir: string, command: string, args: string[], env?: Record<string, string>, isReady: () => Promise<boolean>, readyMsMax: number}} options
 * @returns handles of the running engine; rejects with a sentence that quotes the end of its log when it is not ready in time.
 */
export async function startEngine({ name, dir, command, args, env = {}, isReady, readyMsMax }) {
  mkdirSync(dir, { recursive: true });
  const log = join(dir, `${name}.log`);
  let running = await launch();

  async function launch() {
    // A group of its own: Ctrl-C in a terminal must not end an engine before those who still write to it.
    const child = spawn(process.execPath, [guard, log, command, ...args], { stdio: ['pipe', 'pipe', 'inherit'], detached: true, cwd: dir, env: { ...process.env, ...env } });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    const pid = Number(await new Promise((resolve) => {
      child.stdout.setEncoding('utf8').once('data', resolve);
      child.once('exit', () => resolve('0'));
    }));
    const state = { child, pid, gone, isGone: false };
    void gone.then(() => (state.isGone = true));
    const untilMs = performance.now() + readyMsMax;
    while (pid > 0 && !state.isGone && performance.now() < untilMs) {
      if (await isReady()) return state;
      await pause(50);
    }
    child.stdin.end();
    await gone;
    throw new Error(`${name} was not ready within ${readyMsMax} ms; nothing was left running. The end of its log:\n${tail(log)}`);
  }

  async function signal(name, graceMs) {
    if (running.isGone) return;
    process.kill(running.pid, name);
    const timer = setTimeout(() => running.child.stdin.end(), graceMs);
    await running.gone;
    clearTimeout(timer);
  }

  return {
    pid: () => running.pid,
    kill: () => signal('SIGKILL', stopMsMax),
    /** In order; killed when it does not end in time. */
    stop: () => signal('SIGTERM', stopMsMax),
    async restart() {
      await signal('SIGKILL', stopMsMax);
      running = await launch();
    },
  };
}

/** @returns whether a command can be run at all. */
export function isInstalled(command, args = ['--version']) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

function tail(file) {
  return existsSync(file) ? readFileSync(file, 'utf8').slice(-2_000) : '(no log)';
}
