/**
 * A signed statement that a log had this many records with this root: a C2SP `tlog-checkpoint` in a `signed-note`.
 * CK1. The signature covers origin, size and root; a note for another log or under another key is refused.
 * CK2. Ed25519 only; the key's name and a hash of it stand beside the signature, so that a verifier picks the key, not the note.
 * CK3. Refusals are values with a reason; nothing in a note can make `openCheckpoint` throw.
 */
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';

export interface Checkpoint {
  /** The log's name: one line, no control characters, e.g. `countersign/<domain>`. */
  readonly origin: string;
  readonly size: number;
  /** 32 bytes. */
  readonly root: Uint8Array;
}

export type OpenedCheckpoint = { readonly ok: true; readonly checkpoint: Checkpoint } | { readonly ok: false; readonly reason: string };

const algorithmEd25519 = 1;
const noteCharactersMax = 4_096;
const signatureLine = /^— (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/**
 * @param privateKeyPem PKCS#8 Ed25519.
 * @param keyName without spaces or plus signs.
 */
export function signCheckpoint(checkpoint: Checkpoint, privateKeyPem: string, keyName: string): string {
  if (!isName(keyName) || !isLine(checkpoint.origin)) throw new RangeError('a checkpoint’s origin is one line, and its key’s name has no spaces or plus signs');
  const key = createPrivateKey(privateKeyPem);
  const publicKeyRaw = String(createPublicKey(key).export({ format: 'jwk' }).x);
  const text = textOf(checkpoint);
  const signature = Buffer.concat([keyHash(keyName, publicKeyRaw), sign(null, Buffer.from(text), key)]);
  return `${text}\n— ${keyName} ${signature.toString('base64')}\n`;
}

/** What the verifier already knows. */
export interface CheckpointTrust {
  readonly origin: string;
  readonly keyName: string;
  /** Raw Ed25519 public key, base64url. */
  readonly publicKeyRaw: string;
}

export function openCheckpoint(note: string, { origin, keyName, publicKeyRaw }: CheckpointTrust): OpenedCheckpoint {
  if (note.length > noteCharactersMax) return refuse('it is too long for a checkpoint');
  const split = note.lastIndexOf('\n\n');
  if (split < 0 || !note.endsWith('\n')) return refuse('it is not a signed note');
  const text = note.slice(0, split + 1);
  const wanted = keyHash(keyName, publicKeyRaw);
  const signatures = note.slice(split + 2, -1).split('\n').flatMap((line) => signatureUnder(line, keyName, wanted));
  if (signatures.length === 0) return refuse(`it carries no signature of ${keyName}`);
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKeyRaw }, format: 'jwk' });
  if (!signatures.every((signature) => verify(null, Buffer.from(text), key, signature))) return refuse('its signature is wrong');
  const checkpoint = parseText(text);
  if (checkpoint === undefined) return refuse('its text is not a checkpoint');
  return checkpoint.origin === origin ? { ok: true, checkpoint } : refuse(`it is about ${JSON.stringify(checkpoint.origin.slice(0, 100))}, not ${origin}`);
}

function textOf({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

function parseText(text: string): Checkpoint | undefined {
  const [origin = '', size = '', root = ''] = text.split('\n');
  const rootBytes = Buffer.from(root, 'base64');
  const checkpoint = { origin, size: Number(size), root: rootBytes };
  const isWhole = Number.isSafeInteger(checkpoint.size) && checkpoint.size >= 0 && rootBytes.length === 32 && isLine(origin);
  // Writing it again must give the same text: no second spelling of a number or a hash, no further lines.
  return isWhole && textOf(checkpoint) === text ? checkpoint : undefined;
}

function signatureUnder(line: string, keyName: string, wanted: Buffer): readonly Buffer[] {
  const [, name, encoded = ''] = signatureLine.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  return name === keyName && bytes.length === 4 + 64 && bytes.subarray(0, 4).equals(wanted) ? [bytes.subarray(4)] : [];
}

function keyHash(keyName: string, publicKeyRaw: string): Buffer {
  return createHash('sha256').update(`${keyName}\n`).update(Uint8Array.of(algorithmEd25519)).update(Buffer.from(publicKeyRaw, 'base64url')).digest().subarray(0, 4);
}

function isLine(text: string): boolean {
  return text !== '' && !/\p{Cc}/u.test(text);
}

function isName(text: string): boolean {
  return isLine(text) && !/[\s+]/u.test(text);
}

function refuse(what: string): OpenedCheckpoint {
  return { ok: false, reason: `The checkpoint was refused: ${what}. Nothing it says may be relied on.` };
}
