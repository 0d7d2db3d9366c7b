/**
 * The header `X-Agent-Attestation`: ours when its content is a statement of ours, anybody else's otherwise (tap.md, section 5).
 * HA1. A value of ours never reaches the server; a value that is not ours reaches it unchanged.
 * HA2. Two values of ours that differ are handed on together, which no verifier accepts: the tap does not choose between them.
 */
import { mapFields, type RawHeaders } from './http-headers.js';

const fieldName = 'x-agent-attestation';
/** Limit of the field's value as sent. */
export const attestationHeaderBytesMax = 8 * 1024;

export function takeAttestation(headers: RawHeaders): { readonly headers: string[]; readonly attestation?: string } {
  const ours: string[] = [];
  const kept = mapFields(headers, (name, value) => {
    if (name.toLowerCase() !== fieldName) return value;
    const statement = decodeAttestation(value);
    if (statement === undefined) return value;
    if (!ours.includes(statement)) ours.push(statement);
    return undefined;
  });
  return ours.length === 0 ? { headers: kept } : { headers: kept, attestation: ours.join('\n') };
}

/** The payload when it is in our format: a DSSE envelope of ours (JSON text) or a registered statement's 32 hex digits. */
export function decodeAttestation(value: string): string | undefined {
  if (value.length === 0 || value.length > attestationHeaderBytesMax || !/^[A-Za-z0-9_-]+={0,2}$/.test(value)) return undefined;
  let payload: string;
  try {
    payload = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(value, 'base64url'));
  } catch {
    return undefined;
  }
  return /^[0-9a-f]{32}$/.test(payload) || isEnvelope(payload) ? payload : undefined;
}

function isEnvelope(payload: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return false;
  }
  if (typeof value !== 'object' || value === null) return false;
  const { payloadType, payload: body, signatures } = value as Record<string, unknown>;
  // The type alone tells our envelope from another's: DSSE is used by other attestation formats under this very header name.
  return typeof payloadType === 'string' && payloadType.includes('countersign') && typeof body === 'string' && Array.isArray(signatures);
}
