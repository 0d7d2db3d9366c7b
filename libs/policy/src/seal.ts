/**
 * A sealed policy: the snapshot a tap keeps and trusts while the gate is away.
 * SE1. Signed by the installation's key; an unsigned or foreign one is refused.
 * SE2. It carries when it was sealed, so that a tap can refuse one older than it has.
 */
import type { Policy } from './policy.js';
import { compilePolicy } from './compile.js';
import { openObject, signObject } from './signed.js';

export type OpenedPolicy =
  | { readonly ok: true; readonly policy: Policy; readonly sealedAtMs: number }
  | { readonly ok: false; readonly reason: string };

/** @param policy as `parsePolicy` returned it. @param atMs wall clock. */
export function sealPolicy(policy: Policy, privateKeyPem: string, atMs: number): string {
  return signObject(privateKeyPem, { typ: 'policy', iat: atMs, policy } as { readonly typ: string });
}

/** A policy that was sealed but cannot be compiled here (a newer release's rule language) is refused, so the last good one stays in force. */
export function openPolicy(sealed: string, publicKeyRaw: string): OpenedPolicy {
  const opened = openObject(sealed, publicKeyRaw, 'policy');
  if (!opened.ok) return opened;
  const { iat, policy } = opened.body;
  if (typeof iat !== 'number' || typeof policy !== 'object' || policy === null) return { ok: false, reason: 'a field is missing or has the wrong type' };
  try {
    compilePolicy(policy as Policy);
  } catch (error) {
    return { ok: false, reason: `its rules cannot be compiled (${error instanceof Error ? error.message : 'unknown error'})` };
  }
  return { ok: true, policy: policy as Policy, sealedAtMs: iat };
}
