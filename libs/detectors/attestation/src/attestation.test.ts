import { createHmac, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { Decision, FindingDraft, Observation } from '@countersign/contracts';
import { canonicalJson, compilePolicy, defaultPolicy, rawPublicKeyOf, type Policy } from '@countersign/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAttestation } from './detector.js';
import { payloadType, signStatement, verifyEnvelope } from './envelope.js';
import { claimNonce, emptyMemory, noncesMax } from './memory.js';
import { makeStatement, promptDigest, stateHash, type AgentState, type Freshness } from './statement.js';

const t0 = Date.parse('2026-01-05T10:00:00.000Z');
const hour = 3_600_000;
const hex = (seed: string) => seed.repeat(64).slice(0, 64);
const state: AgentState = {
  agent: 'support', aud: 'local', modelManifestDigest: hex('a'), systemPrompt: promptDigest('You help customers.', 'key'),
  toolset: [hex('2'), hex('1')], config: hex('c'), runtimeImage: 'sha256:feed', level: 1,
};
const newKey = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const key = newKey();
const fresh = (more: Partial<Freshness> = {}): Freshness => ({ nonce: randomBytes(16).toString('hex'), iat: t0, exp: t0 + hour, ...more });
const envelope = (more: Partial<AgentState> = {}, when: Partial<Freshness> = {}, by = key) => signStatement(makeStatement({ ...state, ...more }, fresh(when)), by);

let seq = 0;
function call(attestation: string | undefined, more: Partial<Observation> = {}): Observation {
  seq += 1;
  return {
    v: 1, id: `tap/1/${seq}`, kind: 'message', domain: 'local', tapId: 'tap', epoch: 1, seq, at: new Date(t0 + 1000 + seq).toISOString(), monotonicUs: seq,
    agent: { name: 'support', role: 'support' }, server: 'mail', session: 's1', sessionRule: 'task', transport: 'stdio', era: 'modern', direction: 'client-to-server',
    message: { shape: 'request', method: 'tools/call', bytes: 10, digest: hex('d'), flags: [], payload: { name: 'send', arguments: {} } },
    call: { callId: 'c', phase: 'request', tool: 'send', impact: 'egress', tier: 'high', tierRule: 'r', policyVersion: 'p', actionDigest: hex('e'), waits: true, deadlineMs: 100 },
    ...(attestation !== undefined && { metadata: { attestation } }),
    ...more,
  };
}

function room(attestation: Partial<Policy['attestation']> = {}) {
  const compiled = compilePolicy({ ...defaultPolicy, attestation: { ...defaultPolicy.attestation, ...attestation } });
  const detector = createAttestation({ policy: () => compiled });
  let memory = detector.empty();
  return {
    detector,
    see(observation: Observation): FindingDraft {
      const detection = detector.detect(observation, memory);
      if (detection instanceof Promise) throw new Error('the attestation detector answers at once');
      memory = detection.memory;
      const [first] = detection.findings;
      if (first === undefined) throw new Error('an observation with a call is always answered');
      return first;
    },
    decide(decision: Partial<Decision>) {
      memory = detector.decide?.({ v: 1, id: 'd', kind: 'state-registered', domain: 'local', at: '', by: 'ada', via: 'console', outcome: 'recorded', ...decision }, memory) ?? memory;
    },
    reload() {
      memory = detector.restore(detector.snapshot(memory));
    },
  };
}

describe('the statement', () => {
  it('has a state hash that freshness does not move and any digest moves', () => {
    const base = stateHash(makeStatement(state, fresh()));
    expect(stateHash(makeStatement({ ...state, toolset: [...state.toolset].reverse() }, fresh({ prev: base })))).toBe(base);
    for (const change of [{ modelManifestDigest: hex('b') }, { systemPrompt: promptDigest('Exfiltrate.', 'key') }, { toolset: [hex('1')] }, { config: hex('f') }, { runtimeImage: 'x' }, { level: 0 as const }]) {
      expect(stateHash(makeStatement({ ...state, ...change }, fresh()))).not.toBe(base);
    }
  });
  it('cannot be made to live longer than a day', () => {
    expect(() => makeStatement(state, fresh({ exp: t0 + 25 * hour }))).toThrow(/24 hours/);
  });
});

describe('[P15] forgery and replay are refused, each with its reason', () => {
  const good = envelope();
  const at = { keys: {}, nowMs: t0 + 1000, agent: 'support', aud: 'local' };
  const edit = (change: (value: { payload: string; payloadType: string; signatures: { keyid: string; sig: string }[] } & Record<string, unknown>) => void) => {
    const value = JSON.parse(good);
    change(value);
    return JSON.stringify(value);
  };
  const signature = (value: { signatures: { keyid: string; sig: string }[] }) => value.signatures[0] ?? { keyid: '', sig: '' };
  const reencode = (text: string) => Buffer.from(text).toString('base64');
  const hs256 = () => {
    const payload = Buffer.from(canonicalJson(makeStatement(state, fresh())));
    const pre = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
    const mac = createHmac('sha256', Buffer.from(rawPublicKeyOf(key), 'base64url')).update(pre).digest('base64');
    return JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures: [{ keyid: rawPublicKeyOf(key), sig: mac }] });
  };
  it('verifies the untouched envelope', () => {
    expect(verifyEnvelope(good, at)).toMatchObject({ ok: true, levelVerified: 0, publicKey: rawPublicKeyOf(key) });
  });
  const cases: [string, string, string, Partial<typeof at>?][] = [
    ['an envelope that names an algorithm', edit((v) => void (v['alg'] = 'none')), 'malformed'],
    ['a signature that names an algorithm', edit((v) => Object.assign(signature(v), { alg: 'none' })), 'malformed'],
    ['a JWT with alg none', 'eyJhbGciOiJub25lIn0.e30.', 'malformed'],
    ['an HMAC keyed with the public key', hs256(), 'bad-signature'],
    ['a cut signature', edit((v) => void (signature(v).sig = Buffer.from(signature(v).sig, 'base64').subarray(0, 63).toString('base64'))), 'bad-signature'],
    ['no signature', edit((v) => void (v.signatures = [])), 'malformed'],
    ['two signatures', edit((v) => void v.signatures.push(signature(v))), 'malformed'],
    ['another payload under the same signature', edit((v) => void (v.payload = reencode(Buffer.from(v.payload, 'base64').toString().replace('local', 'other')))), 'bad-signature'],
    ['another payload type', edit((v) => void (v.payloadType = 'application/vnd.countersign.verdict+json')), 'malformed'],
    ['base64 in another spelling', edit((v) => void (v.payload = v.payload.replace(/=*$/, '\n'))), 'not-canonical'],
    ['a wrong audience', envelope({ aud: 'elsewhere' }), 'other-audience'],
    ['another agent', envelope({ agent: 'courier' }), 'other-agent'],
    ['an unknown key', good, 'unknown-key', { keys: { ci: rawPublicKeyOf(newKey()) } }],
    ['a key that is no key', edit((v) => void (signature(v).keyid = 'x')), 'unknown-key'],
    ['an expired statement', good, 'expired', { nowMs: t0 + 2 * hour }],
    ['a statement of the future', good, 'not-yet-valid', { nowMs: t0 - 2 * hour }],
    ['an unreadable time', good, 'expired', { nowMs: Number.NaN }],
    ['nothing', '', 'malformed'],
    ['too much', '{'.repeat(20_000), 'too-long'],
  ];
  for (const [name, text, code, more] of cases) {
    it(`${name}: ${code}`, () => {
      expect(verifyEnvelope(text, { ...at, ...more })).toMatchObject({ ok: false, code });
    });
  }
  it('a payload that is signed but not in canonical form', () => {
    const value = makeStatement(state, fresh());
    const pretty = signRaw(JSON.stringify(value, null, 1));
    expect(verifyEnvelope(pretty, at)).toMatchObject({ ok: false, code: 'not-canonical' });
    expect(verifyEnvelope(signRaw(canonicalJson({ ...value, extra: 1 })), at)).toMatchObject({ ok: false, code: 'malformed' });
  });
  it('any single changed character of a good envelope', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (index, character) => {
        const other = good.slice(0, index) + character + good.slice(index + 1);
        fc.pre(other !== good);
        expect(verifyEnvelope(other, at).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
  it('any text at all, without an exception', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => !verifyEnvelope(text, at).ok));
  });
  it('the same statement in another session', () => {
    const { see } = room();
    const text = envelope();
    expect(see(call(text)).kind).toBe('attested');
    expect(see(call(text)).kind).toBe('attested');
    expect(see(call(text, { session: 's2' }))).toMatchObject({ kind: 'attestation-invalid', gate: 'deny', sentence: expect.stringContaining('already used') });
  });
  it('a replay whose nonce was forgotten', () => {
    const memory = emptyMemory();
    for (let n = 0; n <= noncesMax; n += 1) claimNonce(memory, { nonce: `n${n}`, shownTo: 'mail', session: 's', iat: t0 + n });
    expect(claimNonce(memory, { nonce: 'n0', shownTo: 'mail', session: 'other', iat: t0 })).toBe(false);
    expect(memory.nonces.size).toBe(noncesMax);
  });
});

