/**
 * Is this really the tap it says it is?
 * HL1. The signature covers this connection's nonce, the tap's id and its epoch: a recorded hello is worth nothing on another connection.
 * HL2. The key must be the one the tap was enrolled with.
 */
import { createPublicKey, verify } from 'node:crypto';
import type { TapFrame } from '@countersign/contracts';
import type { Enrolments } from './enrolments.js';

export type Hello = Extract<TapFrame, { readonly type: 'hello' }>;

/** Why a tap is turned away. `code` is a closed vocabulary, for counting; `sentence` is for whoever reads the tap's log. */
export interface Refusal {
  readonly code: 'signature' | 'other-key' | 'full' | 'void-token' | 'needs-token' | 'frame' | 'frame-too-long' | 'hello-late' | 'hello-expected' | 'hello-twice' | 'replaced' | 'too-many';
  readonly sentence: string;
}

const tapIdCharsMax = 64;

/** The text a tap signs. */
export function helloText(hello: Pick<Hello, 'tapId' | 'epoch'>, nonce: string): string {
  return `countersign-tap-hello\n${nonce}\n${hello.tapId}\n${hello.epoch}`;
}

/** What a hello is measured by. */
export interface Challenge {
  readonly nonce: string;
  readonly enrolments: Enrolments;
  readonly nowMs: number;
}

/** @returns why the tap is refused, or undefined when it is who it says; a tap seen for the first time is then enrolled. */
export function refusalOf(hello: Hello, { nonce, enrolments, nowMs }: Challenge): Refusal | undefined {
  if (hello.tapId.length === 0 || hello.tapId.length > tapIdCharsMax) return { code: 'frame', sentence: `a tap's id has 1 to ${tapIdCharsMax} characters. Nothing was taken.` };
  if (!isSignedBy(hello.publicKey, helloText(hello, nonce), hello.signature)) {
    return { code: 'signature', sentence: 'the hello is not signed for this connection by the key it names. Nothing was taken; connect again and sign the new challenge.' };
  }
  const { tapId, publicKey, enrolToken: token } = hello;
  switch (enrolments.enrol({ tapId, publicKey, token }, nowMs)) {
    case 'known':
    case 'new':
      return undefined;
    case 'other-key':
      return { code: 'other-key', sentence: `tap ${hello.tapId} is enrolled with another key. Nothing was taken. If its key was lost on purpose, remove its line from the gate's enrolled.json and connect again.` };
    case 'needs-token':
      return { code: 'needs-token', sentence: `tap ${hello.tapId} is not enrolled, and this gate enrols by token only. Nothing was taken; what the tap recorded stays in its spool. On the gate’s machine print a token with \`countersign enrol --new\`; then run \`countersign enrol --server ${shown(hello.server)} --agent ${shown(hello.agent.name)} --role ${shown(hello.agent.role)}\` here, with the token in COUNTERSIGN_ENROL_TOKEN or on standard input.` };
    case 'void-token':
      return { code: 'void-token', sentence: 'this enrolment token is unknown, used or older than ten minutes. Nothing was enrolled. Print another with `countersign enrol --new`.' };
    case 'full':
      return { code: 'full', sentence: 'no more taps can be enrolled here. Nothing was taken. Remove unused lines from the gate’s enrolled.json and restart it.' };
  }
}

/** A name as a shell takes it for one word. */
function shown(name: string): string {
  return /^[\w.@:-]{1,128}$/.test(name) ? name : JSON.stringify(name.slice(0, 128));
}

function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  try {
    const key = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: publicKey } });
    return verify(null, Buffer.from(text), key, Buffer.from(signature, 'base64url'));
  } catch {
    // Not a key at all: as good as a wrong signature.
    return false;
  }
}
