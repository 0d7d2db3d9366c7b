import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { readBuiltPages } from './pages/built-pages.js';
import { openSeededParts, type SeededParts } from './seeded/seeded-console.js';
import { Story } from './seeded/story.js';
import { domain, waitingCalls, workshopMorning } from './seeded/workshop.js';
import { startConsole, type RunningConsole } from './start-console.js';

const executablePath = process.env['CHROMIUM_PATH'] ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file)) ?? '/usr/bin/chromium';
const builtPages = fileURLToPath(new URL('../dist/web', import.meta.url));

let parts: SeededParts;
let running: RunningConsole;
let browser: Browser;
let context: BrowserContext;
const complaints: string[] = [];

beforeAll(async () => {
  if (!existsSync(builtPages)) throw new Error('The console’s pages are not built: run `npm run build` first.');
  parts = await openSeededParts();
  running = await startConsole(parts.options);
  await parts.tell(workshopMorning(parts.clock.wallMs()));
  await parts.tell(waitingCalls(parts.clock.wallMs()));
  browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'] });
}, 60_000);

afterEach(async () => {
  await context.close();
  // The content policy reports to the browser's console: silence means that nothing foreign or inline was tried.
  expect(complaints.splice(0)).toEqual([]);
});

afterAll(async () => {
  await browser.close();
  await running.stop();
  await parts.close();
});

async function open(viewport = { width: 1280, height: 860 }): Promise<Page> {
  context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
  return page;
}

async function signedIn(viewport?: { width: number; height: number }): Promise<Page> {
  const page = await open(viewport);
  await page.goto(running.loginLink());
  await page.getByRole('heading', { name: 'Approvals' }).waitFor();
  return page;
}

/** A pending call of its own for one test, opened while the page is looked at. */
function refund(session: string, order: number): Story {
  const story = new Story(domain, { agent: { name: 'support', role: 'helpdesk' }, server: 'customers', session }, parts.clock.wallMs());
  story.calls({
    tool: 'refund_order', args: { order_id: order }, impact: 'irreversible', tier: 'critical', tierRule: 'money leaves the house',
    verdict: { kind: 'step_up', reasons: [{ code: 'critical-asks', text: 'Paying money back is critical.' }], ask: { groups: ['owners'], quorum: 1, deadlineMs: 120_000 } },
  });
  return story;
}

const rowOf = (page: Page, order: number) => page.locator('.row', { hasText: String(order) });
const decidable = (page: Page) => page.locator('.choose .approve[aria-disabled="false"]');

