import { resolve } from 'node:path';
import { dataDirOf } from '@countersign/service/data-dir';

/** The folder a command works on: the flag, else COUNTERSIGN_DATA, else the user's state folder. Absolute. */
export function resolveDataDir(flag: string | undefined): string {
  return resolve(flag ?? dataDirOf(process.env, process.platform));
}
