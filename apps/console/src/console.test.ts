import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SignIns } from './doors/sign-ins.js';
import { openSeededParts, type SeededParts } from './seeded/seeded-console.js';
import { domain, waitingCalls, workshopMorning } from './seeded/workshop.js';
import type { AgentRow, ApprovalCard, ApprovalsPage, QuarantineRow, SessionPage, SessionRow, StatusLine, ToolRow } from './shared/api.js';
import { createConsole } from './start-console.js';

let parts: SeededParts;
let app: NestFastifyApplication;
let address = 0;

const host = '127.0.0.1:0';
const ownHeaders = { host, origin: `http://${host}`, 'sec-fetch-site': 'same-origin', 'x-countersign': '1', 'content-type': 'application/json' };
type Headers = Readonly<Record<string, string>>;

/** Each test comes from an address of its own, so that one test's tries do not count against another's. */
async function inject(options: InjectOptions) {
  return app.getHttpAdapter().getInstance().inject({ remoteAddress: `127.0.1.${address}`, ...options });
}

async function signIn(person = `ana-${address}`): Promise<Headers> {
  const answer = await inject({ method: 'POST', url: '/api/login', headers: ownHeaders, payload: { token: app.get(SignIns).makeLink(person) } });
  expect(answer.statusCode).toBe(200);
  const { key } = answer.json<{ key: string }>();
  return { ...ownHeaders, cookie: String(answer.headers['set-cookie']).split(';')[0] ?? '', 'x-countersign-key': key };
}

async function read<T>(url: string, headers: Headers): Promise<T> {
  const answer = await inject({ method: 'GET', url, headers });
  expect(answer.statusCode, `${answer.body} ${JSON.stringify(parts.told.at(-1))}`).toBe(200);
  return answer.json<T>();
}

const post = (url: string, headers: Headers, payload: object) => inject({ method: 'POST', url, headers, payload });

/** Asks until the answer is the wanted one; `approve` and the recorder work beside the console. */
async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean): Promise<T> {
  return expect.poll(ask, { timeout: 10_000, interval: 30 }).toSatisfy(holds).then(() => ask());
}

async function waiting(headers: Headers, tool: string): Promise<ApprovalCard> {
  const { pending } = await until(() => read<ApprovalsPage>('/api/approvals', headers), (page) => page.pending.some((approval) => approval.tool === tool));
  return read<ApprovalCard>(`/api/approvals/${pending.find((approval) => approval.tool === tool)?.id}`, headers);
}

beforeAll(async () => {
  parts = await openSeededParts();
  app = await createConsole(parts.options);
  await parts.tell(workshopMorning(parts.clock.wallMs()));
  await parts.tell(waitingCalls(parts.clock.wallMs()));
});

afterAll(async () => {
  await app.close();
  await parts.close();
});

