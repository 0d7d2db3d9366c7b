/**
 * Which key speaks for which tap.
 * EN1. A tap's first key is its key; another one is refused until a person removes the entry.
 * EN2. An enrolment is on disk before the tap is welcomed.
 * EN3. A file that cannot be read stops the gate: to enrol everyone anew would let anyone be anyone.
 * EN4. Under the rule `token` an unknown tap is let in by a one-time token, or by a key that is enrolled for another slot of the same
 *      server, agent and role (`<name>-<slot>`): a second process of one configuration is the same tap.
 * EN5. A token that is void enrols nobody, whatever the rule; one that did its work is void.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ensurePrivateDir, replacePrivateFile } from '@countersign/service';
import { EnrolTokens } from './enrol-tokens.js';

const tapsMaxDefault = 10_000;

export type Enrolled = 'known' | 'new' | 'other-key' | 'full' | 'void-token' | 'needs-token';

/** How a tap nobody has seen becomes a known one: by being the first of its name, or by a token a person hands it. */
export const enrolmentRules = ['first-use', 'token'] as const;
export type EnrolmentRule = (typeof enrolmentRules)[number];

export interface Candidate {
  readonly tapId: string;
  /** Raw Ed25519 key, base64url; the caller has checked that the tap holds its private half. */
  readonly publicKey: string;
  readonly token?: string | undefined;
}

export interface Enrolments {
  /** @param nowMs wall time, by which tokens expire. */
  enrol(candidate: Candidate, nowMs: number): Enrolled;
  /** A one-time token for one tap; said once, never kept in clear. */
  newToken(nowMs: number): string;
}

export interface EnrolmentOptions {
  /** Default: `first-use`. */
  readonly rule?: EnrolmentRule;
  readonly tapsMax?: number;
}

/** @param file JSON text `{v: 1, keys: {tapId: publicKey}}`; made when missing. @throws when it exists and cannot be read. */
export function openEnrolments(file: string, { rule = 'first-use', tapsMax = tapsMaxDefault }: EnrolmentOptions = {}): Enrolments {
  const keys = readKeys(file);
  const tokens = new EnrolTokens();

  function enrol({ tapId, publicKey, token }: Candidate, nowMs: number): Enrolled {
    const known = keys.get(tapId);
    if (known !== undefined) return known === publicKey ? 'known' : 'other-key';
    if (keys.size >= tapsMax) return 'full';
    if (token !== undefined && !tokens.isOpen(token, nowMs)) return 'void-token';
    if (rule === 'token' && token === undefined && !isSibling(keys, tapId, publicKey)) return 'needs-token';
    const next = { v: 1, keys: Object.fromEntries([...keys, [tapId, publicKey]]) };
    ensurePrivateDir(dirname(file));
    replacePrivateFile(file, `${JSON.stringify(next, undefined, 2)}\n`);
    keys.set(tapId, publicKey);
    if (token !== undefined) tokens.spend(token);
    return 'new';
  }

  return { enrol, newToken: (nowMs) => tokens.issue(nowMs) };
}

function isSibling(keys: ReadonlyMap<string, string>, tapId: string, publicKey: string): boolean {
  const name = nameOf(tapId);
  return name !== undefined && [...keys].some(([other, key]) => key === publicKey && nameOf(other) === name);
}

/** `<16 hex digits>-<slot>` without the slot; other ids have no siblings. */
function nameOf(tapId: string): string | undefined {
  return /^([0-9a-f]{16})-\d{1,2}$/.exec(tapId)?.[1];
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
