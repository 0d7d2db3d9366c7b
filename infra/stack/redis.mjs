/**
 * A real redis-server on loopback, durable as we need it: every write is in the append-only file before it is answered, nothing is evicted.
 * Needs `redis-server` 6.2 or newer; on a Debian-like system, as root, it is installed through apt when missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { freePorts, isInstalled, startEngine } from './engine.mjs';

const readyMsMax = 20_000;

/**
 * @param {{dir: string, fsync?: 'always' | 'everysec'}} options `everysec` survives a kill of the server, `always` a loss of power too.
 * @returns {Promise<{url: string, kill(): Promise<void>, restart(): Promise<void>, stop(): Promise<void>}>}
 */
export async function startRedis({ dir, fsync = 'everysec' }) {
  ensureRedis();
  const [port] = await freePorts(1);
  const settings = { bind: '127.0.0.1', port, dir, appendonly: 'yes', appendfsync: fsync, 'maxmemory-policy': 'noeviction', save: '' };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const { kill, restart, stop } = await startEngine({ name: 'redis', dir, command: 'redis-server', args, isReady: () => answers(port), readyMsMax });
  return { url: `redis://127.0.0.1:${port}`, kill, restart, stop };
}

function ensureRedis() {
  if (isInstalled('redis-server')) return;
  const mayInstall = process.platform === 'linux' && existsSync('/usr/bin/apt-get') && process.getuid?.() === 0;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // Two test files may ask at once: apt waits for its own lock.
  const apt = (args) => spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', ...args], { stdio: ['ignore', 'ignore', 'inherit'], env }).status === 0;
  if (mayInstall && (apt(['install', '-y', 'redis-server']) || (apt(['update']) && apt(['install', '-y', 'redis-server'])))) return;
  throw new Error('Redis cannot be started here: redis-server is missing. Install it (Debian: apt-get install redis-server; macOS: brew install redis) and try again.');
}

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isReady) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.once('error', () => answer(false)).once('data', (data) => answer(String(data).startsWith('+PONG'))).once('connect', () => socket.write('PING\r\n'));
  });
}
