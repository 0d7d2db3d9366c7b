/** The approval path on real adapters: processor, desk, store and ledger together, time moved by the test. */
import { generateKeyPairSync } from 'node:crypto';
import { ApprovalDesk, createApprove, type Approval } from '@countersign/approval';
import type { Decision, Finding, Observation, Topic, Verdict } from '@countersign/contracts';
import { silentTelemetry, type EventLog, type Output, type Processor, type StoredRecord, type TelemetryEvent } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy, openGrant, rawPublicKeyOf, signGrant, type CompiledPolicy } from '@countersign/policy/runtime';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededClock } from '../clock/seeded.js';
import { MemoryEventLog } from '../event-log/memory.js';
import { SqliteApprovalStore } from './sqlite.js';

const key = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const deadlineMs = 60_000;

/** Ledger and processor, with the processor's host reduced to: hand over, append, hand the appended decisions back. */
class Bench {
  readonly clock = new SeededClock({ seed: 7 });
  readonly eventLog: EventLog = new MemoryEventLog({ clock: this.clock });
  store = SqliteApprovalStore.open(':memory:');
  readonly decisions: Decision[] = [];
  policy: CompiledPolicy = compilePolicy(defaultPolicy);
  desk = this.#openDesk();
  readonly told: TelemetryEvent[] = [];
  approve: Processor = createApprove({ store: this.store, telemetry: (event) => void this.told.push(event) });
  #offset = 0;
  #read = 0;

  #openDesk() {
    return new ApprovalDesk({ store: this.store, eventLog: this.eventLog, signGrant: (body) => signGrant(key, body), policy: () => this.policy, clock: this.clock });
  }

  async follow(): Promise<void> {
    await this.eventLog.follow('decisions', { group: 'test' }, (batch) => {
      this.decisions.push(...batch.map((record) => JSON.parse(record.value) as Decision));
      return Promise.resolve();
    });
  }

  async give(topic: Topic, record: { readonly id: string }): Promise<void> {
    this.#offset += 1;
    const stored: StoredRecord = { topic, partition: 0, offset: this.#offset, id: record.id, key: 'd', value: JSON.stringify(record) };
    await this.#write(await this.approve.handle(stored, this.clock.wallMs()));
  }

  async tick(): Promise<void> {
    await this.#write((await this.approve.tick?.(this.clock.wallMs())) ?? []);
  }

  /** Lets the processor read what the ledger holds and it has not seen. */
  async catchUp(): Promise<void> {
    await this.clock.advance(20);
    while (this.#read < this.decisions.length) {
      const decision = this.decisions[this.#read];
      this.#read += 1;
      if (decision !== undefined) await this.give('decisions', decision);
    }
  }

  restart(store = this.store): void {
    const state = this.approve.snapshot?.() ?? '';
    this.approve = createApprove({ store, telemetry: (event) => void this.told.push(event) });
    this.approve.restore?.(state);
  }

  async #write(outputs: readonly Output[]): Promise<void> {
    if (outputs.length > 0) await this.eventLog.append('decisions', outputs.map(({ id, key: domain, value }) => ({ id, key: domain, value })));
  }

  turn(seq: number): Observation {
    return {
      v: 1, id: `tap/1/${seq}`, kind: 'message', domain: 'd', tapId: 'tap', epoch: 1, seq, at: this.now(), monotonicUs: 0, agent: { name: 'bot', role: 'clerk' }, server: 'mail', session: 's',
      sessionRule: 'process', transport: 'stdio', era: 'modern', direction: 'client-to-server',
    };
  }

  call(seq = 1, args: unknown = { to: 'ana@example.com' }): Observation {
    return {
      ...this.turn(seq),
      message: { shape: 'request', method: 'tools/call', rpcId: '1', bytes: 9, digest: 'e'.repeat(64), flags: [], ...(args === null ? {} : { payload: { name: 'send', arguments: args } }) },
      call: { callId: `call-${seq}`, phase: 'request', tool: 'send', impact: 'egress', tier: 'critical', tierRule: 'x', policyVersion: 'p', actionDigest: 'a'.repeat(64), waits: true, deadlineMs: 2000 },
    };
  }

  verdict(seq = 1, more: Partial<Verdict> = {}): Verdict {
    return {
      v: 1, id: `tap/1/${seq}/verdict`, observationId: `tap/1/${seq}`, domain: 'd', tapId: 'tap', epoch: 1, callId: `call-${seq}`, phase: 'request', agent: { name: 'bot', role: 'clerk' }, session: 's', server: 'mail', tool: 'send',
      impact: 'egress', tier: 'critical', kind: 'step_up', mode: 'enforce', reasons: [{ code: 'tier-asks', text: 'Every call of this tier is decided by people.' }], findingIds: [], missing: [], policyVersion: 'p',
      actionDigest: 'a'.repeat(64), at: this.now(), waitedMs: 1, ask: { groups: ['operators'], quorum: 1, deadlineMs }, ...more,
    };
  }

  ended(end: string, seq = 1): Observation {
    return { ...this.turn(seq), id: `tap/1/${seq + 500}`, kind: 'held-ended', note: { callId: `call-${seq}`, end, heldMs: 5, by: 'x' } };
  }

  epoch(kind: 'epoch-opened' | 'epoch-recovered', epoch: number): Observation {
    return { ...this.turn(0), id: `tap/${epoch}/0`, epoch, kind };
  }

  now(): string {
    return new Date(this.clock.wallMs()).toISOString();
  }

  async openOne(seq = 1, more: Partial<Verdict> = {}): Promise<Approval> {
    await this.give('observations', this.call(seq));
    await this.give('verdicts', this.verdict(seq, more));
    const [approval] = await this.desk.list({ callId: `call-${seq}` });
    if (approval === undefined) throw new Error('no approval was opened');
    return approval;
  }

  vote(approval: Approval, person: string, outcome: 'approved' | 'denied') {
    return this.desk.vote({ approvalId: approval.id, person, outcome, displayDigest: approval.displayDigest, message: `from ${person}` });
  }

  /** Waiting less ended, by tier: what the metric of this process shows. */
  waiting(tier = 'critical'): number {
    const count = (...events: readonly string[]): number => this.told.filter(({ event, fields }) => events.includes(event) && fields?.['tier'] === tier).length;
    return count('ApprovalOpened', 'ApprovalKept') - count('ApprovalEnded');
  }

  closings(): readonly Decision[] {
    return this.decisions.filter(({ kind }) => kind === 'approval');
  }
}

