import type { Decision, FindingDraft, Impact, Observation } from '@countersign/contracts';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBehaviour } from './create-behaviour.js';

type Call = readonly [tool: string, args: Record<string, unknown>, impact?: Impact];

/** A seeded stream, so that a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const policy = compilePolicy(defaultPolicy);

class Traffic {
  private readonly detector = createBehaviour({ policy: () => policy });
  private memory = this.detector.empty();
  private seq = 0;
  sessions = 0;

  async session(calls: readonly Call[], agent = 'clerk', role = 'desk'): Promise<FindingDraft[]> {
    this.sessions += 1;
    const found: FindingDraft[] = [];
    for (const [tool, args, impact] of calls) {
      found.push(...(await this.see(this.observation({ agent, role, tool, impact: impact ?? 'read', phase: 'request', args }))));
      await this.see(this.observation({ agent, role, tool, impact: impact ?? 'read', phase: 'result', args: {} }));
    }
    await this.see({ ...this.observation({ agent, role, tool: '', impact: 'read', phase: 'result', args: {} }), kind: 'epoch-closed', call: undefined });
    return found;
  }

  decide(decision: Pick<Decision, 'kind' | 'outcome'> & Partial<Decision>): void {
    const whole: Decision = { v: 1, id: 'd', domain: 'd', at: '2026-01-01T00:00:00.000Z', by: 'ana', via: 'console', ...decision };
    this.memory = this.detector.decide?.(whole, this.memory) ?? this.memory;
  }

  restart(): void {
    this.memory = this.detector.restore(this.detector.snapshot(this.memory));
  }

  snapshotText(): string {
    return this.detector.snapshot(this.memory);
  }

  async see(observation: Observation): Promise<readonly FindingDraft[]> {
    const detection = await this.detector.detect(observation, this.memory);
    this.memory = detection.memory;
    return detection.findings;
  }

  observation(of: { agent: string; role: string; tool: string; impact: Impact; phase: 'request' | 'result'; args: unknown }): Observation {
    this.seq += 1;
    return {
      v: 1, id: `t/1/${this.seq}`, kind: 'message', domain: 'd', tapId: 't', epoch: 1, seq: this.seq, at: new Date(Date.UTC(2026, 0, 1) + this.seq * 1000).toISOString(),
      monotonicUs: this.seq, agent: { name: of.agent, role: of.role }, server: 'srv', session: `s${this.sessions}`, sessionRule: 'process', transport: 'stdio', era: 'legacy',
      direction: of.phase === 'request' ? 'client-to-server' : 'server-to-client',
      message: { shape: of.phase === 'request' ? 'request' : 'response', bytes: 1, digest: '', flags: [], payload: { name: of.tool, arguments: of.args } },
      call: { callId: `c${this.seq}`, phase: of.phase, tool: of.tool, impact: of.impact, tier: 'medium', tierRule: '', policyVersion: '', actionDigest: '', waits: false, deadlineMs: 0 },
    };
  }
}

/** One run of an agent that names its task: several may go on at once, and no tap ends them. */
async function task(traffic: Traffic, name: string, { calls, stopped = [] }: { calls: readonly Call[]; stopped?: readonly string[] }): Promise<FindingDraft[]> {
  const found: FindingDraft[] = [];
  for (const [tool, args, impact = 'read'] of calls) {
    const request = { ...traffic.observation({ agent: 'clerk', role: 'desk', tool, impact, phase: 'request', args }), session: `task:clerk:${name}`, sessionRule: 'task' as const };
    found.push(...(await traffic.see(request)));
    if (!stopped.includes(tool)) continue;
    const note = { callId: request.call?.callId, end: 'denied', phase: 'request' };
    await traffic.see({ ...request, id: `${request.id}e`, kind: 'held-ended', call: undefined, message: undefined, note });
  }
  return found;
}

