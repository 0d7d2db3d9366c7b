/**
 * Where an installation keeps its state. Pure: the environment, the platform and the temporary directory are arguments.
 * DD1. Taps and services that share a data directory compute the same paths, each on its own.
 */
import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The kernel's limit is 104 bytes on some systems, terminator included; above 100 the socket moves to the temporary directory. */
const socketPathBytesMax = 100;

/**
 * @param env `COUNTERSIGN_DATA` wins; then the platform's own place for state.
 * @returns an absolute path where the environment holds one; a relative `COUNTERSIGN_DATA` is returned as it is, for the caller to resolve.
 * @throws when the environment names no home.
 */
export function dataDirOf(env: Environment, platform: NodeJS.Platform): string {
  const named = env['COUNTERSIGN_DATA'];
  if (isNamed(named)) return named;
  if (platform === 'win32') {
    const local = env['LOCALAPPDATA'] ?? (isNamed(env['USERPROFILE']) ? win32.join(env['USERPROFILE'], 'AppData', 'Local') : undefined);
    return win32.join(required(local, 'LOCALAPPDATA'), 'countersign');
  }
  if (platform === 'darwin') return posix.join(required(env['HOME'], 'HOME'), 'Library', 'Application Support', 'countersign');
  const state = env['XDG_STATE_HOME'];
  // The base directory specification has relative values ignored.
  if (isNamed(state) && posix.isAbsolute(state)) return posix.join(state, 'countersign');
  return posix.join(required(env['HOME'], 'HOME'), '.local', 'state', 'countersign');
}

export interface SocketPlace {
  readonly platform: NodeJS.Platform;
  /** The system's temporary directory. */
  readonly tmpDir: string;
}

/** @param dir absolute data directory. @returns the path of the unix socket or the name of the Windows pipe where the gate listens. */
export function gateSocketPath(dir: string, place: SocketPlace): string {
  return socketPath({ dir, marked: dir, file: 'gate.sock' }, place);
}

/** Where whoever runs the installation asks for a login link; never the gate's own socket. */
export function operatorSocketPath(dir: string, place: SocketPlace): string {
  return socketPath({ dir, marked: `${dir}/operator`, file: 'operator.sock' }, place);
}

/** Where whoever runs the gate asks for an enrolment token; a door of its own, for a gate may run without a console. */
export function enrolSocketPath(dir: string, place: SocketPlace): string {
  return socketPath({ dir, marked: `${dir}/enrol`, file: 'enrol.sock' }, place);
}

function socketPath({ dir, marked, file }: { readonly dir: string; readonly marked: string; readonly file: string }, { platform, tmpDir }: SocketPlace): string {
  const mark = createHash('sha256').update(marked).digest('hex').slice(0, 16);
  if (platform === 'win32') return `\\\\.\\pipe\\countersign-${mark}`;
  const near = posix.join(dir, file);
  return Buffer.byteLength(near) > socketPathBytesMax ? posix.join(tmpDir, `countersign-${mark}.sock`) : near;
}

/** The files of one installation, below its data directory. */
export interface DataPaths {
  readonly ledgerFile: string;
  readonly snapshotsFile: string;
  readonly approvalsFile: string;
  readonly historyDir: string;
  readonly policyFile: string;
  readonly enrolledFile: string;
  readonly keysDir: string;
  readonly logFile: string;
}

/** @param dir absolute data directory. */
export function dataPaths(dir: string, platform: NodeJS.Platform): DataPaths {
  const { join } = platform === 'win32' ? win32 : posix;
  return {
    ledgerFile: join(dir, 'ledger.db'),
    snapshotsFile: join(dir, 'snapshots.db'),
    approvalsFile: join(dir, 'approvals.db'),
    historyDir: join(dir, 'history'),
    policyFile: join(dir, 'policy.yaml'),
    enrolledFile: join(dir, 'gate', 'enrolled.json'),
    keysDir: join(dir, 'keys'),
    logFile: join(dir, 'countersign.log'),
  };
}

function isNamed(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}

function required(value: string | undefined, name: string): string {
  if (isNamed(value)) return value;
  throw new Error(`there is no place for Countersign's state: neither COUNTERSIGN_DATA nor ${name} is set. Set one, or pass --data.`);
}
