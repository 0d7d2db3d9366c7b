/**
 * Where the installation keeps its state, and where its gate listens.
 * DD1. The same answers as the services give for the same data directory; the tap computes them itself, to start without the services' code.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, posix, resolve, win32 } from 'node:path';

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  readonly tmpDir: string;
}

const socketPathBytesMax = 100;

/** Absolute. @throws when the environment names no home. */
export function dataDirOf(given: string | undefined, { env, platform }: Machine): string {
  const named = given ?? env['COUNTERSIGN_DATA'];
  if (named !== undefined && named !== '') return resolve(named);
  if (platform === 'win32') return win32.join(env['LOCALAPPDATA'] || win32.join(home(env['USERPROFILE']), 'AppData', 'Local'), 'countersign');
  if (platform === 'darwin') return posix.join(home(env['HOME']), 'Library', 'Application Support', 'countersign');
  const state = env['XDG_STATE_HOME'];
  if (state !== undefined && isAbsolute(state)) return posix.join(state, 'countersign');
  return posix.join(home(env['HOME']), '.local', 'state', 'countersign');
}

/** The path of a unix socket, or the name of a Windows pipe. */
export function gateSocketOf(dataDir: string, { platform, tmpDir }: Machine): string {
  const mark = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\countersign-${mark}`;
  const near = posix.join(dataDir, 'gate.sock');
  return Buffer.byteLength(near) > socketPathBytesMax ? posix.join(tmpDir, `countersign-${mark}.sock`) : near;
}

function home(value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new Error('there is no place for Countersign’s state: no home directory is set. Pass --data DIR or set COUNTERSIGN_DATA.');
}