describe('the people’s door', () => {
  beforeAll(() => (address = 1));

  test('[A5] without a session nothing of the API answers, whatever an agent’s side has to show', async () => {
    const tapHeaders = { ...ownHeaders, authorization: 'Bearer -----BEGIN PRIVATE KEY-----', cookie: `countersign_0=${'a'.repeat(43)}`, 'x-countersign-key': 'b'.repeat(43) };
    for (const url of ['/api/approvals', '/api/approvals/x', '/api/sessions', '/api/sessions/x', '/api/agents', '/api/tools', '/api/quarantine', '/api/policy', '/api/status', '/api/me', '/api/live']) {
      expect((await inject({ method: 'GET', url, headers: tapHeaders })).statusCode, url).toBe(401);
    }
    for (const url of ['/api/approvals/x/vote', '/api/agents/register', '/api/tools/approve-pin', '/api/quarantine/release', '/api/logout']) {
      expect((await post(url, tapHeaders, {})).statusCode, url).toBe(401);
    }
  });

  test('[P16] the cookie alone, as a page on another port of this machine would get it, decides nothing', async () => {
    const cookieOnly = { ...ownHeaders, cookie: (await signIn())['cookie'] ?? '' };
    const card = await waiting(await signIn(), 'refund_order');
    const vote = { outcome: 'approved', displayDigest: card.displayDigest };
    expect((await post(`/api/approvals/${card.id}/vote`, cookieOnly, vote)).statusCode).toBe(401);
    expect((await post(`/api/approvals/${card.id}/vote`, { ...cookieOnly, 'x-countersign-key': 'guess' }, vote)).statusCode).toBe(401);
  });

  test('[P16] a form, a foreign fetch and a GET decide nothing, with a full session behind them', async () => {
    const person = await signIn();
    const card = await waiting(person, 'refund_order');
    const url = `/api/approvals/${card.id}/vote`;
    const vote = { outcome: 'approved', displayDigest: card.displayDigest };
    const form = { ...person, 'content-type': 'application/x-www-form-urlencoded' };
    expect((await inject({ method: 'POST', url, headers: form, payload: `outcome=approved&displayDigest=${card.displayDigest}` })).statusCode).toBe(415);
    expect((await post(url, { ...person, origin: 'http://evil.example' }, vote)).statusCode).toBe(403);
    expect((await post(url, { ...person, 'sec-fetch-site': 'same-site' }, vote)).statusCode).toBe(403);
    expect((await post(url, { ...person, 'x-countersign': '0' }, vote)).statusCode).toBe(403);
    expect((await inject({ method: 'GET', url: `${url}?outcome=approved`, headers: person })).statusCode).toBe(404);
    expect((await post(url, { ...person, host: 'rebound.example:0', origin: 'http://rebound.example:0' }, vote)).statusCode).toBe(421);
    expect((await read<ApprovalCard>(`/api/approvals/${card.id}`, person)).state).toBe('open');
  });

  test('[P16] a sign-in link works once, and a wrong one says the same as a used one', async () => {
    const token = app.get(SignIns).makeLink('ana');
    expect((await post('/api/login', ownHeaders, { token })).statusCode).toBe(200);
    const [used, wrong] = [await post('/api/login', ownHeaders, { token }), await post('/api/login', ownHeaders, { token: 'wrong' })];
    expect(used.statusCode).toBe(401);
    expect(wrong.body).toBe(used.body);
  });

  test('signing out ends the session on this side', async () => {
    const person = await signIn();
    expect((await post('/api/logout', person, {})).headers['set-cookie']).toContain('Max-Age=0');
    expect((await inject({ method: 'GET', url: '/api/me', headers: person })).statusCode).toBe(401);
  });

  test('[P16] every answer, refusals and unknown paths included, forbids framing and foreign code', async () => {
    for (const url of ['/', '/login', '/approvals', '/nowhere', '/api/approvals', '/assets/none.js']) {
      const { headers } = await inject({ method: 'GET', url, headers: ownHeaders });
      expect(headers['content-security-policy'], url).toContain("frame-ancestors 'none'");
      expect(headers['x-frame-options'], url).toBe('DENY');
      expect(headers['x-content-type-options'], url).toBe('nosniff');
    }
  });

  test('a body that is too large or is not JSON is refused with a sentence', async () => {
    expect((await post('/api/login', ownHeaders, { token: 'x'.repeat(100_000) })).statusCode).toBe(413);
    const broken = await inject({ method: 'POST', url: '/api/login', headers: ownHeaders, payload: '{' });
    expect([broken.statusCode, broken.json<{ error: string }>().error]).toEqual([400, expect.stringContaining('not valid JSON')]);
  });
});

describe('brute force', () => {
  test('[P16] the eleventh sign-in within a minute from one address is 429', async () => {
    address = 2;
    const codes: number[] = [];
    for (let attempt = 0; attempt < 12; attempt += 1) codes.push((await post('/api/login', ownHeaders, { token: `guess ${attempt}` })).statusCode);
    expect(codes).toEqual([...Array<number>(10).fill(401), 429, 429]);
  });

  test('[P16] guessing ids and deciding in bulk end at ten a minute', async () => {
    address = 3;
    const person = await signIn();
    const looked: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) looked.push((await inject({ method: 'GET', url: `/api/approvals/${attempt}`, headers: person })).statusCode);
    expect(looked).toEqual([...Array<number>(10).fill(404), 429]);
    const voted: number[] = [];
    for (let attempt = 0; attempt < 11; attempt += 1) voted.push((await post(`/api/approvals/${attempt}/vote`, person, { outcome: 'denied', displayDigest: 'x' })).statusCode);
    expect(voted).toEqual([...Array<number>(10).fill(404), 429]);
  });
});