describe('the page in a browser', { timeout: 90_000 }, () => {
  test('a person signs in by the link, approves a call by keyboard alone, and sees what became of it', async () => {
    const page = await signedIn();
    expect(new URL(page.url()).hash).toBe('');
    const story = refund('keyboard', 5101);
    await parts.tell(story.records.splice(0));
    await rowOf(page, 5101).waitFor();
    for (let step = 0; step < 20 && (await rowOf(page, 5101).getAttribute('aria-current')) !== 'true'; step += 1) await page.keyboard.press('j');
    await page.locator('#card', { hasText: '5101' }).waitFor();
    await decidable(page).waitFor();
    await page.keyboard.press('a');
    await page.getByText('This call, once, with exactly these arguments').waitFor();
    await page.locator('.approve[aria-disabled="false"]', { hasText: 'countersign' }).waitFor();
    await page.keyboard.press('y');
    await page.locator('.ending', { hasText: 'The tap has not reported yet' }).waitFor();
    const [approval] = await parts.options.desk.list({ state: 'approved' });
    expect(approval).toMatchObject({ argumentsJson: '{"order_id":5101}', votes: [{ person: 'ana', outcome: 'approved' }] });
    await parts.tell(story.ends(approval?.callId ?? '', { end: 'forwarded', heldMs: 2_400 }).records);
    await page.locator('.ending', { hasText: 'the tap sent the call to the server' }).waitFor();
    await page.locator('.row', { hasText: 'approved, sent' }).waitFor();
  });

  test('Enter never approves, a held key never approves, and a key pressed too early is nothing', async () => {
    const page = await signedIn();
    await parts.tell(refund('eager', 5102).records);
    await rowOf(page, 5102).click();
    await page.locator('#card', { hasText: '5102' }).waitFor();
    await page.keyboard.press('a');
    await page.keyboard.press('y');
    await decidable(page).waitFor();
    for (const key of ['Enter', 'Enter', 'a', 'Enter', 'a', 'Enter']) await page.keyboard.press(key);
    await page.locator('.approve[aria-disabled="false"]', { hasText: 'countersign' }).waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('a');
    // Held from before it counts: every later press of it is a repetition.
    for (let held = 0; held < 3; held += 1) await page.keyboard.down('y');
    await page.locator('.approve[aria-disabled="false"]', { hasText: 'countersign' }).waitFor();
    for (let held = 0; held < 3; held += 1) await page.keyboard.down('y');
    await page.keyboard.up('y');
    expect((await parts.options.desk.list()).find(({ argumentsJson }) => argumentsJson.includes('5102'))?.votes).toEqual([]);
    await page.keyboard.press('y');
    await expect.poll(async () => (await parts.options.desk.list({ state: 'approved' })).some(({ argumentsJson }) => argumentsJson.includes('5102'))).toBe(true);
    const votes = (await parts.options.desk.list()).find(({ argumentsJson }) => argumentsJson.includes('5102'))?.votes;
    expect(votes).toHaveLength(1);
  });

  test('a denial with a message reaches the record, by keyboard', async () => {
    const page = await signedIn();
    await parts.tell(refund('denied', 5103).records);
    await rowOf(page, 5103).click();
    await page.locator('#card', { hasText: '5103' }).waitFor();
    await decidable(page).waitFor();
    await page.keyboard.press('d');
    await page.keyboard.type('Ask a person at the desk first.');
    await page.keyboard.press('Control+Enter');
    await page.locator('.ending', { hasText: 'Denied by ana' }).waitFor();
    expect((await parts.options.desk.list({ state: 'denied' })).at(0)?.votes).toMatchObject([{ person: 'ana', message: 'Ask a person at the desk first.' }]);
  });

  test('[P16] [P9] what strangers wrote is text: no element, no script, no look-alike passes unmarked', async () => {
    const page = await signedIn();
    await page.locator('.row', { hasText: 'send_mail' }).first().click();
    await page.locator('#card', { hasText: '<img src=x onerror=' }).waitFor();
    expect(await page.locator('main img, main script, main iframe').count()).toBe(0);
    expect(await page.locator('#card .point').allTextContents()).toEqual(expect.arrayContaining(['U+202E', 'U+200B']));
    await page.locator('.row', { hasText: 'move_file' }).click();
    await page.locator('#card .arguments .mixed', { hasText: 'publiс' }).waitFor();
    const text = await page.locator('main').innerText();
    expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069\u200b-\u200f]/u);
  });

  test('[P16] a page of another port of this machine is sent the cookie at most, and can neither read, vote nor frame', async () => {
    const page = await signedIn();
    const [open_] = await parts.options.desk.list({ state: 'open' });
    const foreign = await serve('<!doctype html><title>foreign</title>');
    try {
      const other = await context.newPage();
      await other.goto(`http://127.0.0.1:${(foreign.address() as AddressInfo).port}/`);
      const outcomes = await other.evaluate(
        async ({ url, id, displayDigest }) => {
          const attempt = (init: RequestInit) => fetch(`${url}/api/approvals/${id}/vote`, { credentials: 'include', ...init }).then((response) => `${response.type} ${response.status}`, () => 'blocked');
          const body = JSON.stringify({ outcome: 'approved', displayDigest });
          return [
            await attempt({ method: 'POST', mode: 'no-cors', body, headers: { 'content-type': 'text/plain' } }),
            await attempt({ method: 'POST', body, headers: { 'content-type': 'application/json', 'x-countersign': '1' } }),
            await fetch(`${url}/api/approvals`, { credentials: 'include' }).then(() => 'read', () => 'blocked'),
          ];
        },
        { url: running.url, id: open_?.id ?? '', displayDigest: open_?.displayDigest ?? '' },
      );
      expect(outcomes).toEqual(['blocked', 'blocked', 'blocked']);
      await other.setContent(`<iframe src="${running.url}/approvals"></iframe>`);
      await expect.poll(() => other.frames().map((frame) => frame.url())).toContain('chrome-error://chromewebdata/');
    } finally {
      foreign.close();
    }
    expect((await parts.options.desk.get(open_?.id ?? ''))?.votes).toEqual([]);
    await page.bringToFront();
  });

  test('signing out in one tab closes the other, and a link that was used says so', async () => {
    const link = running.loginLink();
    const page = await open();
    await page.goto(link);
    await page.getByRole('heading', { name: 'Approvals' }).waitFor();
    const other = await context.newPage();
    await other.goto(`${running.url}/sessions`);
    await other.getByRole('heading', { name: 'Sessions' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await other.getByText('You are signed out').waitFor();
    await other.goto(link);
    await other.getByText('was used already or is older than ten minutes').waitFor();
  });

  const viewports = [{ width: 1280, height: 860 }, { width: 375, height: 812 }];
  test.each(viewports)('every page fits a screen of $width px, names its controls, and shows its records', async (viewport) => {
    const page = await signedIn(viewport);
    const shows = { approvals: 'refund_order', sessions: 'support-0912', agents: 'Register this state', tools: 'changed under you', quarantine: 'q-5b1f0c77aa20e914', policy: 'enforcing' };
    for (const [path, text] of Object.entries(shows)) {
      await page.locator(`nav a[href="/${path}"]`).click();
      await page.locator('main', { hasText: text }).waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path).toBe(true);
      expect(await page.locator('button:not(:has-text(" ")):not([aria-label])').evaluateAll((buttons) => buttons.filter((button) => button.textContent?.trim() === '').length), path).toBe(0);
      expect(await page.locator('h1').count(), path).toBe(1);
    }
  });

  test('the script is at most 150 KB, gzipped', () => {
    const scripts = [...readBuiltPages(builtPages).assets].filter(([name]) => name.endsWith('.js'));
    const bytes = scripts.reduce((sum, [, { body }]) => sum + gzipSync(body).length, 0);
    expect(scripts.length).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(150 * 1024);
  });
});

function serve(html: string): Promise<Server> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'text/html').end(html));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
