import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SystemClock } from '@countersign/adapters/clock/system';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { SqliteEventLog } from '@countersign/adapters/event-log/sqlite';
import { RetriableError, type EventLog, type LedgerRecord, type StoredRecord, type TelemetryEvent } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy, openPolicy, type CompiledPolicy } from '@countersign/policy';
import { loadOrCreateKeys } from '@countersign/service';
import type { Decision, Topic, Verdict } from '@countersign/contracts';
import { afterEach, describe, expect, it } from 'vitest';
import { openEnrolments } from './enrolments.js';
import { startGate, type Gate } from './gate.js';
import { makeTapKey, TestingTap, type TapIdentity } from './testing-tap.js';

/** A ledger that can be held back and taken away: what the gate does meanwhile is the test. */
class SlowLedger extends MemoryEventLog {
  isAway = false;
  #held: (() => void)[] | undefined;

  hold(): void {
    this.#held = [];
  }

  release(): void {
    for (const go of this.#held?.splice(0) ?? []) go();
    this.#held = undefined;
  }

  override async append(topic: Topic, records: readonly LedgerRecord[]): Promise<void> {
    if (this.isAway) throw new RetriableError('the ledger is away; nothing was stored.');
    await new Promise<void>((resolve) => (this.#held === undefined ? resolve() : this.#held.push(resolve)));
    return super.append(topic, records);
  }
}

class PolicyInForce {
  #listeners = new Set<() => void>();
  constructor(public compiled: CompiledPolicy) {}
  current = (): CompiledPolicy => this.compiled;
  onChange = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
  use(compiled: CompiledPolicy): void {
    this.compiled = compiled;
    for (const listener of this.#listeners) listener();
  }
}

interface House<Log extends EventLog = SlowLedger> {
  readonly dir: string;
  readonly log: Log;
  readonly socketPath: string;
  readonly policy: PolicyInForce;
  readonly told: TelemetryEvent[];
  readonly sealPublicKey: string;
  gate: Gate;
  restart(): Promise<void>;
  tap(identity?: TapIdentity): TestingTap;
}

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function open(): Promise<House> {
  return openOver(new SlowLedger());
}

async function openOver<Log extends EventLog>(log: Log): Promise<House<Log>> {
  const dir = mkdtempSync(join(tmpdir(), 'countersign-gate-'));
  const { seal, grant } = loadOrCreateKeys(dir);
  const told: TelemetryEvent[] = [];
  const policy = new PolicyInForce(compilePolicy(defaultPolicy));
  const socketPath = join(dir, 'run', 'gate.sock');
  const taps: TestingTap[] = [];
  const start = (): Promise<Gate> =>
    startGate({
      eventLog: log, clock: new SystemClock(), telemetry: (event) => void told.push(event), socketPath, enrolments: openEnrolments(join(dir, 'gate', 'enrolled.json')),
      domain: 'office', policy, sealKeyPem: seal.privateKeyPem, sealPublicKey: seal.publicKey, grantPublicKey: grant.publicKey,
    });
  const house: House<Log> = {
    dir, log, socketPath, policy, told, sealPublicKey: seal.publicKey,
    gate: await start(),
    async restart() {
      await house.gate.stop();
      house.gate = await start();
    },
    tap(identity) {
      const tap = new TestingTap(socketPath, identity);
      taps.push(tap);
      return tap;
    },
  };
  cleanUps.push(async () => {
    for (const { socket } of taps) socket.destroy();
    await house.gate.stop();
    await log.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return house;
}

async function read(log: EventLog, topic: Topic, count: number): Promise<readonly StoredRecord[]> {
  const seen: StoredRecord[] = [];
  let done = (): void => undefined;
  const isDone = new Promise<void>((resolve) => (done = resolve));
  const subscription = await log.follow(topic, { group: `test-${Math.random()}` }, async (batch) => {
    seen.push(...batch);
    if (seen.length >= count) done();
  });
  await isDone;
  await subscription.stop();
  return seen;
}

describe('enrolment', () => {
  it('welcomes a tap that signs the challenge, enrols its key, and keeps it over a restart', async () => {
    const house = await open();
    const key = makeTapKey();
    const tap = house.tap({ key });
    await tap.enter();
    expect(house.gate.connections()).toEqual([{ tapId: 'tap-a', epoch: 1, server: 'files', agent: { name: 'clerk', role: 'office' }, version: '0.1.0' }]);
    expect(JSON.parse(readFileSync(join(house.dir, 'gate', 'enrolled.json'), 'utf8'))).toEqual({ v: 1, keys: { 'tap-a': key.publicKey } });
    await house.restart();
    await house.tap({ key, epoch: 2 }).enter();
    const stranger = house.tap();
    await stranger.hello();
    expect((await stranger.next('refused')).reason).toContain('enrolled with another key');
  });

  it('[P15] refuses a wrong signature, a key that is none, and a signature by another key', async () => {
    const house = await open();
    const other = makeTapKey();
    for (const overrides of [{ signature: 'AAAA' }, { publicKey: 'not a key' }, { publicKey: other.publicKey }]) {
      const tap = house.tap();
      await tap.hello(overrides);
      expect((await tap.next('refused')).reason).toContain('not signed for this connection');
      await tap.isClosed;
    }
    expect(house.gate.connections()).toEqual([]);
    expect(house.told.filter(({ event }) => event === 'EnrolmentRefused').map(({ fields }) => fields?.['reason'])).toEqual(['signature', 'signature', 'signature']);
  });

  it('[P15] refuses a hello signed for another connection’s nonce', async () => {
    const house = await open();
    const key = makeTapKey();
    const first = house.tap({ key });
    const { nonce } = await first.next('challenge');
    const second = house.tap({ key });
    await second.hello({ nonce });
    expect((await second.next('refused')).reason).toContain('not signed for this connection');
  });

  it('refuses a second hello on one connection, and observations before the first', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    tap.write({ type: 'hello', tapId: 'tap-b', epoch: 1, server: 'files', agent: { name: 'clerk', role: 'office' }, publicKey: tap.key.publicKey, signature: 'AAAA', version: '1' });
    expect((await tap.next('refused')).reason).toContain('already said hello');
    const eager = house.tap();
    eager.report(eager.observation(0));
    expect((await eager.next('refused')).reason).toContain('must be a signed hello');
    expect(await countOf(house.log)).toBe(0);
  });

  it('serves the newest connection of a tap and ends the older one', async () => {
    const house = await open();
    const key = makeTapKey();
    const older = house.tap({ key });
    await older.enter();
    const newer = house.tap({ key, epoch: 2 });
    await newer.enter();
    expect((await older.next('refused')).reason).toContain('connected again');
    await older.isClosed;
    expect(house.gate.connections().map(({ epoch }) => epoch)).toEqual([2]);
  });

  it('does not start over enrolments it cannot read', async () => {
    const house = await open();
    const file = join(house.dir, 'broken.json');
    writeFileSync(file, '{"v":1,"keys":');
    expect(() => openEnrolments(file)).toThrow('cannot be read');
    expect(readFileSync(file, 'utf8')).toBe('{"v":1,"keys":');
  });
});

describe('observations', () => {
  it('acknowledges only after the ledger has the records', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    house.log.hold();
    tap.report(tap.observation(0), tap.observation(1));
    // A second tap's whole welcome passes meanwhile: time enough for an early acknowledgement to arrive.
    await house.tap({ tapId: 'tap-b' }).enter();
    expect(tap.unread).toEqual([]);
    house.log.release();
    expect(await tap.next('acked')).toEqual({ type: 'acked', epoch: 1, seq: 1 });
    expect((await read(house.log, 'observations', 2)).map(({ id }) => id)).toEqual(['tap-a/1/0', 'tap-a/1/1']);
  });

  it('[P3] keeps trying while the ledger is away, and acknowledges when it is back', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    house.log.isAway = true;
    tap.report(tap.observation(0));
    while (!house.told.some(({ event }) => event === 'BatchRetried')) await new Promise((resolve) => setImmediate(resolve));
    house.log.isAway = false;
    expect(await tap.next('acked')).toMatchObject({ seq: 0 });
  });

  it('writes its own domain into every record and keys it so, whatever the payload says', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    const right = { ...tap.observation(0), domain: 'office' };
    tap.report(right, tap.observation(1, { domain: 'the-boss' }));
    await tap.next('acked');
    const stored = await read(house.log, 'observations', 2);
    expect(stored.map(({ key, value }) => [key, (JSON.parse(value) as { domain: string }).domain])).toEqual([['office', 'office'], ['office', 'office']]);
    expect(stored[0]?.value).toBe(JSON.stringify(right));
  });

  it('[P2] a tap killed before its acknowledgement sends again after it reconnects, and the ledger has each record once', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'countersign-gate-ledger-'));
    cleanUps.push(() => rmSync(dir, { recursive: true, force: true }));
    const house = await openOver(SqliteEventLog.open(join(dir, 'ledger.db')));
    const key = makeTapKey();
    const ids = Array.from({ length: 30 }, (_, seq) => `tap-a/1/${seq}`);
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const tap = house.tap({ key });
      await tap.enter();
      for (let seq = 0; seq < 30; seq += 3) tap.report(tap.observation(seq), tap.observation(seq + 1), tap.observation(seq + 2));
      // The first two die with acknowledgements outstanding.
      if (attempt < 2) {
        await tap.next('acked');
        tap.socket.destroy();
        await tap.isClosed;
        continue;
      }
      while ((await tap.next('acked')).seq < 29);
    }
    expect((await read(house.log, 'observations', 30)).map(({ id }) => id)).toEqual(ids);
  });

  it('[P8] sets unreadable, foreign and oversized records aside, acknowledges past them, and takes their neighbours', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    const foreign = { ...tap.observation(3), tapId: 'tap-z', id: 'tap-z/1/3' };
    const oversized = { ...tap.observation(4), note: { text: 'x'.repeat(1_200_000) } };
    const misnamed = { ...tap.observation(5), id: 'tap-a/1/999' };
    tap.report('{"seq": 0, "v": 1}', tap.observation(1), '{"torn', foreign, oversized, misnamed, { ...tap.observation(6), v: 2 } as never);
    expect(await tap.next('acked')).toEqual({ type: 'acked', epoch: 1, seq: 6 });
    expect((await read(house.log, 'observations', 1)).map(({ id }) => id)).toEqual(['tap-a/1/1']);
    const letters = (await read(house.log, 'dead-letters', 6)).map(({ value }) => JSON.parse(value) as { recordId: string; errorClass: string; raw: string });
    expect(letters.map(({ recordId, errorClass }) => [recordId, errorClass])).toEqual([
      ['tap-a/1/0', 'schema'], ['tap-a/1/2', 'unparsable'], ['tap-a/1/3', 'schema'], ['tap-a/1/4', 'over-limit'], ['tap-a/1/5', 'schema'], ['tap-a/1/6', 'unknown-version'],
    ]);
    expect(letters[1]?.raw).toBe('{"torn');
    expect(house.told.filter(({ event }) => event === 'RecordDeadLettered')).toHaveLength(6);
    tap.report(tap.observation(7));
    expect(await tap.next('acked')).toMatchObject({ seq: 7 });
  });

  it('acknowledges a frame of nothing but garbage at the place its forerunners left it', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    tap.report(tap.observation(10));
    tap.report('not json', 'nor this');
    expect([(await tap.next('acked')).seq, (await tap.next('acked')).seq]).toEqual([10, 12]);
  });

  it('keeps a tap’s order, takes what follows a gap, and sets aside what comes too late', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    tap.report(tap.observation(0), tap.observation(5), tap.observation(3));
    // Not beyond what it sent: the tap trims its spool up to here.
    expect((await tap.next('acked')).seq).toBe(5);
    expect((await read(house.log, 'observations', 2)).map(({ id }) => id)).toEqual(['tap-a/1/0', 'tap-a/1/5']);
    expect(await read(house.log, 'dead-letters', 1)).toHaveLength(1);
  });
});