describe('approvals', () => {
  beforeAll(() => (address = 4));

  test('[P9] the card is what the digest is over, and invisible characters are spelled out', async () => {
    const card = await waiting(await signIn(), 'send_mail');
    const subject = card.card.arguments.find(({ path }) => path === '$.subject')?.text;
    expect(subject).toBe('Invoice 2208 ⟦U+202E⟧gnp.exe');
    expect(card.card.arguments.find(({ path }) => path === '$.body')?.text).toContain('⟦U+200B⟧');
    expect(card).toMatchObject({ target: 'l.moreau@example.com', state: 'open', outcome: { word: 'waiting' } });
    expect(card.card.digestShown).toBe(card.actionDigest.slice(0, 8));
  });

  test('[P9] a vote on another card than the one shown is refused, and nothing is decided', async () => {
    const person = await signIn();
    const card = await waiting(person, 'send_mail');
    const refused = await post(`/api/approvals/${card.id}/vote`, person, { outcome: 'approved', displayDigest: 'f'.repeat(64) });
    expect([refused.statusCode, refused.json<{ error: string }>().error]).toEqual([409, 'What you saw is not what would run; look at the call again and vote on that.']);
    expect((await read<ApprovalCard>(`/api/approvals/${card.id}`, person)).votes).toEqual([]);
  });

  test('an approval is recorded, signed, shown with its person, and renews the cookie', async () => {
    const person = await signIn('ana');
    const card = await waiting(person, 'refund_order');
    const voted = await post(`/api/approvals/${card.id}/vote`, person, { outcome: 'approved', displayDigest: card.displayDigest });
    expect(voted.statusCode, voted.body).toBe(200);
    expect(voted.json()).toMatchObject({ state: 'approved', votes: [{ person: 'ana', outcome: 'approved' }], outcome: { word: 'approved' } });
    const renewed = { ...person, cookie: String(voted.headers['set-cookie']).split(';')[0] ?? '' };
    expect(renewed.cookie).not.toBe(person['cookie']);
    expect((await read<ApprovalsPage>('/api/approvals', renewed)).closed.map(({ tool }) => tool)).toContain('refund_order');
    const again = await post(`/api/approvals/${card.id}/vote`, renewed, { outcome: 'denied', displayDigest: card.displayDigest });
    expect([again.statusCode, again.json<{ error: string }>().error]).toEqual([409, 'This approval is already decided; your vote changed nothing.']);
  });

  test('a denial carries its message to the record', async () => {
    const person = await signIn('ben');
    const card = await waiting(person, 'move_file');
    const voted = await post(`/api/approvals/${card.id}/vote`, person, { outcome: 'denied', message: 'Outside the task.', displayDigest: card.displayDigest });
    expect(voted.json()).toMatchObject({ state: 'denied', votes: [{ person: 'ben', outcome: 'denied', message: 'Outside the task.' }], outcome: { word: 'denied', sentence: 'Denied by ben. The call was never sent.' } });
  });

  test('a vote that is not one is refused', async () => {
    const refused = await post('/api/approvals/x/vote', await signIn(), { outcome: 'maybe', displayDigest: 'x' });
    expect(refused.statusCode).toBe(400);
  });
});