/** A session whose last call a person approved while it ran. */
async function approvedSession(traffic: Traffic, calls: readonly Call[]): Promise<void> {
  traffic.sessions += 1;
  let last = '';
  for (const [tool, args, impact = 'read'] of calls) {
    const request = traffic.observation({ agent: 'clerk', role: 'desk', tool, impact, phase: 'request', args });
    last = request.call?.callId ?? '';
    await traffic.see(request);
  }
  traffic.decide({ kind: 'approval', outcome: 'approved', callId: last });
  await traffic.see({ ...traffic.observation({ agent: 'clerk', role: 'desk', tool: '', impact: 'read', phase: 'result', args: {} }), kind: 'epoch-closed', call: undefined });
}

describe('runs that name their task', () => {
  it('teach without any tap closing, and an abrupt swap of habits is an alarm within five of them', async () => {
    const traffic = new Traffic();
    const random = seeded(7);
    for (let n = 0; n < 40; n++) expect((await task(traffic, `t${n}`, { calls: ordinary(random) })).map(({ kind }) => kind)).not.toContain('habits-changed');
    let flaggedAfter = 0;
    for (let n = 1; n <= 8 && flaggedAfter === 0; n++) {
      const found = await task(traffic, `swapped${n}`, { calls: [['export_all', { n }], ['export_all', { n }], ['read_payroll', { n }]] });
      if (found.some(({ kind }) => kind === 'habits-changed')) flaggedAfter = n;
    }
    expect(flaggedAfter).toBeGreaterThan(0);
    expect(flaggedAfter).toBeLessThanOrEqual(7);
  });

  it('calls that were stopped are no evidence: an agent attacked again and again but stopped each time is still itself', async () => {
    const traffic = new Traffic();
    const random = seeded(8);
    for (let n = 0; n < 40; n++) await task(traffic, `t${n}`, { calls: ordinary(random) });
    for (let n = 0; n < 10; n++) await task(traffic, `attacked${n}`, { calls: [...ordinary(random), ['export_all', { n }, 'egress']], stopped: ['export_all'] });
    for (let n = 0; n < 5; n++) expect((await task(traffic, `later${n}`, { calls: ordinary(random) })).map(({ kind }) => kind)).not.toContain('habits-changed');
  });

  it('go on side by side without ending each other at every call', async () => {
    const traffic = new Traffic();
    for (let n = 0; n < 5; n++) {
      await task(traffic, 'left', { calls: [['read', { n }]] });
      await task(traffic, 'right', { calls: [['read', { n }]] });
    }
    const [found] = await task(traffic, 'third', { calls: [['read', {}]] });
    expect(found?.sampleSize).toBe(0);
  });
});

function ordinary(random: () => number): Call[] {
  const calls: Call[] = [['search_tickets', { query: `printer ${Math.floor(random() * 40)}` }]];
  const reads = 1 + Math.floor(random() * 3);
  for (let at = 0; at < reads; at++) calls.push(['read_ticket', { id: Math.floor(random() * 500) }]);
  if (random() < 0.7) calls.push(['reply_ticket', { id: Math.floor(random() * 500), text: `Dear customer, we looked at case ${Math.floor(random() * 900)}.` }, 'write']);
  if (random() < 0.3) calls.push(['close_ticket', { id: Math.floor(random() * 500) }, 'write']);
  return calls;
}
const changed = (random: () => number): Call[] => [
  ['query_database', { sql: `select * from secrets where id > ${Math.floor(random() * 99)}` }],
  ['read_file', { path: `/etc/keys/${Math.floor(random() * 9)}` }],
  ['send_email', { to: `drop${Math.floor(random() * 99)}@example.org`, body: 'rows attached' }, 'egress'],
];
const kinds = (findings: readonly FindingDraft[]) => new Set(findings.map((finding) => finding.kind));

async function settled(seed: number, sessions: number): Promise<{ traffic: Traffic; random: () => number }> {
  const random = seeded(seed);
  const traffic = new Traffic();
  for (let at = 0; at < sessions; at++) await traffic.session(ordinary(random));
  return { traffic, random };
}