describe('strange peers', () => {
  it('[P8] turns away a line that is no frame, and serves the next connection', async () => {
    const house = await open();
    const key = makeTapKey();
    for (const garbage of ['\u0000\u0001 not json', '[]', '{"type":"unheard-of"}', '{"type":"observations","epoch":"one","records":[]}', '']) {
      const tap = house.tap({ key });
      await tap.enter();
      tap.socket.write(`${garbage}\n`);
      expect((await tap.next('refused')).reason).toContain('not a frame');
      await tap.isClosed;
    }
    await house.tap({ key }).enter();
  });

  it('[P7] refuses a frame over 4 MiB while it is still coming, and a stranger’s over 64 KiB', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    tap.socket.write('x'.repeat(4 * 1024 * 1024 + 1));
    expect((await tap.next('refused')).reason).toContain('longer than 4194304 bytes');
    const stranger = house.tap({ tapId: 'tap-b' });
    stranger.socket.write('x'.repeat(64 * 1024 + 1));
    expect((await stranger.next('refused')).reason).toContain('longer than 65536 bytes');
  });

  it('[P7] refuses a frame of more records than it may hold', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    tap.report(...Array.from({ length: 10_001 }, () => '{}'));
    expect((await tap.next('refused')).reason).toContain('at most 10000 records');
    expect(await countOf(house.log)).toBe(0);
  });

  it('takes the largest frame it allows', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    const records = Array.from({ length: 5 }, (_, seq) => tap.observation(seq, { note: { text: 'x'.repeat(800_000) } }));
    tap.report(...records);
    expect((await tap.next('acked')).seq).toBe(4);
  });

  it('gives its socket and its directory to this user alone', async () => {
    const house = await open();
    expect(statSync(house.socketPath).mode & 0o777).toBe(0o600);
    expect(statSync(join(house.dir, 'run')).mode & 0o777).toBe(0o700);
  });

  it('replaces a socket nobody answers, and leaves alone one that is answered and a file that is none', async () => {
    const house = await open();
    await expect(house.restart()).resolves.toBeUndefined();
    const options = { eventLog: house.log, clock: new SystemClock(), telemetry: () => undefined, enrolments: openEnrolments(join(house.dir, 'e.json')), domain: 'office', policy: house.policy, sealKeyPem: loadOrCreateKeys(house.dir).seal.privateKeyPem, sealPublicKey: '', grantPublicKey: '' };
    await expect(startGate({ ...options, socketPath: house.socketPath })).rejects.toMatchObject({ name: 'GateTaken' });
    await house.tap().enter();
    const file = join(house.dir, 'run', 'notes.txt');
    writeFileSync(file, 'mine');
    await expect(startGate({ ...options, socketPath: file })).rejects.toThrow('is not a socket');
    expect(readFileSync(file, 'utf8')).toBe('mine');
    const stale = join(house.dir, 'run', 'stale.sock');
    await leaveStaleSocket(stale);
    const gate = await startGate({ ...options, socketPath: stale });
    await gate.stop();
  });
});