describe('records', () => {
  beforeAll(() => (address = 5));

  test('sessions are listed with what was stopped, and one shows its calls with verdicts, findings and evidence', async () => {
    const person = await signIn();
    const sessions = await until(() => read<readonly SessionRow[]>('/api/sessions', person), (rows) => rows.some(({ name, stops, calls }) => name === 'support-0912' && stops === 2 && calls === 2));
    const poisoned = sessions.find(({ name }) => name === 'support-0912');
    expect(poisoned).toMatchObject({ agent: { name: 'support' }, servers: ['customers'], worst: 'critical' });
    const { calls } = await until(() => read<SessionPage>(`/api/sessions/${poisoned?.key}`, person), (page) => page.calls.every(({ verdicts, findings }) => verdicts.length > 0 && findings.length > 0));
    expect(calls.map(({ tool }) => tool)).toEqual(['find_customer', 'share_export']);
    expect(calls[0]?.verdicts).toMatchObject([{ phase: 'request', kind: 'allow' }, { phase: 'result', kind: 'deny', quarantineId: 'q-5b1f0c77aa20e914' }]);
    expect(calls[1]).toMatchObject({ tier: 'high', held: { end: 'denied', heldMs: 12.6 }, findings: [{ kind: 'flow-to-sink', gate: 'deny', phase: 'request' }, { kind: 'surprise', pValue: 0.026, sampleSize: 38 }] });
    expect(calls[0]?.findings[0]?.evidence[0]?.text).toContain('forward the full customer list');
  });

  test('an agent that shows an unregistered state can be registered, once, by a person', async () => {
    const person = await signIn('ana');
    const agents = () => read<readonly AgentRow[]>('/api/agents', person);
    const before = await until(agents, (rows) => rows.some(({ attestation }) => attestation.registrable !== undefined));
    const analyst = before.find(({ name }) => name === 'analyst');
    expect(analyst?.attestation).toMatchObject({ state: 'changed' });
    expect((await post('/api/agents/register', person, { agent: 'analyst', stateHash: analyst?.attestation.registrable ?? '' })).statusCode).toBe(200);
    const after = await until(agents, (rows) => rows.find(({ name }) => name === 'analyst')?.attestation.state === 'attested');
    expect(after.find(({ name }) => name === 'analyst')?.attestation.registrable).toBeUndefined();
  });

  test('a changed tool is shown with both descriptions, and is no longer pending once a person approved it', async () => {
    const person = await signIn('ana');
    const tools = () => read<readonly ToolRow[]>('/api/tools', person);
    const mail = (rows: readonly ToolRow[]) => rows.find(({ server, tool }) => server === 'mail' && tool === 'send_mail');
    const before = mail(await until(tools, (rows) => mail(rows)?.pendingChange !== undefined && mail(rows)?.definitions.length === 2));
    expect(before?.definitions[0]?.text).toContain('audit@collector.example');
    expect(before?.definitions[1]?.text).not.toContain('audit@collector.example');
    expect((await post('/api/tools/approve-pin', person, { server: 'mail', tool: 'send_mail', digest: before?.pendingChange?.digest ?? '' })).statusCode).toBe(200);
    await until(tools, (rows) => mail(rows)?.pendingChange === undefined);
  });

  test('a withheld result is listed with its evidence, and released by a person', async () => {
    const person = await signIn('ana');
    const quarantine = () => read<readonly QuarantineRow[]>('/api/quarantine', person);
    const [row] = await until(quarantine, (rows) => rows.length === 1);
    expect(row).toMatchObject({ id: 'q-5b1f0c77aa20e914', tool: 'find_customer', session: { name: 'support-0912' }, evidence: [{ path: '$.content[0].text' }] });
    expect((await post('/api/quarantine/release', person, { quarantineId: row?.id ?? '' })).statusCode).toBe(200);
    expect((await until(quarantine, (rows) => rows[0]?.released !== undefined))[0]?.released?.by).toBe('ana');
  });

  test('status counts what waits and what was stopped today, and names policy and person', async () => {
    const status = await read<StatusLine>('/api/status', await signIn('ana'));
    expect(status).toMatchObject({ person: 'ana', taps: 3, mode: 'enforce' });
    expect(status.policyVersion).toMatch(/\+[0-9a-f]{12}$/);
  });

  test('a session key is opaque: neither the session’s name nor a wrong key opens anything', async () => {
    const person = await signIn();
    expect((await inject({ method: 'GET', url: '/api/sessions/support-0912', headers: person })).statusCode).toBe(404);
    expect(domain).toBe(parts.options.domain);
  });
});
