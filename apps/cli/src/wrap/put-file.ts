/** A file is there whole or not at all: written beside its place, synced, then put there. */
import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface PutOptions {
  /** Default 0600. */
  readonly mode?: number;
  /** Throws when the file must not be replaced after all. */
  readonly beforeReplace?: () => void;
}

/** @throws when it cannot be written; the file is then what it was. */
export function putFile(file: string, bytes: Buffer, { mode = 0o600, beforeReplace }: PutOptions = {}): void {
  const draft = join(dirname(file), `.countersign-${randomBytes(6).toString('hex')}.tmp`);
  try {
    writeSynced(draft, bytes, mode);
    beforeReplace?.();
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeSynced(file: string, bytes: Buffer, mode: number): void {
  const handle = openSync(file, 'wx', mode);
  try {
    // The umask may have taken bits that the replaced file has.
    fchmodSync(handle, mode);
    for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
