/**
 * Takes one slot of an installation's taps, so that two processes of the same configuration never share an epoch.
 * SL1. A slot belongs to one living process; the lock of a dead one is taken over.
 * SL2. A process is known by its id and, where the system tells, by when it started: a reused process id is somebody else.
 * SL3. Slots that a killed tap left unfinished are taken first, so that what it spooled is sent.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const slotsMax = 64;

export interface Slot {
  /** `<base>-<number>` */
  readonly tapId: string;
  readonly dir: string;
  release(): void;
}

/** @param isUnfinished does this directory hold what a killed tap left? @throws when all slots are taken. */
export function takeSlot(tapsDir: string, base: string, isUnfinished: (dir: string) => boolean): Slot {
  mkdirSync(tapsDir, { recursive: true, mode: 0o700 });
  const ids = Array.from({ length: slotsMax }, (_, slot) => `${base}-${slot}`);
  const left = ids.filter((id) => existsSync(join(tapsDir, id)) && isUnfinished(join(tapsDir, id)));
  for (const tapId of [...left, ...ids]) {
    const dir = join(tapsDir, tapId);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const lock = join(dir, 'lock');
    if (isLocked(lock)) return { tapId, dir, release: () => unlinkSync(lock) };
  }
  throw new Error(`${slotsMax} taps of this configuration already run. Stop some, or give this one another --server, --agent or --role.`);
}

function isLocked(lock: string): boolean {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(lock, ownMark(), { flag: 'wx', mode: 0o600 });
      return true;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    if (isAlive(lock) || !isMovedAway(lock)) return false;
  }
  return false;
}

/** Of two processes that find the same dead lock one moves it; the other finds nothing to move. */
function isMovedAway(lock: string): boolean {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    // Between the look and the move a live process may have locked: then it is put back.
    if (isAlive(aside)) {
      renameSync(aside, lock);
      return false;
    }
    unlinkSync(aside);
    return true;
  } catch {
    return false;
  }
}

function isAlive(lock: string): boolean {
  let text: string;
  try {
    text = readFileSync(lock, 'utf8');
  } catch {
    return false;
  }
  const [pidText = '', started] = text.trim().split(' ');
  const pid = Number(pidText);
  // An empty lock was just made by somebody who is about to write it.
  if (!Number.isSafeInteger(pid) || pid <= 0) return text === '';
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return started === undefined || started === startedAt(pid);
}

function ownMark(): string {
  return `${process.pid} ${startedAt(process.pid) ?? ''}`.trim();
}

/** Ticks since boot, where `/proc` tells. */
function startedAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
