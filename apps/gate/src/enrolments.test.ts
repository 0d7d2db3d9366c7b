import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrolTokenMsMax } from './enrol-tokens.js';
import { openEnrolments } from './enrolments.js';

let dir: string;
let file: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'countersign-enrolments-'));
  file = join(dir, 'gate', 'enrolled.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const base = '0123456789abcdef';
const strict = () => openEnrolments(file, { rule: 'token' });

describe('enrolment by token', () => {
  it('[P15] a key nobody knows is refused, one with a token becomes the tap’s, over a restart too', () => {
    const enrolments = strict();
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k' }, 0)).toBe('needs-token');
    expect(existsSync(file)).toBe(false);
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: enrolments.newToken(0) }, 1)).toBe('new');
    expect(strict().enrol({ tapId: 'a', publicKey: 'k' }, 0)).toBe('known');
    expect(strict().enrol({ tapId: 'a', publicKey: 'other' }, 0)).toBe('other-key');
  });

  it('[TH-01] a token has 128 bits, enrols one tap, and is nowhere on disk', () => {
    const enrolments = strict();
    const token = enrolments.newToken(0);
    expect(Buffer.from(token, 'base64url')).toHaveLength(16);
    expect(enrolments.newToken(0)).not.toBe(token);
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token }, 0)).toBe('new');
    expect(enrolments.enrol({ tapId: 'b', publicKey: 'k', token }, 0)).toBe('void-token');
    expect(readFileSync(file, 'utf8')).not.toContain(token);
  });

  it('[TH-01] a token is void after ten minutes and after a restart of the gate', () => {
    const enrolments = strict();
    const [late, last, lost] = [enrolments.newToken(0), enrolments.newToken(1), enrolments.newToken(1)];
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: late }, enrolTokenMsMax)).toBe('void-token');
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: last }, enrolTokenMsMax)).toBe('new');
    expect(strict().enrol({ tapId: 'b', publicKey: 'k', token: lost }, 2)).toBe('void-token');
  });

  it('a token takes no key away: another key of a known tap is refused, and the token still works', () => {
    const enrolments = strict();
    enrolments.enrol({ tapId: 'a', publicKey: 'k', token: enrolments.newToken(0) }, 0);
    const token = enrolments.newToken(0);
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'other', token }, 0)).toBe('other-key');
    expect(enrolments.enrol({ tapId: 'b', publicKey: 'other', token }, 0)).toBe('new');
  });

  it('a second process of an enrolled configuration comes in by the same key, and by no other', () => {
    const enrolments = strict();
    enrolments.enrol({ tapId: `${base}-0`, publicKey: 'k', token: enrolments.newToken(0) }, 0);
    expect(enrolments.enrol({ tapId: `${base}-1`, publicKey: 'other' }, 0)).toBe('needs-token');
    expect(enrolments.enrol({ tapId: `${base}-1`, publicKey: 'k' }, 0)).toBe('new');
    expect(enrolments.enrol({ tapId: 'fedcba9876543210-0', publicKey: 'k' }, 0)).toBe('needs-token');
  });

  it('of more than 64 unused tokens the oldest is void', () => {
    const enrolments = strict();
    const tokens = Array.from({ length: 65 }, () => enrolments.newToken(0));
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: tokens[0] }, 0)).toBe('void-token');
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: tokens[1] }, 0)).toBe('new');
  });

  it('at first use nobody needs a token, but a void one still enrols nobody', () => {
    const enrolments = openEnrolments(file);
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k', token: 'AAAA' }, 0)).toBe('void-token');
    expect(enrolments.enrol({ tapId: 'a', publicKey: 'k' }, 0)).toBe('new');
  });
});