describe('surprise', () => {
  it('says nothing statistical before the policy’s number of sessions', async () => {
    const random = seeded(1);
    const traffic = new Traffic();
    for (let at = 0; at < 19; at++) expect(kinds(await traffic.session(ordinary(random)))).toEqual(new Set(['cold-start']));
    const findings = await traffic.session(changed(random));
    expect(findings.every((finding) => finding.pValue === undefined)).toBe(true);
    expect(findings[0]?.sentence).toContain('19 sessions');
  });

  it('a tool this agent never used after that one is a surprise, with counts, p and n', async () => {
    const { traffic, random } = await settled(2, 60);
    const [, , last] = await traffic.session([...ordinary(random).slice(0, 2), ['send_email', { to: 'x@example.org', body: 'all of it' }, 'egress']]);
    expect(last).toMatchObject({ kind: 'surprise' });
    expect(last?.pValue).toBeLessThan(0.02);
    expect(last?.pValue).toBeGreaterThanOrEqual(1 / ((last?.sampleSize ?? 0) + 1));
    expect(last?.sentence).toMatch(/srv\/send_email after srv\/read_ticket: 0 of \d+ times for this agent, 0 of \d+ for its role/);
  });

  it('benign calls are rarely surprising: cross-scored p-values of 0.05 come less often than the twice that is guaranteed', async () => {
    const { traffic, random } = await settled(3, 60);
    let calls = 0;
    let small = 0;
    for (let at = 0; at < 200; at++) {
      for (const finding of await traffic.session(ordinary(random))) {
        calls += 1;
        if ((finding.pValue ?? 1) <= 0.05) small += 1;
      }
    }
    expect(calls).toBeGreaterThan(600);
    expect(small / calls).toBeLessThan(0.1);
  });
});

describe('habits', () => {
  it.each([11, 12, 13, 14])('an agent that swaps its habits is flagged after at most five sessions, n and assumption stated (seed %i)', async (seed) => {
    const { traffic, random } = await settled(seed, 30);
    for (let at = 0; at < 5; at++) await traffic.session(changed(random));
    const finding = (await traffic.session(changed(random))).find(({ kind }) => kind === 'habits-changed');
    expect(finding).toMatchObject({ gate: 'hold' });
    expect(finding?.sampleSize).toBeGreaterThanOrEqual(20);
    expect(finding?.sentence).toContain('exchangeable');
  });

  it('ordinary sessions raise at most one alarm in a thousand', async () => {
    let alarms = 0;
    for (const seed of [21, 22, 23, 24, 25, 26, 27, 28, 29, 30]) {
      const { traffic, random } = await settled(seed, 30);
      for (let at = 0; at < 100; at++) {
        if (!kinds(await traffic.session(ordinary(random))).has('habits-changed')) continue;
        alarms += 1;
        break;
      }
    }
    expect(alarms).toBeLessThanOrEqual(1);
  });

  it('an alarmed agent teaches nothing, until its new state is registered', async () => {
    const { traffic, random } = await settled(31, 40);
    for (let at = 0; at < 30; at++) await traffic.session(changed(random));
    expect(kinds(await traffic.session(changed(random)))).toContain('habits-changed');
    traffic.decide({ kind: 'state-registered', outcome: 'recorded', subject: 'clerk' });
    expect(kinds(await traffic.session(changed(random)))).not.toContain('habits-changed');
  });

  it('a tool that changes things is learnt from a session a person approved, not because it keeps coming', async () => {
    const { traffic, random } = await settled(51, 70);
    const stolen: Call = ['export_all', { all: true }, 'egress'];
    const pOf = (found: readonly FindingDraft[]): number => found.at(-1)?.pValue ?? 1;
    for (let at = 0; at < 200; at++) await traffic.session([...ordinary(random), ...(at % 20 === 0 ? [stolen] : [])]);
    const unapproved = pOf(await traffic.session([...ordinary(random), stolen]));
    expect(unapproved).toBeLessThan(0.02);
    for (let at = 0; at < 40; at++) await approvedSession(traffic, [...ordinary(random), stolen]);
    expect(pOf(await traffic.session([...ordinary(random), stolen]))).toBeGreaterThan(2 * unapproved);
  });

  it('a session with a refused call is never learnt, and what it taught already is taken back', async () => {
    const plain = await settled(41, 10);
    const before = plain.traffic.snapshotText();
    const first = plain.traffic.observation({ agent: 'clerk', role: 'desk', tool: 'wipe', impact: 'irreversible', phase: 'request', args: {} });
    await plain.traffic.see(first);
    await plain.traffic.see({ ...first, id: 'end', kind: 'epoch-closed', call: undefined });
    expect(sessionsOf(plain.traffic)).toBe(sessionsIn(before) + 1);
    plain.traffic.decide({ kind: 'approval', outcome: 'denied', callId: first.call?.callId });
    expect(sessionsOf(plain.traffic)).toBe(sessionsIn(before));
  });
});

