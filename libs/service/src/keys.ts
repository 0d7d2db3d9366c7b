/**
 * The installation's two signing keys: one seals policies for taps, one signs grants. Apart, so that neither signature can pass for the other.
 * KE1. A key is made once, and never replaced because it could not be read.
 * KE2. A key file that other users can read is refused: what it signed may not be ours.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createPrivateFile, ensurePrivateDir } from './private-files.js';

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
 * Reads `<dataDir>/keys/{seal,grant}.pem` and makes the ones that are missing.
 * @throws when a key file is readable by others, is not an Ed25519 key, or cannot be read or written.
 */
export function loadOrCreateKeys(dataDir: string): InstallationKeys {
  const dir = join(dataDir, 'keys');
  ensurePrivateDir(dataDir);
  ensurePrivateDir(dir);
  return { seal: loadOrCreate(join(dir, 'seal.pem')), grant: loadOrCreate(join(dir, 'grant.pem')) };
}

function loadOrCreate(file: string): SigningKey {
  const { privateKey } = generateKeyPairSync('ed25519');
  try {
    createPrivateFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  } catch (error) {
    // It exists: made at an earlier start, or by a process that started beside this one.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  }
  return load(file);
}

function load(file: string): SigningKey {
  const mode = statSync(file).mode & 0o777;
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
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
