import { SeededClock } from '@countersign/adapters/clock/seeded';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Attempts } from './attempts.js';
import { refusalOf, safeHeaders, type Door } from './request-checks.js';
import { SessionCookie } from './session-cookie.js';
import { defaultSignInLimits, SignIns } from './sign-ins.js';

const door: Door = { scheme: 'http', port: () => 7800, hosts: [] };
const ownPost = { host: '127.0.0.1:7800', origin: 'http://127.0.0.1:7800', 'sec-fetch-site': 'same-origin', 'x-countersign': '1', 'content-type': 'application/json' };

describe('requests at the door', () => {
  const refused: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ['[P16] a plain form from another site', { origin: 'http://evil.example', 'content-type': 'application/x-www-form-urlencoded', 'x-countersign': '' }, 403],
    ['[P16] a script of another site', { origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['[P16] a page on another port of this machine', { origin: 'http://127.0.0.1:9999', 'sec-fetch-site': 'same-site' }, 403],
    ['[P16] a sandboxed frame without an origin', { origin: 'null' }, 403],
    ['[P16] a form of our own origin, which cannot set our header', { 'x-countersign': '' }, 403],
    ['[P16] a same-origin form, which is not JSON', { 'content-type': 'text/plain' }, 415],
    ['[P16] a foreign name that resolves to this machine', { host: 'rebound.example:7800', origin: 'http://rebound.example:7800' }, 421],
    ['[P16] our name with another port', { host: '127.0.0.1:80' }, 421],
  ];
  test.each(refused)('%s is turned away', (_name, headers, status) => {
    expect(refusalOf({ method: 'POST', headers: { ...ownPost, ...headers } }, door)?.status).toBe(status);
  });

  test('a POST of our own page comes in', () => {
    expect(refusalOf({ method: 'POST', headers: ownPost }, door)).toBeUndefined();
  });

  test('[P16] no origin but our own ever passes a POST', () => {
    fc.assert(
      fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom('http://127.0.0.1:7800.evil.example', 'https://127.0.0.1:7800', 'http://localhost:7800')), (origin) => {
        fc.pre(origin.toLowerCase() !== ownPost.origin);
        expect(refusalOf({ method: 'POST', headers: { ...ownPost, origin } }, door)?.status).toBe(403);
      }),
      { verbose: 1 },
    );
  });

  test('[P16] a request without an Origin cannot change anything', () => {
    expect(refusalOf({ method: 'POST', headers: { ...ownPost, origin: undefined } }, door)?.status).toBe(403);
  });

  test('every method but GET, HEAD and POST is refused', () => {
    for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) expect(refusalOf({ method, headers: ownPost }, door)?.status).toBe(405);
  });

  test('[P16] answers forbid framing, inline code, sniffing and referrers', () => {
    expect(safeHeaders('http')).toMatchObject({
      'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
      'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer',
    });
    expect(safeHeaders('http')).not.toHaveProperty('strict-transport-security');
    expect(safeHeaders('https')).toHaveProperty('strict-transport-security');
  });
});

describe('the cookie', () => {
  test('over http it is HttpOnly, SameSite=Strict, of this port; over https it is __Host- and Secure', () => {
    expect(new SessionCookie(door).write('r')).toBe('countersign_7800=r; Path=/; HttpOnly; SameSite=Strict');
    expect(new SessionCookie({ ...door, scheme: 'https' }).write('r')).toBe('__Host-countersign=r; Path=/; HttpOnly; SameSite=Strict; Secure');
  });

  test('the first value under our name is read, and no other name', () => {
    expect(new SessionCookie(door).read('a=1; countersign_78000=x; countersign_7800=first; countersign_7800=second')).toBe('first');
    expect(new SessionCookie(door).read(undefined)).toBeUndefined();
  });
});

function signIns() {
  const clock = new SeededClock({ seed: 1 });
  let made = 0;
  return { clock, signIns: new SignIns({ clock, randomToken: () => `token-${(made += 1)}` }) };
}

