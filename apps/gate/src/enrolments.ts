/**
 * Which key speaks for which tap.
 * EN1. The first key seen for a tap is its key; another one is refused until a person removes the entry.
 * EN2. An enrolment is on disk before the tap is welcomed.
 * EN3. A file that cannot be read stops the gate: to enrol everyone anew would let anyone be anyone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensurePrivateDir, replacePrivateFile } from '@countersign/service';

const tapsMaxDefault = 10_000;

export type Enrolled = 'known' | 'new' | 'other-key' | 'full';

export interface Enrolments {
  /** @param publicKey raw Ed25519 key, base64url; the caller has checked that the tap holds its private half. */
  enrol(tapId: string, publicKey: string): Enrolled;
}

/** @param file JSON text `{v: 1, keys: {tapId: publicKey}}`; made when missing. @throws when it exists and cannot be read. */
export function openEnrolments(file: string, tapsMax = tapsMaxDefault): Enrolments {
  const keys = readKeys(file);

  function enrol(tapId: string, publicKey: string): Enrolled {
    const known = keys.get(tapId);
    if (known !== undefined) return known === publicKey ? 'known' : 'other-key';
    if (keys.size >= tapsMax) return 'full';
    const next = { v: 1, keys: Object.fromEntries([...keys, [tapId, publicKey]]) };
    ensurePrivateDir(dirname(file));
    replacePrivateFile(file, `${JSON.stringify(next, undefined, 2)}\n`);
    keys.set(tapId, publicKey);
    return 'new';
  }

  return { enrol };
}

function readKeys(file: string): Map<string, string> {
  if (!existsSync(file)) return new Map();
  try {
    const value = JSON.parse(readFileSync(file, 'utf8')) as { readonly v?: unknown; readonly keys?: unknown };
    if (value.v !== 1 || typeof value.keys !== 'object' || value.keys === null) throw new TypeError('it has another shape');
    const entries = Object.entries(value.keys);
    if (entries.some(([, key]) => typeof key !== 'string')) throw new TypeError('a key is not text');
    return new Map(entries);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the enrolments ${file} cannot be read (${why}). The gate did not start and the file was left alone. Restore it from a copy; or remove it, and the next key of each tap will be taken for its own.`, { cause: error });
  }
}