describe('approve and desk on SQLite and a ledger', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = new Bench();
    await bench.follow();
  });
  afterEach(async () => {
    await bench.eventLog.close();
    await bench.store.close();
  });

  it('a step-up opens with the call’s own arguments, once, whatever is repeated', async () => {
    const approval = await bench.openOne();
    expect(approval).toMatchObject({ state: 'open', argumentsJson: '{"to":"ana@example.com"}', quorum: 1, deadlineAtMs: approval.openedAtMs + deadlineMs });
    expect(approval.id).toMatch(/^[0-9a-f]{32}$/);
    await bench.give('observations', bench.call());
    await bench.give('verdicts', bench.verdict());
    expect(await bench.desk.list()).toEqual([approval]);
  });

  it('a verdict read before its observation waits for the arguments, a quarter of a second at most', async () => {
    await bench.give('verdicts', bench.verdict());
    expect(await bench.desk.list()).toEqual([]);
    expect(bench.approve.nextWakeAtMs?.()).toBe(bench.clock.wallMs() + 250);
    bench.restart();
    await bench.clock.advance(250);
    await bench.tick();
    expect(await bench.desk.list()).toMatchObject([{ argumentsJson: '' }]);
  });

  it('a critical call whose arguments were not recorded can be denied and not approved', async () => {
    await bench.give('observations', bench.call(1, null));
    const approval = await bench.openOne();
    expect(approval.argumentsJson).toBe('');
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: false, code: 'uninspectable' });
    expect(await bench.vote(approval, 'ana', 'denied')).toMatchObject({ ok: true });
  });

  it('the card waits for the provenance finding that the verdict names', async () => {
    const finding: Finding = {
      v: 1, id: 'tap/1/1/provenance/0', ordinal: 0, of: 1, observationId: 'tap/1/1', domain: 'd', callId: 'call-1', agent: { name: 'bot', role: 'clerk' }, session: 's', server: 'mail', tool: 'send', detector: 'provenance', detectorVersion: '1',
      at: bench.now(), kind: 'tainted-target', severity: 'high', gate: 'hold', sentence: 'x', evidence: [{ observationId: 'tap/1/1', path: '$.arguments.to' }, { observationId: 'tap/1/0', path: '$.content[0].text', text: 'ana@example.com', note: 'the page' }],
    };
    await bench.give('observations', bench.call());
    await bench.give('verdicts', bench.verdict(1, { findingIds: [finding.id] }));
    expect(await bench.desk.list()).toEqual([]);
    await bench.give('findings', finding);
    expect((await bench.desk.list())[0]?.origins).toEqual([{ argument: '$.to', origin: 'the page (message tap/1/0 at $.content[0].text): "ana@example.com"', untrusted: true }]);
  });

  it('in mode observe, and for calls nobody holds, nobody is asked', async () => {
    await bench.give('observations', bench.call());
    await bench.give('verdicts', bench.verdict(1, { mode: 'observe' }));
    const unheld = { ...bench.verdict(2), ask: undefined };
    await bench.give('verdicts', unheld);
    await bench.clock.advance(300);
    await bench.tick();
    expect(await bench.desk.list()).toEqual([]);
  });

  it('[D1] [D2] [A4] an approval is on the ledger with a grant for exactly this call', async () => {
    const approval = await bench.openOne();
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: true, approval: { state: 'approved' } });
    await bench.catchUp();
    const [decision, ...more] = bench.closings();
    expect(more).toEqual([]);
    expect(decision).toMatchObject({ outcome: 'approved', by: 'ana', via: 'console', callId: 'call-1', tapId: 'tap', message: 'from ana' });
    const opened = openGrant(decision?.grant ?? '', rawPublicKeyOf(key));
    expect(opened).toMatchObject({ ok: true, body: { aud: 'tap', callId: 'call-1', actionDigest: approval.actionDigest, displayDigest: approval.displayDigest, approvers: ['ana'], exp: approval.deadlineAtMs } });
    expect(bench.decisions.map(({ kind }) => kind)).toEqual(['vote', 'approval']);
  });

  it('[A1] of two votes at once one decides and the other is told', async () => {
    const approval = await bench.openOne();
    const answers = await Promise.all([bench.vote(approval, 'ana', 'denied'), bench.vote(approval, 'bo', 'approved')]);
    expect(answers.map((answer) => (answer.ok ? answer.approval.state : answer.code))).toEqual(['denied', 'closed']);
    await bench.catchUp();
    expect(bench.closings()).toMatchObject([{ outcome: 'denied', by: 'ana' }]);
  });

  it('[A3] [AARM-R4.2] at the deadline it expires, and a vote after it is refused', async () => {
    const approval = await bench.openOne();
    await bench.clock.advance(deadlineMs);
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: false, code: 'deadline' });
    bench.restart();
    expect(bench.approve.nextWakeAtMs?.()).toBe(approval.deadlineAtMs);
    await bench.tick();
    await bench.tick();
    await bench.catchUp();
    expect(bench.closings()).toMatchObject([{ outcome: 'expired', cause: 'deadline', by: 'system', via: 'deadline' }]);
    expect(await bench.desk.get(approval.id)).toMatchObject({ state: 'expired', cause: 'deadline' });
    expect(bench.approve.nextWakeAtMs?.()).toBeUndefined();
  });

  it('[A6] the owner of the agent cannot decide', async () => {
    bench.policy = compilePolicy({ ...defaultPolicy, agents: [{ name: 'bot', owner: 'olga' }] });
    const approval = await bench.openOne();
    expect(await bench.vote(approval, 'olga', 'approved')).toMatchObject({ ok: false, code: 'own-agent' });
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: true });
  });

  it('two people: the second one closes it, and both are approvers', async () => {
    const approval = await bench.openOne(1, { ask: { groups: ['operators'], quorum: 2, deadlineMs } });
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: true, approval: { state: 'open' } });
    await bench.catchUp();
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: false, code: 'voted-before' });
    expect(await bench.vote(approval, 'bo', 'approved')).toMatchObject({ ok: true, approval: { state: 'approved' } });
    await bench.catchUp();
    const opened = openGrant(bench.closings()[0]?.grant ?? '', rawPublicKeyOf(key));
    expect(opened).toMatchObject({ ok: true, body: { approvers: ['ana', 'bo'] } });
  });

  it('[A7] a client that gives up withdraws the question, and that is a record', async () => {
    const approval = await bench.openOne();
    await bench.give('observations', bench.ended('cancelled-while-held'));
    await bench.catchUp();
    expect(await bench.desk.get(approval.id)).toMatchObject({ state: 'expired', cause: 'withdrawn', heldEnd: 'cancelled-while-held' });
    expect(bench.closings()).toMatchObject([{ outcome: 'expired', cause: 'withdrawn', via: 'tap' }]);
  });

  it('a tap that ended, or started anew, withdraws what its old epoch held', async () => {
    const approval = await bench.openOne();
    await bench.give('observations', bench.epoch('epoch-opened', 1));
    expect(bench.closings()).toEqual([]);
    await bench.give('observations', bench.epoch('epoch-opened', 2));
    await bench.catchUp();
    expect(await bench.desk.get(approval.id)).toMatchObject({ state: 'expired', cause: 'withdrawn' });
  });

  it('how many wait is told up and down, once each, over a restart too', async () => {
    const [first] = [await bench.openOne(1), await bench.openOne(2)];
    await bench.give('verdicts', bench.verdict(1));
    expect(bench.waiting()).toBe(2);
    await bench.clock.advance(700);
    await bench.vote(first, 'ana', 'approved');
    await bench.catchUp();
    expect(bench.waiting()).toBe(1);
    expect(bench.told.filter(({ event }) => event === 'ApprovalClosed').map(({ fields }) => fields)).toEqual([{ outcome: 'approved', cause: 'approved', via: 'console', tier: 'critical', waitSeconds: 0.7 }]);
    bench.told.length = 0;
    bench.restart();
    expect(bench.waiting()).toBe(1);
    await bench.clock.advance(deadlineMs);
    await bench.tick();
    await bench.catchUp();
    expect(bench.waiting()).toBe(0);
    expect(bench.told.filter(({ event }) => event === 'ApprovalClosed')).toMatchObject([{ fields: { outcome: 'expired', cause: 'deadline' } }]);
  });

  it('what became of an approved call is kept beside the decision', async () => {
    const approval = await bench.openOne();
    await bench.vote(approval, 'ana', 'approved');
    await bench.give('observations', bench.ended('forwarded'));
    await bench.catchUp();
    expect(await bench.desk.get(approval.id)).toMatchObject({ state: 'approved', heldEnd: 'forwarded' });
    expect(bench.closings()).toHaveLength(1);
  });

  it('[A1] [A8] whatever the store thought, the ledger’s first decision is put in it', async () => {
    const approval = await bench.openOne();
    await bench.clock.advance(deadlineMs);
    await bench.tick();
    await bench.store.replace(approval, { ...approval, state: 'approved', closedAtMs: approval.deadlineAtMs - 1 });
    await bench.catchUp();
    expect(await bench.desk.get(approval.id)).toMatchObject({ state: 'expired' });
  });

  it('[A8] a lost store is rebuilt from verdicts and decisions', async () => {
    const approval = await bench.openOne();
    await bench.vote(approval, 'ana', 'approved');
    await bench.catchUp();
    const before = await bench.desk.get(approval.id);
    const empty = SqliteApprovalStore.open(':memory:');
    const rebuilding = createApprove({ store: empty, telemetry: silentTelemetry });
    const records = [['observations', bench.call()], ['verdicts', { ...bench.verdict(), at: new Date(approval.openedAtMs).toISOString() }], ...bench.decisions.map((decision) => ['decisions', decision] as const)] as const;
    for (const [topic, record] of records) await rebuilding.handle({ topic, partition: 0, offset: 0, id: record.id, key: 'd', value: JSON.stringify(record) }, bench.clock.wallMs());
    expect(await empty.get(approval.id)).toEqual(before);
    await empty.close();
  });

  it('[D1] a ledger that is away decides nothing', async () => {
    const approval = await bench.openOne();
    await bench.eventLog.close();
    expect(await bench.vote(approval, 'ana', 'approved')).toMatchObject({ ok: false, code: 'not-recorded' });
    expect((await bench.store.get(approval.id))?.state).toBe('open');
    await expect(bench.desk.record({ kind: 'release', domain: 'd', by: 'ana', via: 'console', subject: 'q-1' })).rejects.toThrow('not recorded');
  });

  it('[D3] releases, pins and states are recorded as they were given', async () => {
    const recorded = await bench.desk.record({ kind: 'state-registered', domain: 'd', by: 'ana', via: 'cli', subject: 'bot', subjectDigest: 'ab'.repeat(16), message: 'new model' });
    await bench.catchUp();
    expect(bench.decisions).toEqual([recorded]);
    expect(recorded).toMatchObject({ outcome: 'recorded', subject: 'bot', message: 'new model' });
  });

  it('an approval nobody opened is unknown, and a record that is none is terminal', async () => {
    expect(await bench.desk.vote({ approvalId: 'x', person: 'ana', outcome: 'approved', displayDigest: '' })).toMatchObject({ ok: false, code: 'unknown' });
    await expect(bench.give('verdicts', { id: 'x' })).rejects.toMatchObject({ name: 'TerminalError' });
  });
});

