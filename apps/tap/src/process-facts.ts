/** What the system tells of the process that started this one; recorded once an epoch. */
import { readFileSync } from 'node:fs';
import type { ProcessFacts } from './core.js';

/** @param configOrigin as given; see `Settings`. */
export function processFacts(configOrigin: string | undefined): ProcessFacts {
  const { pid, ppid: parentPid } = process;
  const uid = process.getuid?.();
  const parentName = nameOf(parentPid);
  return { pid, parentPid, ...(uid === undefined ? {} : { uid }), ...(parentName ? { parentName } : {}), ...(configOrigin === undefined ? {} : { configOrigin }) };
}

function nameOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    // No such file system, or the parent is gone: then it has no name here.
    return undefined;
  }
}
