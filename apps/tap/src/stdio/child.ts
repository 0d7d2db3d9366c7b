/**
 * The server's process.
 * CH1. Started without a shell, in this folder, with this environment less our own variables; its stderr is ours.
 * CH2. It leads a process group of its own: a signal reaches it once, and nothing it started outlives the tap.
 * CH3. If the tap is killed outright, a watchdog (a shell that waits for the end of a pipe only the tap holds) ends the group.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { windowsCommand } from './windows-command.js';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ServerProcess {
  readonly input: Writable;
  readonly output: Readable;
  /** Rejects with `StartFailed` when it could not be started. */
  readonly exited: Promise<Ending>;
  signal(name: NodeJS.Signals): void;
  /** Ends what is left of the group, and the watchdog. */
  reap(): void;
  watch(): void;
}

/** Its exit code is what a shell would give: 127 not found, 126 found and not startable. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  constructor(readonly exitCode: 126 | 127, message: string) {
    super(message);
  }
}

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

const isGrouped = (platform: NodeJS.Platform): boolean => platform !== 'win32';

export function startServer({ command, args, env, platform }: ServerCommand): ServerProcess {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('COUNTERSIGN_')));
  const { file, argv, isVerbatim } = platform === 'win32' ? windowsCommand(command, args, env) : { file: command, argv: args, isVerbatim: false };
  const child = spawn(file, [...argv], { stdio: ['pipe', 'pipe', 'inherit'], env: own, detached: isGrouped(platform), windowsHide: true, windowsVerbatimArguments: isVerbatim });
  // Writing to a server that closed its input is the server's choice, not a fault of the tap.
  child.stdin.on('error', () => undefined);
  let watchdog: ChildProcess | undefined;
  const exited = new Promise<Ending>((resolve, reject) => {
    child.once('error', (error) => {
      if (child.pid === undefined) reject(startFailed(command, error));
    });
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  return {
    input: child.stdin, output: child.stdout, exited,
    signal: (name) => signalAll(child, name, platform),
    reap: () => {
      signalAll(child, 'SIGKILL', platform);
      watchdog?.kill('SIGKILL');
    },
    watch: () => {
      if (isGrouped(platform) && child.pid !== undefined) watchdog = startWatchdog(child.pid);
    },
  };
}

function startFailed(command: string, error: Error): StartFailed {
  const code = 'code' in error ? error.code : undefined;
  const isMissing = code === 'ENOENT';
  return new StartFailed(isMissing ? 127 : 126, `cannot start ${command}: ${isMissing ? 'no such command' : error.message}`);
}

function signalAll(child: ChildProcess, name: NodeJS.Signals, platform: NodeJS.Platform): void {
  if (child.pid === undefined) return;
  try {
    if (isGrouped(platform)) process.kill(-child.pid, name);
    else child.kill(name);
  } catch (error) {
    // Nobody left in the group.
    if (!(error instanceof Error && 'code' in error && (error.code === 'ESRCH' || error.code === 'EPERM'))) throw error;
  }
}

function startWatchdog(group: number): ChildProcess {
  const script = 'while read -r _; do :; done; sleep 1; kill -TERM -"$0"; sleep 1; kill -KILL -"$0"';
  const watchdog = spawn('/bin/sh', ['-c', script, String(group)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  // Without a shell there is no watchdog; the server still sees the end of its input.
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  const { stdin } = watchdog;
  if ('unref' in stdin && typeof stdin.unref === 'function') stdin.unref();
  return watchdog;
}