describe('the agent over time', () => {
  it('the same credentials with other weights and prompt are denied at the first call, and stay so', () => {
    const { see, reload } = room();
    expect(see(call(envelope())).kind).toBe('attested');
    const swapped = envelope({ modelManifestDigest: hex('b'), systemPrompt: hex('9') });
    expect(see(call(swapped, { session: 's2' }))).toMatchObject({ kind: 'attestation-changed', severity: 'critical', gate: 'deny' });
    reload();
    expect(see(call(undefined, { session: 's2' })).kind).toBe('attestation-changed');
    expect(see(call(envelope(), { session: 's3' })).kind).toBe('attested');
  });
  it('a registered change is accepted, also in the session that waited for it', () => {
    const { see, decide } = room();
    see(call(envelope()));
    const next = envelope({ config: hex('7') });
    const held = see(call(next, { session: 's2' }));
    decide({ subject: 'support', subjectDigest: held.evidence?.[0]?.note ?? '' });
    expect(see(call(next, { session: 's2' })).kind).toBe('attested');
  });
  it('a denied registration changes nothing', () => {
    const { see, decide } = room();
    see(call(envelope()));
    const next = envelope({ config: hex('7') });
    decide({ outcome: 'denied', subject: 'support', subjectDigest: see(call(next, { session: 's2' })).evidence?.[0]?.note ?? '' });
    expect(see(call(next, { session: 's2' })).kind).toBe('attestation-changed');
  });
  it('later calls may carry 32 digits of the state hash instead', () => {
    const { see } = room();
    const hash = see(call(envelope())).evidence?.[0]?.note ?? '';
    expect(see(call(hash.slice(0, 32)))).toMatchObject({ kind: 'attested', features: { byReference: 1 } });
    expect(see(call(hex('0').slice(0, 32))).kind).toBe('attestation-invalid');
    expect(see(call(hash.slice(0, 32), { session: 's9', at: new Date(t0 + 2 * hour).toISOString() })).sentence).toContain('expired');
  });
  it('two attestations at once are a conflict', () => {
    const { see } = room();
    expect(see(call(`${envelope()}\n${envelope()}`))).toMatchObject({ kind: 'attestation-conflict', gate: 'deny' });
  });
  it('an absent attestation is shown, and shown louder when the agent used to attest', () => {
    const { see } = room();
    expect(see(call(undefined))).toMatchObject({ kind: 'attestation-absent', severity: 'info' });
    see(call(envelope()));
    const quiet = see(call(undefined, { session: 's2' }));
    expect(quiet).toMatchObject({ kind: 'attestation-absent', severity: 'medium' });
    expect(quiet.gate).toBeUndefined();
  });
  it('another key does not speak for a pinned agent', () => {
    const { see } = room();
    see(call(envelope()));
    expect(see(call(envelope({}, {}, newKey()), { session: 's2' })).kind).toBe('attestation-invalid');
  });
  it('with registered keys and no first use, only a registered state passes, and the level is shown as verified', () => {
    const { see, decide } = room({ firstUse: 'refuse', keys: { ci: rawPublicKeyOf(key) } });
    const text = envelope({ level: 3 });
    const refused = see(call(text));
    expect(refused).toMatchObject({ kind: 'attestation-invalid', sentence: expect.stringContaining('without registration') });
    decide({ subject: 'support', subjectDigest: refused.evidence?.[0]?.note ?? '' });
    expect(see(call(text))).toMatchObject({ kind: 'attested', features: { levelVerified: 1, levelClaimed: 3 } });
  });
  it('answers results with nothing and never throws', () => {
    const { detector } = room();
    expect(detector.detect(call(undefined, { direction: 'server-to-client' }), detector.empty())).toMatchObject({ findings: [{ kind: 'nothing' }] });
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (attestation, name) => {
        const found = detector.detect(call(attestation, { agent: { name, role: 'r' }, at: 'not a time' }), detector.empty());
        expect(found).toHaveProperty('findings.length', 1);
      }),
    );
  });
  it('refuses a snapshot of another format', () => {
    expect(() => room().detector.restore('{"format":"older"}')).toThrow(/empty memory/);
  });
});

/** Signs whatever text it is given, as a careless issuer would. */
function signRaw(text: string): string {
  const payload = Buffer.from(text);
  const pre = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
  return JSON.stringify({ payloadType, payload: payload.toString('base64'), signatures: [{ keyid: rawPublicKeyOf(key), sig: signBytes(pre) }] });
}

function signBytes(bytes: Buffer): string {
  return sign(null, bytes, createPrivateKey(key)).toString('base64');
}
