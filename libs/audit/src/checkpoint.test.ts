import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openCheckpoint, signCheckpoint, type Checkpoint } from './checkpoint.js';

// RFC 8032 §7.1, test 1.
const seed = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60';
const publicKeyHex = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a';
const privateKeyPem = createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'), format: 'der', type: 'pkcs8' }).export({ format: 'pem', type: 'pkcs8' }).toString();
const trust = { origin: 'countersign/workshop', keyName: 'countersign-log', publicKeyRaw: Buffer.from(publicKeyHex, 'hex').toString('base64url') };
const checkpoint: Checkpoint = { origin: trust.origin, size: 8, root: Buffer.from('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328', 'hex') };
const note = signCheckpoint(checkpoint, privateKeyPem, trust.keyName);

describe('a checkpoint', () => {
  it('is a signed note: text, empty line, a signature under name and key hash', () => {
    const lines = note.split('\n');
    expect(lines.slice(0, 4)).toEqual(['countersign/workshop', '8', 'XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=', '']);
    expect(lines[4]).toMatch(/^— countersign-log [A-Za-z0-9+/=]{92}$/);
    expect(lines.slice(5)).toEqual(['']);
  });

  it('opens under the key and for the log it was made for', () => {
    expect(openCheckpoint(note, trust)).toEqual({ ok: true, checkpoint });
    const cosigned = `${note}— witness ${Buffer.alloc(68).toString('base64')}\n`;
    expect(openCheckpoint(cosigned, trust)).toEqual({ ok: true, checkpoint });
  });

  const stranger = createPublicKey(generateKeyPairSync('ed25519').privateKey).export({ format: 'jwk' }).x as string;
  const refused: readonly (readonly [string, string, Partial<typeof trust>, RegExp])[] = [
    ['another size', note.replace('\n8\n', '\n7\n'), {}, /signature is wrong/],
    ['another spelling of the size', note.replace('\n8\n', '\n08\n'), {}, /signature is wrong/],
    ['another log', note, { origin: 'countersign/other' }, /is about "countersign\/workshop"/],
    ['another key', note, { publicKeyRaw: stranger }, /no signature of countersign-log/],
    ['another key name', note, { keyName: 'someone' }, /no signature of someone/],
    ['no signature', `${note.split('\n\n')[0]}\n\n`, {}, /no signature/],
    ['no text at all', '', {}, /not a signed note/],
    ['a text without end', 'x'.repeat(10_000), {}, /too long/],
  ];
  it.each(refused)('[P15] refuses %s with a reason', (...row) => {
    const [, text, change, reason] = row;
    const opened = openCheckpoint(text, { ...trust, ...change });
    expect(opened.ok ? 'opened' : opened.reason).toMatch(reason);
  });

  it('[P10] refuses every note with one changed character', () => {
    fc.assert(
      fc.property(fc.nat(note.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }), (at, character) => {
        fc.pre(note[at] !== character);
        const opened = openCheckpoint(note.slice(0, at) + character + note.slice(at + 1), trust);
        // The last base64 digits of a signature may have a second spelling of the same bytes; the text may not.
        expect(opened.ok ? opened.checkpoint : checkpoint).toEqual(checkpoint);
        if (at < note.indexOf('\n\n')) expect(opened.ok).toBe(false);
      }),
    );
  });

  it('is not made for a name that would break the note', () => {
    expect(() => signCheckpoint({ ...checkpoint, origin: 'two\nlines' }, privateKeyPem, 'k')).toThrow(RangeError);
    expect(() => signCheckpoint(checkpoint, privateKeyPem, 'two words')).toThrow(RangeError);
  });
});