describe('what the gate pushes', () => {
  const now = (): string => new Date().toISOString();
  const verdict = (tapId: string, n: number, at = now()): Verdict => ({
    v: 1, id: `${tapId}/1/${n}/verdict`, observationId: `${tapId}/1/${n}`, domain: 'office', tapId, epoch: 1, callId: `call-${n}`, phase: 'request', agent: { name: 'clerk', role: 'office' }, session: 's-1',
    server: 'files', tool: 'write', impact: 'write', tier: 'medium', kind: 'allow', mode: 'enforce', reasons: [], findingIds: [], missing: [], policyVersion: 'p', actionDigest: 'd', at, waitedMs: 1,
  });
  const append = (log: EventLog, record: Verdict | Decision, key = 'office'): Promise<void> => log.append('kind' in record && 'outcome' in record ? 'decisions' : 'verdicts', [{ id: record.id, key, value: JSON.stringify(record) }]);

  it('pushes a verdict and a decision to the tap they are for, and to no other', async () => {
    const house = await open();
    const [tap, other] = [house.tap(), house.tap({ tapId: 'tap-b' })];
    await tap.enter();
    await other.enter();
    const decision: Decision = { v: 1, id: 'dec-1', kind: 'approval', domain: 'office', at: now(), by: 'pat', via: 'console', outcome: 'approved', tapId: 'tap-a', callId: 'call-2', grant: 'signed' };
    const allowed = verdict('tap-a', 1);
    await append(house.log, allowed);
    await append(house.log, decision);
    await append(house.log, verdict('tap-b', 9));
    expect((await tap.next('verdict')).verdict).toEqual(allowed);
    expect((await tap.next('decision')).decision).toEqual(decision);
    expect((await other.next('verdict')).verdict.callId).toBe('call-9');
    expect(other.unread).toEqual([]);
  });

  it('tells a tap that was away for a moment what it missed, also when the gate itself was restarted', async () => {
    const house = await open();
    const key = makeTapKey();
    await append(house.log, verdict('tap-a', 1));
    await append(house.log, verdict('tap-a', 2, new Date(Date.now() - 3_600_000).toISOString()));
    await append(house.log, verdict('tap-a', 3));
    await house.restart();
    const tap = house.tap({ key });
    await tap.enter();
    expect([(await tap.next('verdict')).verdict.callId, (await tap.next('verdict')).verdict.callId]).toEqual(['call-1', 'call-3']);
  });

  it('pushes nothing of another domain, and passes over a record it cannot read', async () => {
    const house = await open();
    const tap = house.tap();
    await tap.enter();
    await append(house.log, verdict('tap-a', 1), 'another-domain');
    await house.log.append('verdicts', [{ id: 'broken', key: 'office', value: '{"v":1}' }]);
    await append(house.log, verdict('tap-a', 2));
    expect((await tap.next('verdict')).verdict.callId).toBe('call-2');
    expect(house.told).toContainEqual(expect.objectContaining({ event: 'NewsUnreadable', level: 'error' }));
  });

  it('pushes the policy sealed, at connect and at each change', async () => {
    const house = await open();
    const tap = house.tap();
    const first = await tap.enter();
    expect(first.sealKey).toBe(house.sealPublicKey);
    expect(openPolicy(first.sealed, house.sealPublicKey)).toMatchObject({ ok: true, policy: { mode: defaultPolicy.mode } });
    expect(openPolicy(first.sealed, makeTapKey().publicKey)).toMatchObject({ ok: false });
    house.policy.use(compilePolicy({ ...defaultPolicy, version: 'next', mode: 'observe' }));
    const second = openPolicy((await tap.next('policy')).sealed, house.sealPublicKey);
    expect(second).toMatchObject({ ok: true, policy: { version: 'next', mode: 'observe' } });
  });
});

async function countOf(log: EventLog): Promise<number> {
  await log.append('observations', [{ id: 'last', key: 'office', value: '{}' }]);
  return (await read(log, 'observations', 1)).length - 1;
}

/** A socket file whose owner is gone: bound in this process, its file kept by a hard link while the listener is closed. */
async function leaveStaleSocket(path: string): Promise<void> {
  const { linkSync } = await import('node:fs');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(`${path}.alive`, resolve));
  linkSync(`${path}.alive`, path);
  await new Promise((resolve) => server.close(resolve));
}
