/**
 * The installation's two signing keys: one seals policies for taps, one signs grants. Apart, so that neither signature can pass for the other.
 * KE1. A key is made once, and never replaced because it could not be read.
 * KE2. A key file that other users can read is refused: what it signed may not be ours. One that another user gave to our group
 *      alone (a mounted secret) is taken.
 * KE3. On several machines keys are made once, by hand (`createKeys`), and carried over; services only read them. A second pair would
 *      make every grant of the first worthless, and look like a forgery at every tap.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, ensurePrivateDir } from './private-files.js';
import { StartRefused } from './until-reachable.js';

export interface SigningKey {
  /** PKCS#8 PEM of an Ed25519 key. */
  readonly privateKeyPem: string;
  /** 32 raw bytes, base64url. */
  readonly publicKey: string;
}

export interface InstallationKeys {
  readonly seal: SigningKey;
  readonly grant: SigningKey;
}

/**
 * Reads `<dataDir>/keys/{seal,grant}.pem` and makes the ones that are missing: for one machine alone.
 * @throws when a key file is readable by others, is not an Ed25519 key, or cannot be read or written.
 */
export function loadOrCreateKeys(dataDir: string): InstallationKeys {
  const dir = join(dataDir, 'keys');
  ensurePrivateDir(dataDir);
  ensurePrivateDir(dir);
  return { seal: loadOrCreate(join(dir, 'seal.pem')), grant: loadOrCreate(join(dir, 'grant.pem')) };
}

/**
 * Makes both keys in a folder, and `grant.pub` beside them for the machines that only check grants.
 * @throws when any of the files exists; nothing was written then.
 */
export function createKeys(dir: string): InstallationKeys {
  ensurePrivateDir(dir);
  const files = ['seal.pem', 'grant.pem', 'grant.pub'].map((name) => join(dir, name));
  const present = files.filter((file) => existsSync(file));
  if (present.length > 0) throw new Error(`${present.join(', ')} exists already, so no key was made: a second one would make what the first signed worthless. Move it away first if that is what you want.`);
  for (const name of ['seal.pem', 'grant.pem']) createPrivateFile(join(dir, name), newKey());
  const keys = { seal: loadKey(dir, 'seal'), grant: loadKey(dir, 'grant') };
  createPrivateFile(join(dir, 'grant.pub'), `${keys.grant.publicKey}\n`);
  return keys;
}

/** @throws {StartRefused} when the key is not there (KE3); a sentence when it is not as it must be. */
export function loadKey(dir: string, name: keyof InstallationKeys): SigningKey {
  const file = join(dir, `${name}.pem`);
  if (!existsSync(file)) throw new StartRefused(`there is no key ${file}. It is not made here: run \`countersign keys --dir DIR\` once, and carry the files to the machines that need them.`);
  return load(file);
}

/** For who checks grants and signs none: `grant.pub`, else the public half of `grant.pem`. @returns 32 raw bytes, base64url. */
export function loadGrantPublicKey(dir: string): string {
  const file = join(dir, 'grant.pub');
  if (!existsSync(file)) return loadKey(dir, 'grant').publicKey;
  const publicKey = readFileSync(file, 'utf8').trim();
  if (!/^[A-Za-z0-9_-]{43}$/.test(publicKey)) throw new Error(`${file} does not hold a public key (32 bytes in base64url, one line). Nothing was started. Carry it over again from where the keys were made.`);
  return publicKey;
}

function loadOrCreate(file: string): SigningKey {
  try {
    createPrivateFile(file, newKey());
  } catch (error) {
    // It exists: made at an earlier start, or by a process that started beside this one.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return load(file);
}

function newKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function load(file: string): SigningKey {
  const facts = statSync(file);
  const mode = facts.mode & 0o777;
  const forbidden = facts.uid === process.getuid?.() ? 0o077 : 0o037;
  if (process.platform !== 'win32' && (mode & forbidden) !== 0) {
    throw new Error(`the key ${file} can be read by other users (mode ${mode.toString(8)}), so its signatures prove nothing. Nothing was started. Run chmod 600 on it if you trust them, or remove it to have a new one made.`);
  }
  const privateKeyPem = readFileSync(file, 'utf8');
  const { x, crv } = publicJwkOf(file, privateKeyPem);
  if (crv !== 'Ed25519' || x === undefined) throw new Error(`${file} holds a key of another kind; an Ed25519 key is needed. Nothing was started. Remove it to have a new one made.`);
  return { privateKeyPem, publicKey: x };
}

function publicJwkOf(file: string, pem: string): { readonly x?: string; readonly crv?: string } {
  try {
    return createPublicKey(createPrivateKey(pem)).export({ format: 'jwk' });
  } catch (error) {
    throw new Error(`${file} does not hold a private key that can be read. Nothing was started and the file was left alone. Restore it from a copy, or remove it to have a new one made.`, { cause: error });
  }
}
