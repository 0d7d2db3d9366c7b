/**
 * The product's own services as processes of their own, each on the settings file it is given.
 * SV1. A service is there when its `/readyz` says so; one that does not become ready is ended, with the end of its log in the error.
 * SV2. It never outlives the process that started it (`guard.mjs`).
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePorts, startEngine } from './engine.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const readyMsMax = 120_000;

/** In the order in which they are started, and stopped. */
export const serviceNames = ['record', 'detect', 'judge', 'approve', 'gate', 'console'];

/** The built command line program. */
export const program = join(root, 'apps/cli/dist/main.js');

/** A Node new enough for the program: this one, or the one that npm brought. */
export function nodeProgram() {
  if (Number(process.versions.node.split('.')[0]) >= 22) return process.execPath;
  const bundled = join(root, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(bundled)) return bundled;
  throw new Error(`The services need Node 22 or newer; this is ${process.version}, and npm did not bring another. Run npm ci without --omit=optional.`);
}

/**
 * @param {{name: string, dir: string, config: string, as?: string}} options `as`: its name in logs when several of one kind run.
 * @returns {Promise<{name: string, kind: string, url: string, log: string, pid(): number, kill(): Promise<void>, restart(): Promise<void>, stop(): Promise<void>}>}
 */
export async function startService({ name, dir, config, as = name }) {
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  const env = { COUNTERSIGN_HEALTH_PORT: String(port) };
  const running = await startEngine({ name: as, dir, command: nodeProgram(), args: [program, name, '--config', config], env, isReady: () => isReady(url), readyMsMax });
  return { name: as, kind: name, url, log: join(dir, `${as}.log`), ...running };
}

async function isReady(url) {
  try {
    return (await fetch(`${url}/readyz`)).status === 200;
  } catch {
    return false;
  }
}
