/**
 * Files and directories that belong to one user.
 * PF1. Directories 0700, files 0600; where the platform has no such modes the user's profile is the border.
 * PF2. A file is replaced whole or not at all.
 */
import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';

/** Creates the directory and its missing parents; one that others could enter is closed to them. */
export function ensurePrivateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  if (process.platform !== 'win32' && (statSync(dir).mode & 0o077) !== 0) chmodSync(dir, 0o700);
}

/** @throws with code `EEXIST` when the file exists; nothing is changed then. */
export function createPrivateFile(file: string, text: string): void {
  const handle = openSync(file, 'wx', 0o600);
  writeSynced(handle, text);
}

/** Readers see the old text or the new one, also after a loss of power. */
export function replacePrivateFile(file: string, text: string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`;
  createPrivateFile(draft, text);
  renameSync(draft, file);
}

function writeSynced(handle: number, text: string): void {
  try {
    writeSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