describe('sign-in links and sessions', () => {
  test('[P16] a link works once', () => {
    const { signIns: people } = signIns();
    const token = people.makeLink('ana');
    expect(people.redeem(token)?.session.person).toBe('ana');
    expect(people.redeem(token)).toBeUndefined();
  });

  test('[P16] a link of eleven minutes is worth nothing', async () => {
    const { signIns: people, clock } = signIns();
    const token = people.makeLink('ana');
    await clock.advance(11 * 60_000);
    expect(people.redeem(token)).toBeUndefined();
  });

  test('[P16] the cookie without the page key opens nothing, nor the key without the cookie, nor halves of two sessions', () => {
    const { signIns: people } = signIns();
    const [a, b] = [people.redeem(people.makeLink('ana')), people.redeem(people.makeLink('ben'))];
    if (!a || !b) throw new Error('both links are fresh');
    expect(people.find(a.reference, 'guess')).toBeUndefined();
    expect(people.find('guess', a.key)).toBeUndefined();
    expect(people.find(a.reference, b.key)).toBeUndefined();
    expect(people.find(a.reference, a.key)?.person).toBe('ana');
  });

  test('[P16] signing in ends the session the browser brought along (fixation)', () => {
    const { signIns: people } = signIns();
    const planted = people.redeem(people.makeLink('mallory'));
    if (!planted) throw new Error('the link is fresh');
    const own = people.redeem(people.makeLink('ana'), planted.reference);
    expect(own?.reference).not.toBe(planted.reference);
    expect(people.find(planted.reference, planted.key)).toBeUndefined();
  });

  test('a session ends when idle, at its absolute age, and at sign-out', async () => {
    const { idleMsMax, absoluteMsMax } = defaultSignInLimits;
    const { signIns: people, clock } = signIns();
    const open = () => people.redeem(people.makeLink('ana')) ?? expect.fail('the link is fresh');
    const idle = open();
    await clock.advance(idleMsMax + 1);
    expect(people.find(idle.reference, idle.key)).toBeUndefined();
    const busy = open();
    for (let passedMs = 0; passedMs <= absoluteMsMax - idleMsMax; passedMs += idleMsMax / 2) {
      await clock.advance(idleMsMax / 2);
      expect(people.find(busy.reference, busy.key)).toBeDefined();
    }
    await clock.advance(idleMsMax);
    expect(people.find(busy.reference, busy.key)).toBeUndefined();
    const left = open();
    let told = 0;
    people.onEnd(left.session, () => (told += 1));
    people.end(left.session);
    expect(people.find(left.reference, left.key)).toBeUndefined();
    expect(told).toBe(1);
  });

  test('after a decision the old reference works for ten seconds more and then never again', async () => {
    const { signIns: people, clock } = signIns();
    const { session, reference, key } = people.redeem(people.makeLink('ana')) ?? expect.fail('the link is fresh');
    const next = people.rotate(session);
    expect(next).not.toBe(reference);
    expect(people.find(reference, key)).toBe(session);
    await clock.advance(10_001);
    expect(people.find(reference, key)).toBeUndefined();
    expect(people.find(next, key)).toBe(session);
  });

  test('links and sessions are bounded: the oldest goes', () => {
    const { signIns: people } = signIns();
    const tokens = Array.from({ length: defaultSignInLimits.linksMax + 1 }, () => people.makeLink('ana'));
    expect(people.redeem(tokens[0] ?? '')).toBeUndefined();
    const first = people.redeem(tokens[1] ?? '') ?? expect.fail('the link is fresh');
    for (let opened = 0; opened < defaultSignInLimits.sessionsMax; opened += 1) people.redeem(people.makeLink('ana'));
    expect(people.find(first.reference, first.key)).toBeUndefined();
  });
});

describe('attempts', () => {
  test('[P16] the eleventh try within a minute is refused, whatever the order of times, and the window slides', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 80 }), (gapsMs) => {
        const attempts = new Attempts({ triesMax: 10, windowMs: 60_000, keysMax: 4 });
        const allowed: number[] = [];
        let nowMs = 0;
        for (const gapMs of gapsMs) {
          nowMs += gapMs;
          const recent = allowed.filter((atMs) => atMs > nowMs - 60_000).length;
          expect(attempts.allow('a', nowMs)).toBe(recent < 10);
          if (recent < 10) allowed.push(nowMs);
        }
      }),
      { verbose: 1 },
    );
  });

  test('a flood of keys does not make the old ones forgotten', () => {
    const attempts = new Attempts({ triesMax: 1, windowMs: 60_000, keysMax: 3 });
    expect(attempts.allow('a', 0)).toBe(true);
    for (let key = 0; key < 100; key += 1) attempts.allow(`flood ${key}`, 1);
    expect(attempts.allow('a', 2)).toBe(false);
    expect(attempts.allow('late', 60_001)).toBe(true);
  });
});
