/**
 * Compact signed objects: `cs1.<base64url of the canonical JSON>.<base64url of an Ed25519 signature over those bytes>`.
 * SG1. The one algorithm is Ed25519; nothing in the text chooses another.
 * SG2. `typ` is inside the signed bytes: a seal can never be read as a grant.
 * SG3. Opening never throws: what cannot be trusted comes back as a reason.
 */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';

const prefix = 'cs1';
const signedCharactersMax = 4 * 1024 * 1024;

export type Opened = { readonly ok: true; readonly body: Readonly<Record<string, unknown>> } | { readonly ok: false; readonly reason: string };

/** @param privateKeyPem PKCS#8 PEM of an Ed25519 key. @throws when the key is not Ed25519. */
export function signObject(privateKeyPem: string, body: { readonly typ: string }): string {
  const key = createPrivateKey(privateKeyPem);
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('The signing key is not an Ed25519 key.');
  const bytes = Buffer.from(canonicalJson(body));
  return `${prefix}.${bytes.toString('base64url')}.${sign(null, bytes, key).toString('base64url')}`;
}

/** @param publicKeyRaw 32 raw bytes, base64url. */
export function openObject(text: string, publicKeyRaw: string, typ: string): Opened {
  if (text.length > signedCharactersMax) return refused('it is longer than 4 MiB');
  const [head, payload, signature, ...rest] = text.split('.');
  if (head !== prefix || payload === undefined || signature === undefined || rest.length > 0) return refused('it does not have the three parts of a signed object');
  const bytes = Buffer.from(payload, 'base64url');
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKeyRaw } });
    if (!verify(null, bytes, key, Buffer.from(signature, 'base64url'))) return refused('its signature does not belong to the expected key');
    const body: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof body !== 'object' || body === null || Array.isArray(body)) return refused('it does not hold an object');
    const record = body as Record<string, unknown>;
    return record['typ'] === typ ? { ok: true, body: record } : refused(`it is not a ${typ}`);
  } catch {
    return refused('its key or its content cannot be read');
  }
}

/** @returns the raw public half of a private key, base64url; what taps are given to check seals and grants. */
export function rawPublicKeyOf(privateKeyPem: string): string {
  const jwk = createPublicKey(createPrivateKey(privateKeyPem)).export({ format: 'jwk' });
  if (jwk.crv !== 'Ed25519' || jwk.x === undefined) throw new TypeError('The signing key is not an Ed25519 key.');
  return jwk.x;
}

function refused(reason: string): Opened {
  return { ok: false, reason };
}
