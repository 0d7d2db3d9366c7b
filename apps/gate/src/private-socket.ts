/**
 * A local socket that only this user can open.
 * LS1. The socket has mode 0600 from its first moment, and its directory 0700 unless it is the system's shared temporary one.
 * LS2. A socket file left by a killed process is replaced; one that somebody answers, or a file of another kind, is left alone.
 */
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { dirname } from 'node:path';
import { ensurePrivateDir } from '@countersign/service';

const sticky = 0o1000;

/** Another process answers at the gate's address. */
export class GateTaken extends Error {
  override readonly name = 'GateTaken';
  constructor(path: string) {
    super(`another gate already answers at ${path}. Nothing was changed. Stop it, or start this one on another data directory.`);
  }
}

/**
 * @param path of a unix socket, or the name of a Windows pipe.
 * @throws GateTaken, or a sentence when a file of another kind is in the way.
 */
export async function listenPrivately(server: Server, path: string): Promise<void> {
  if (process.platform === 'win32') return listening(server, path);
  closeDirectory(dirname(path));
  await clearStale(path);
  // Bound within this call, so no other file of this process is made under the mask.
  const mask = process.umask(0o177);
  const isListening = listening(server, path);
  process.umask(mask);
  await isListening;
  chmodSync(path, 0o600);
}

function listening(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closeDirectory(dir: string): void {
  const facts = lstatSync(dir, { throwIfNoEntry: false });
  if (facts === undefined || (facts.mode & sticky) === 0) ensurePrivateDir(dir);
}

async function clearStale(path: string): Promise<void> {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  if (facts === undefined) return;
  if (!facts.isSocket()) throw new Error(`${path} is in the gate's way and is not a socket. Nothing was changed. Move it elsewhere and start again.`);
  if (await isAnswered(path)) throw new GateTaken(path);
  unlinkSync(path);
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code !== 'ECONNREFUSED' && error.code !== 'ENOENT'));
  });
}
