/**
 * The grant: what one approval allows, signed, for one tap to consume once.
 * GR1. It names one call, one action digest and one display digest; nothing in it widens (A4).
 * GR2. Opening checks the signature, `typ` and shape. Whether it is for this tap, this call and this moment is the tap's check:
 *      only the tap knows the bytes it is about to send and its own clock.
 */
import { openObject, signObject } from './signed.js';

export interface GrantBody {
  readonly typ: 'grant';
  /** The tap that holds the call. */
  readonly aud: string;
  readonly callId: string;
  readonly actionDigest: string;
  readonly displayDigest: string;
  readonly outcome: 'approved';
  readonly approvers: readonly string[];
  /** Milliseconds since 1970. */
  readonly iat: number;
  /** Milliseconds since 1970; never after the approval's deadline. */
  readonly exp: number;
  /** Consumed once; 32 hex digits. */
  readonly nonce: string;
}

const texts = ['aud', 'callId', 'actionDigest', 'displayDigest', 'nonce'] as const;

/** @throws when the key is not an Ed25519 private key. */
export function signGrant(privateKeyPem: string, body: GrantBody): string {
  return signObject(privateKeyPem, body);
}

/** @returns the body, or the reason (end of a sentence starting with "The grant is refused: "). */
export function openGrant(grant: string, publicKeyRaw: string): { readonly ok: true; readonly body: GrantBody } | { readonly ok: false; readonly reason: string } {
  const opened = openObject(grant, publicKeyRaw, 'grant');
  if (!opened.ok) return opened;
  return isGrantBody(opened.body) ? { ok: true, body: opened.body } : { ok: false, reason: 'a field is missing or has the wrong type' };
}

function isGrantBody(body: object): body is GrantBody {
  const record = body as Record<string, unknown>;
  const approvers = record['approvers'];
  return (
    texts.every((name) => typeof record[name] === 'string' && record[name] !== '') &&
    record['outcome'] === 'approved' &&
    Number.isSafeInteger(record['iat']) &&
    Number.isSafeInteger(record['exp']) &&
    Array.isArray(approvers) &&
    approvers.length > 0 &&
    approvers.every((person) => typeof person === 'string')
  );
}
