/** An opaque name for a session: its own id may be a credential of another protocol and belongs in no address. */
import { createHash } from 'node:crypto';

export function sessionKeyOf({ domain, session }: { readonly domain: string; readonly session: string }): string {
  return createHash('sha256').update(`${domain}\n${session}`).digest('hex').slice(0, 32);
}

/** The same, as history computes it. */
export const sessionKeySql = "substring(lower(hex(SHA256(concat(domain, '\\n', session)))), 1, 32)";
