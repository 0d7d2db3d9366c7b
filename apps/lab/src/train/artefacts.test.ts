import { generateKeyPairSync } from 'node:crypto';
import { callScore, callScoreSeal } from '@countersign/detector-provenance';
import { fusion, fusionType, openArtefact, releaseKeyRaw, sealArtefact, type Artefact } from '@countersign/policy';
import { describe, expect, it } from 'vitest';
import { callScoreType } from './train-file.js';

const privateKeyPem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const shipped: readonly (readonly [string, Artefact<unknown>])[] = [[fusionType, fusion], [callScoreType, { ...callScoreSeal, payload: callScore }]];
const opened = (payloadType: string, artefact: Artefact<unknown>) => () => openArtefact(artefact, { payloadType, publicKeyRaw: releaseKeyRaw });

/** Every path to a number in a value. */
function numbersIn(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === 'number') return [path];
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, member]) => numbersIn(member, [...path, key])) : [];
}

/** The value with the lowest bit of one number's double flipped. */
function flipped(value: unknown, [key, ...rest]: readonly string[]): unknown {
  if (key === undefined) {
    const bits = new DataView(new ArrayBuffer(8));
    bits.setFloat64(0, value as number);
    bits.setUint8(7, bits.getUint8(7) ^ 1);
    return bits.getFloat64(0);
  }
  const members = value as Readonly<Record<string, unknown>>;
  const member = flipped(members[key], rest);
  return Array.isArray(value) ? value.map((one: unknown, at) => (String(at) === key ? member : one)) : { ...members, [key]: member };
}

describe.each(shipped)('the weights that ship as %s', (payloadType, artefact) => {
  it('are signed by the release key, and open', () => {
    expect(artefact.signatures).toHaveLength(1);
    expect(opened(payloadType, artefact)()).toBe(artefact.payload);
  });

  it('with one bit of any number flipped are refused with a sentence', () => {
    const places = numbersIn(artefact.payload);
    expect(places.length).toBeGreaterThan(10);
    for (const place of places) {
      expect(opened(payloadType, { ...artefact, payload: flipped(artefact.payload, place) })).toThrow(/does not have the digest it was released with\. Nothing is scored with them/);
    }
  });

  it('without their signature are refused', () => {
    expect(opened(payloadType, { ...artefact, signatures: [] })).toThrow(/it is not signed/);
  });

  it('changed and given a fitting digest are refused for their signature', () => {
    const changed = flipped(artefact.payload, numbersIn(artefact.payload)[0] ?? []);
    const resealed = sealArtefact(payloadType, changed);
    expect(opened(payloadType, { ...resealed, signatures: artefact.signatures })).toThrow(/its signature is not of this content/);
  });

  it('signed by somebody else are refused, whatever they say', () => {
    expect(opened(payloadType, sealArtefact(payloadType, artefact.payload, privateKeyPem))).toThrow(/not by the release key/);
  });

  it('are not opened as weights of another model', () => {
    expect(opened('countersign/other', artefact)).toThrow(/not of type countersign\/other/);
  });
});
