/**
 * A signed statement: a DSSE envelope with one Ed25519 signature.
 * EV1. Ed25519 is the only algorithm; nothing in the envelope names one, and an envelope that tries is refused.
 * EV2. The signature covers the payload's type, so that no other signed thing of ours can stand in for a statement.
 * EV3. There is one spelling: base64 and JSON must be canonical, or the envelope is refused.
 * EV4. Verifying never throws; each refusal has a code and a sentence.
 */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { canonicalJson, rawPublicKeyOf } from '@countersign/policy';
import { hasExactly, readStatement, stateHash, statementLifeMsMax, type Statement } from './statement.js';

export const payloadType = 'application/vnd.countersign.agent-state+json';
export const envelopeCharactersMax = 16 * 1024;
/** How far ahead an issuer's clock may be; milliseconds. */
export const clockSkewMsMax = 60_000;

export const refusalSentences = {
  'too-long': 'The attestation is longer than 16 KiB.',
  malformed: 'The attestation is not one DSSE envelope of an agent state with one signature.',
  'not-canonical': 'The attestation is not in its one canonical spelling.',
  'unknown-key': 'The attestation is signed by a key this domain does not know.',
  'bad-signature': 'The signature does not belong to the attestation.',
  'other-agent': 'The attestation is of another agent.',
  'other-audience': 'The attestation was made for another domain.',
  'not-yet-valid': 'The attestation begins in the future.',
  expired: 'The attestation has expired.',
  'lives-too-long': 'The attestation claims to live longer than 24 hours.',
  replayed: 'The attestation was already used in another session; each session needs a fresh one.',
  'unknown-state': 'The call names a state no statement of this agent has shown.',
  'no-first-use': 'This domain accepts no first state without registration, and none is registered.',
  'memory-full': 'No further agent can be remembered; the state could not be pinned.',
} as const;
export type AttestationRefusal = keyof typeof refusalSentences;

export interface VerifyExpectations {
  /** Key id → raw Ed25519 public key, base64url. Empty: the envelope's own key is taken, and the caller pins it. */
  readonly keys: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
  readonly agent?: string;
  readonly aud?: string;
}

export type VerifiedEnvelope =
  | {
      readonly ok: true;
      readonly statement: Statement;
      readonly stateHash: string;
      /** Raw, base64url. */
      readonly publicKey: string;
      /** 1 when the key is the domain's own registered one, else 0; higher claims are not verified here and never shown. */
      readonly levelVerified: 0 | 1;
    }
  | { readonly ok: false; readonly code: AttestationRefusal; readonly sentence: string };

/**
 * @param privateKeyPem PKCS#8 PEM of an Ed25519 key. @returns the envelope's JSON text.
 * One envelope serves one session per server: its nonce is refused in the next session.
 */
export function signStatement(statement: Statement, privateKeyPem: string, keyId?: string): string {
  const payload = Buffer.from(canonicalJson(statement));
  const signature = sign(null, preAuthentication(payload), createPrivateKey(privateKeyPem));
  const keyid = keyId ?? rawPublicKeyOf(privateKeyPem);
  return canonicalJson({ payloadType, payload: payload.toString('base64'), signatures: [{ keyid, sig: signature.toString('base64') }] });
}

export function verifyEnvelope(text: string, expected: VerifyExpectations): VerifiedEnvelope {
  if (text.length > envelopeCharactersMax) return refusal('too-long');
  const parts = readEnvelope(text);
  if (parts === undefined) return refusal('malformed');
  const payload = exactBase64(parts.payload);
  const signature = exactBase64(parts.sig);
  if (payload === undefined || signature === undefined) return refusal('not-canonical');
  const key = keyNamed(parts.keyid, expected.keys);
  if (key === undefined) return refusal('unknown-key');
  if (signature.length !== 64 || !verify(null, preAuthentication(payload), key.object, signature)) return refusal('bad-signature');
  const value = parsed(payload.toString('utf8'));
  if (value === undefined || canonical(value) !== payload.toString('utf8')) return refusal('not-canonical');
  const statement = readStatement(value);
  if (typeof statement === 'string') return { ok: false, code: 'malformed', sentence: `${refusalSentences.malformed} Its statement cannot be read: ${statement}.` };
  const problem = mismatch(statement, expected);
  if (problem !== undefined) return refusal(problem);
  return { ok: true, statement, stateHash: stateHash(statement), publicKey: key.raw, levelVerified: key.known && statement.predicate.level >= 1 ? 1 : 0 };
}

function mismatch({ predicate }: Statement, { nowMs, agent, aud }: VerifyExpectations): AttestationRefusal | undefined {
  if (agent !== undefined && predicate.agent !== agent) return 'other-agent';
  if (aud !== undefined && predicate.aud !== aud) return 'other-audience';
  if (predicate.exp - predicate.iat > statementLifeMsMax) return 'lives-too-long';
  if (predicate.iat > nowMs + clockSkewMsMax) return 'not-yet-valid';
  return predicate.exp > nowMs ? undefined : 'expired';
}

/** DSSE's pre-authentication encoding: lengths first, so that no two (type, body) pairs share bytes. */
function preAuthentication(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.length} `), payload]);
}

function readEnvelope(text: string): { payload: string; keyid: string; sig: string } | undefined {
  const value = parsed(text);
  if (!hasExactly(value, ['payloadType', 'payload', 'signatures']) || value['payloadType'] !== payloadType) return undefined;
  const { payload, signatures } = value;
  if (typeof payload !== 'string' || !Array.isArray(signatures) || signatures.length !== 1) return undefined;
  const signature: unknown = signatures[0];
  if (!hasExactly(signature, ['keyid', 'sig'])) return undefined;
  const { keyid, sig } = signature;
  return typeof keyid === 'string' && typeof sig === 'string' ? { payload, keyid, sig } : undefined;
}

function keyNamed(keyid: string, keys: Readonly<Record<string, string>>): { object: KeyObject; raw: string; known: boolean } | undefined {
  const registered = Object.entries(keys);
  const raw = registered.length === 0 ? keyid : registered.find(([id, key]) => id === keyid || key === keyid)?.[1];
  if (raw === undefined || Buffer.from(raw, 'base64url').toString('base64url') !== raw || Buffer.from(raw, 'base64url').length !== 32) return undefined;
  try {
    return { object: createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: raw } }), raw, known: registered.length > 0 };
  } catch {
    return undefined;
  }
}

function exactBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text ? bytes : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function canonical(value: unknown): string | undefined {
  try {
    return canonicalJson(value);
  } catch {
    // Nesting deep enough to exhaust the stack has no canonical text here; the caller refuses it.
    return undefined;
  }
}

function refusal(code: AttestationRefusal): VerifiedEnvelope {
  return { ok: false, code, sentence: refusalSentences[code] };
}
