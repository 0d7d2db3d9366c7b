/**
 * Weights that ship: plain data, the digest of its canonical JSON, and signatures over it (DSSE's encoding, Ed25519).
 * AR1. What does not have its own digest is refused: a changed number is found without any key.
 * AR2. It is opened only under a signature by the key expected: unsigned, a stranger's and a broken one are refused alike.
 * AR3. The type is inside the signed bytes: weights of one model are never opened as another's.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { canonicalJson } from './canonical-json.js';
import { rawPublicKeyOf } from './signed.js';

export interface Artefact<T> {
  /** e.g. `countersign/fusion`. */
  readonly payloadType: string;
  readonly payload: T;
  /** SHA-256 over the payload's canonical JSON, hex. */
  readonly digest: string;
  /** Empty while it is unsigned. `keyid`: first 16 hex digits of the SHA-256 of the raw public key; `sig`: base64url. */
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** The weights are not what was released; the message says what is wrong and what to do. */
export class ArtefactRefused extends Error {
  override readonly name = 'ArtefactRefused';
}

/** @param privateKeyPem PKCS#8 PEM of an Ed25519 key; absent: the artefact is unsigned. */
export function sealArtefact<T>(payloadType: string, payload: T, privateKeyPem?: string): Artefact<T> {
  const unsigned = { payloadType, payload, digest: digestOf(payload), signatures: [] };
  if (privateKeyPem === undefined) return unsigned;
  const sig = sign(null, encoded(payloadType, payload), createPrivateKey(privateKeyPem)).toString('base64url');
  return { ...unsigned, signatures: [{ keyid: keyIdOf(rawPublicKeyOf(privateKeyPem)), sig }] };
}

/**
 * @param expected.publicKeyRaw 32 raw bytes, base64url.
 * @returns the payload. @throws ArtefactRefused.
 */
export function openArtefact<T>(artefact: Artefact<T>, expected: { readonly payloadType: string; readonly publicKeyRaw: string }): T {
  const { payloadType, payload, digest, signatures } = artefact;
  if (payloadType !== expected.payloadType) throw refused(payloadType, `it is not of type ${expected.payloadType}`);
  if (digestOf(payload) !== digest) throw refused(payloadType, 'its content does not have the digest it was released with');
  if (signatures.length === 0) throw refused(payloadType, 'it is not signed');
  for (const { keyid, sig } of signatures) {
    if (keyid !== keyIdOf(expected.publicKeyRaw)) throw refused(payloadType, `it is signed by key ${keyid.slice(0, 16)}, not by the release key`);
    if (!isSignature(sig, encoded(payloadType, payload), expected.publicKeyRaw)) throw refused(payloadType, 'its signature is not of this content');
  }
  return payload;
}

export function keyIdOf(publicKeyRaw: string): string {
  return createHash('sha256').update(Buffer.from(publicKeyRaw, 'base64url')).digest('hex').slice(0, 16);
}

function digestOf(payload: unknown): string {
  return createHash('sha256').update(canonicalJson(payload)).digest('hex');
}

/** DSSE's pre-authentication encoding. */
function encoded(payloadType: string, payload: unknown): Buffer {
  const body = Buffer.from(canonicalJson(payload));
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${body.length} `), body]);
}

function isSignature(sig: string, bytes: Buffer, publicKeyRaw: string): boolean {
  try {
    return verify(null, bytes, createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKeyRaw } }), Buffer.from(sig, 'base64url'));
  } catch {
    return false;
  }
}

function refused(payloadType: string, why: string): ArtefactRefused {
  return new ArtefactRefused(`The weights ${payloadType} were refused: ${why}. Nothing is scored with them; install the release again, or train and sign them anew with "countersign lab train".`);
}
