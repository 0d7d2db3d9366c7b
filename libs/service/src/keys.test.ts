import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeys, loadGrantPublicKey, loadKey, loadOrCreateKeys } from './keys.js';
import { replacePrivateFile } from './private-files.js';

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), 'countersign-keys-')), 'data');
});
afterEach(() => rmSync(join(dir, '..'), { recursive: true, force: true }));

const mode = (path: string): number => statSync(path).mode & 0o777;

describe('loadOrCreateKeys', () => {
  it('makes two different Ed25519 keys once, for this user alone, and finds them again', () => {
    const made = loadOrCreateKeys(dir);
    expect(made.seal.publicKey).not.toBe(made.grant.publicKey);
    expect(loadOrCreateKeys(dir)).toEqual(made);
    expect([mode(dir), mode(join(dir, 'keys')), mode(join(dir, 'keys', 'seal.pem')), mode(join(dir, 'keys', 'grant.pem'))]).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  it('names the raw public half of the key it returns', () => {
    const { grant } = loadOrCreateKeys(dir);
    const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: grant.publicKey } });
    const signature = sign(null, Buffer.from('text'), createPrivateKey(grant.privateKeyPem));
    expect(verify(null, Buffer.from('text'), publicKey, signature)).toBe(true);
  });

  it.runIf(process.platform !== 'win32')('refuses a key that others can read, and leaves it alone', () => {
    loadOrCreateKeys(dir);
    const file = join(dir, 'keys', 'seal.pem');
    const text = readFileSync(file, 'utf8');
    chmodSync(file, 0o644);
    expect(() => loadOrCreateKeys(dir)).toThrow('mode 644');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([
    { name: 'text that is no key', text: 'no key', says: 'does not hold a private key' },
    { name: 'a key of another kind', text: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), says: 'key of another kind' },
  ])('never replaces $name', ({ text, says }) => {
    loadOrCreateKeys(dir);
    const file = join(dir, 'keys', 'grant.pem');
    replacePrivateFile(file, text);
    expect(() => loadOrCreateKeys(dir)).toThrow(says);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });
});

describe('keys for several machines', () => {
  it('are made once, with the public half apart, and never again over what is there', () => {
    const made = createKeys(dir);
    expect(loadKey(dir, 'seal')).toEqual(made.seal);
    expect(loadGrantPublicKey(dir)).toBe(made.grant.publicKey);
    const before = readFileSync(join(dir, 'grant.pem'), 'utf8');
    expect(() => createKeys(dir)).toThrow('exists already');
    expect(readFileSync(join(dir, 'grant.pem'), 'utf8')).toBe(before);
  });

  it('a machine that only checks grants needs no private half, and one that has none is told how to get it', () => {
    const made = createKeys(dir);
    rmSync(join(dir, 'grant.pem'));
    expect(loadGrantPublicKey(dir)).toBe(made.grant.publicKey);
    expect(() => loadKey(dir, 'grant')).toThrow('countersign keys --dir DIR');
    rmSync(join(dir, 'grant.pub'));
    expect(() => loadGrantPublicKey(dir)).toThrow('there is no key');
  });

  it('a public half that is something else is refused', () => {
    createKeys(dir);
    replacePrivateFile(join(dir, 'grant.pub'), 'no key');
    expect(() => loadGrantPublicKey(dir)).toThrow('does not hold a public key');
  });
});

describe('replacePrivateFile', () => {
  it('replaces a file whole, with mode 0600 whatever it had', () => {
    loadOrCreateKeys(dir);
    const file = join(dir, 'notes.json');
    writeFileSync(file, 'a long old text', { mode: 0o644 });
    replacePrivateFile(file, 'new');
    expect([readFileSync(file, 'utf8'), mode(file)]).toEqual(['new', 0o600]);
  });
});