describe('one run, several servers', () => {
  it('taps that are open together make one session; it ends when the last of them closes', async () => {
    const traffic = new Traffic();
    const at = (tapId: string, kind: Observation['kind'], epoch = 1): Observation => {
      const call = traffic.observation({ agent: 'clerk', role: 'desk', tool: 'read', impact: 'read', phase: 'request', args: {} });
      return { ...call, tapId, epoch, session: `${tapId}/${epoch}`, kind, ...(kind === 'message' ? {} : { call: undefined }) };
    };
    for (const [tapId, kind] of [['files', 'epoch-opened'], ['mail', 'epoch-opened'], ['files', 'message'], ['mail', 'message'], ['files', 'epoch-closed']] as const) await traffic.see(at(tapId, kind));
    expect(sessionsOf(traffic)).toBe(0);
    await traffic.see(at('mail', 'epoch-closed'));
    expect(sessionsOf(traffic)).toBe(1);
    await traffic.see(at('files', 'message', 2));
    await traffic.see(at('files', 'epoch-recovered', 3));
    expect(sessionsOf(traffic)).toBe(2);
  });
});

describe('memory', () => {
  it('a restored memory answers as the original would', async () => {
    const one = await settled(51, 45);
    const other = await settled(51, 45);
    other.traffic.restart();
    const calls = [...ordinary(one.random), ...changed(one.random)];
    expect(await other.traffic.session(calls)).toEqual(await one.traffic.session(calls));
  });

  it('strange input is answered, never thrown at', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), fc.string(), async (args, tool) => {
        const traffic = new Traffic();
        const findings = await traffic.see(traffic.observation({ agent: 'a', role: 'r', tool, impact: 'write', phase: 'request', args }));
        expect(findings.length).toBe(1);
        traffic.restart();
      }),
      { numRuns: 200 },
    );
  });

  it('stays bounded under endless novelty', async () => {
    const traffic = new Traffic();
    const sizes: number[] = [];
    for (let at = 0; at < 400; at++) {
      await traffic.session(Array.from({ length: 30 }, (_, call): Call => [`tool-${at}-${call}`, { [`p${at}`]: call }]));
      if (at >= 300) sizes.push(traffic.snapshotText().length);
    }
    expect(Math.max(...sizes)).toBeLessThan(2_000_000);
    expect(Math.max(...sizes) / Math.min(...sizes)).toBeLessThan(1.2);
  });
});

function sessionsOf(traffic: Traffic): number {
  return sessionsIn(traffic.snapshotText());
}
function sessionsIn(text: string): number {
  return (JSON.parse(text) as { agents: [string, { fields: { sessions: number } }][] }).agents[0]?.[1].fields.sessions ?? -1;
}
