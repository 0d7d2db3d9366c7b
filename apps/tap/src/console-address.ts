/**
 * Where people decide: the console's page, as the running installation left word of it in its data folder.
 * CA1. Read when somebody is to be told, not before; one that is missing or odd means "not known".
 * CA2. An address is no credential: the page asks for its own sign-in.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '@countersign/wire';

const characterMax = 1_024;

/** @param named by the environment (`COUNTERSIGN_CONSOLE_URL`), where no installation runs on this folder. */
export function approvalsPage(dataDir: string, named: string | undefined): string | undefined {
  const base = named ?? wordLeftIn(dataDir);
  if (base === undefined || base.length > characterMax || !URL.canParse(base)) return undefined;
  const url = new URL('/approvals', base);
  return url.protocol === 'https:' || url.protocol === 'http:' ? url.href : undefined;
}

function wordLeftIn(dataDir: string): string | undefined {
  try {
    const word: unknown = JSON.parse(readFileSync(join(dataDir, 'solo.json'), 'utf8'));
    const url = isRecord(word) ? word['consoleUrl'] : undefined;
    return typeof url === 'string' ? url : undefined;
  } catch {
    // Nothing runs on this folder, or it is just being written.
    return undefined;
  }
}