describe('random lives through processor and desk', () => {
  const action = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('vote' as const), person: fc.constantFrom('ana', 'bo', 'olga'), outcome: fc.constantFrom('approved' as const, 'denied' as const) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 1_000, 29_000, deadlineMs) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('tick' as const, 'catchUp' as const, 'restart' as const, 'repeat' as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('ended' as const), end: fc.constantFrom('cancelled-while-held', 'expired', 'forwarded') }) },
  );

  it('[A1] [A3] [A6] at most one decision, none approved after its deadline, store and ledger agree', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 14 }), fc.integer({ min: 1, max: 2 }), async (actions, quorum) => {
        const bench = new Bench();
        bench.policy = compilePolicy({ ...defaultPolicy, agents: [{ name: 'bot', owner: 'olga' }] });
        await bench.follow();
        const approval = await bench.openOne(1, { ask: { groups: ['operators'], quorum, deadlineMs } });
        const verdict = bench.verdict(1, { ask: { groups: ['operators'], quorum, deadlineMs }, at: new Date(approval.openedAtMs).toISOString() });
        for (const step of actions) {
          if (step.do === 'vote') await bench.vote(approval, step.person, step.outcome);
          if (step.do === 'advance') await bench.clock.advance(step.ms);
          if (step.do === 'tick') await bench.tick();
          if (step.do === 'catchUp') await bench.catchUp();
          if (step.do === 'restart') bench.restart();
          if (step.do === 'repeat') await bench.give('verdicts', verdict);
          if (step.do === 'ended') await bench.give('observations', bench.ended(step.end));
        }
        await bench.clock.advance(deadlineMs);
        await bench.tick();
        await bench.catchUp();
        const closings = bench.closings();
        expect(closings).toHaveLength(1);
        const stored = await bench.desk.get(approval.id);
        expect(stored?.state).toBe(closings[0]?.outcome);
        expect((closings[0]?.grant !== undefined) === (stored?.state === 'approved')).toBe(true);
        if (stored?.state === 'approved') {
          expect(Date.parse(closings[0]?.at ?? '')).toBeLessThan(approval.deadlineAtMs);
          expect(stored.votes.filter(({ outcome }) => outcome === 'approved').length).toBeGreaterThanOrEqual(quorum);
        }
        expect(stored?.votes.some(({ person }) => person === 'olga')).toBe(false);
        await bench.eventLog.close();
        await bench.store.close();
      }),
      { seed: 20260109, numRuns: 150, verbose: 1 },
    );
  });
});
