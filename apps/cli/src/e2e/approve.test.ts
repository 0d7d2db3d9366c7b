/** A person approves a real held call in a real browser, and the tool runs; nobody answers, and it does not. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { afterAll, describe, expect, it } from 'vitest';
import { scratch, startUp } from './running.js';
import { tappedNotebook } from './tapped-client.js';

const { dir, remove } = scratch();
afterAll(remove);
const executablePath = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const browserArgs = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

describe('the console', () => {
  it('shows a held refund, and approving it by keyboard lets exactly that call run', { timeout: 90_000 }, async () => {
    const executedFile = join(dir, 'executed.jsonl');
    const up = await startUp(dir);
    const client = await tappedNotebook(dir, executedFile);
    const browser = await chromium.launch({ executablePath, args: browserArgs });
    try {
      const page = await browser.newPage();
      await page.goto(up.loginLink);
      await page.getByRole('heading', { name: /approvals/i }).first().waitFor();
      const calling = client.call('refund_order', { order: 'A-1007' });
      await page.getByText(/A-1007/).first().waitFor({ timeout: 15_000 });
      expect(existsSync(executedFile)).toBe(false);
      // Keys are inert for a moment after a card appears under the cursor.
      await page.waitForTimeout(1_000);
      await page.keyboard.press('a');
      await page.getByRole('button', { name: /confirm|approve this call|yes/i }).first().click();
      expect(await calling).toMatchObject({ isError: false });
      expect(readFileSync(executedFile, 'utf8')).toContain('"order":"A-1007"');
    } finally {
      await browser.close();
      await client.close();
      await up.kill('SIGTERM');
    }
  });
});
