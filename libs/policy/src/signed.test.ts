import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson } from './canonical-json.js';
import { defaultPolicy } from './default-policy.js';
import { globMatches } from './glob.js';
import { openGrant, signGrant, type GrantBody } from './grant.js';
import { openPolicy, sealPolicy } from './seal.js';
import { rawPublicKeyOf, signObject } from './signed.js';

const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const key = newKey();
const publicKey = rawPublicKeyOf(key);
const body: GrantBody = {
  typ: 'grant', aud: 'tap-0', callId: 'c'.repeat(32), actionDigest: 'a'.repeat(64), displayDigest: 'd'.repeat(64),
  outcome: 'approved', approvers: ['ana'], iat: 1, exp: 2, nonce: 'n'.repeat(32),
};

describe('grants and seals', () => {
  it('[A4] a grant opens to exactly what was signed', () => {
    expect(openGrant(signGrant(key, body), publicKey)).toEqual({ ok: true, body });
  });

  it('[P5] no single changed character of a grant opens', () => {
    const grant = signGrant(key, body);
    fc.assert(
      fc.property(fc.nat(grant.length - 1), fc.constantFrom('A', 'z', '9', '.', '_'), (at, character) => {
        const changed = grant.slice(0, at) + character + grant.slice(at + 1);
        const opened = openGrant(changed, publicKey);
        // The last base64url character of a part carries unused bits, so another spelling can stand for the same bytes.
        return changed === grant || !opened.ok || canonicalJson(opened.body) === canonicalJson(body);
      }),
      { seed: 20260101, numRuns: 500, verbose: 1 },
    );
  });

  const refused: readonly (readonly [sentence: string, grant: string, reason: RegExp])[] = [
    ['another key', signGrant(newKey(), body), /signature/],
    ['a sealed policy in place of a grant', sealPolicy(defaultPolicy, key, 1), /not a grant/],
    ['a grant without approvers', signGrant(key, { ...body, approvers: [] }), /field/],
    ['a grant that denies', signObject(key, { ...body, outcome: 'denied' } as never), /field/],
    ['an unsigned body', `cs1.${Buffer.from(JSON.stringify(body)).toString('base64url')}.`, /signature/],
    ['another envelope', 'eyJhbGciOiJub25lIn0.e30.', /three parts/],
    ['nothing', '', /three parts/],
    ['a list', signObject(key, [] as never), /object/],
  ];
  it.each(refused)('refuses %s', (_sentence, grant, reason) => {
    const opened = openGrant(grant, publicKey);
    expect(opened.ok ? 'opened' : opened.reason).toMatch(reason);
  });

  it('refuses a key that is no key', () => {
    expect(openGrant(signGrant(key, body), 'short').ok).toBe(false);
  });

  it('a sealed policy opens with its time, and not when its rules cannot be compiled', () => {
    expect(openPolicy(sealPolicy(defaultPolicy, key, 42), publicKey)).toEqual({ ok: true, policy: defaultPolicy, sealedAtMs: 42 });
    const newer = { ...defaultPolicy, rules: [{ name: 'x', when: 'tomorrow(tool)', tier: 'low' as const }] };
    expect(openPolicy(sealPolicy(newer, key, 42), publicKey)).toMatchObject({ ok: false });
    expect(openPolicy(sealPolicy(defaultPolicy, newKey(), 42), publicKey)).toMatchObject({ ok: false });
    expect(openPolicy(signObject(key, { typ: 'policy', iat: 1, policy: { rules: 7 } } as never), publicKey)).toMatchObject({ ok: false });
  });
});

describe('canonicalJson', () => {
  it('says the same whatever order members were written in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        return canonicalJson(value) === canonicalJson(reversed) && canonicalJson(JSON.parse(canonicalJson(value))) === canonicalJson(value);
      }),
      { seed: 20260102, verbose: 1 },
    );
  });

  it('writes the published example of RFC 8785', () => {
    expect(canonicalJson({ numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 1e-27], string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/', literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('refuses what JSON cannot say', () => {
    expect(() => canonicalJson(Number.NaN)).toThrow(TypeError);
    expect(() => canonicalJson([undefined])).toThrow(TypeError);
  });
});

describe('globMatches', () => {
  it('agrees with a regular expression on every small glob', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab*]{0,6}$/), fc.stringMatching(/^[ab]{0,8}$/), (glob, text) => {
        return globMatches(glob, text) === new RegExp(`^${glob.replaceAll('*', '.*')}$`).test(text);
      }),
      { seed: 20260103, numRuns: 2_000, verbose: 1 },
    );
  });

  it('treats everything but the star as itself, and ignores case', () => {
    expect(globMatches('*@Example.com', 'ana@example.COM')).toBe(true);
    expect(globMatches('*@example.com', 'ana@exampleXcom')).toBe(false);
    expect(globMatches('[a]+?', '[a]+?')).toBe(true);
  });
});
