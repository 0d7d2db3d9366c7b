/** What happens to agents and to the record when Countersign itself is killed, restarted, or given a wrong policy. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { countersign, scratch, startUp, type Up } from './running.js';
import { tappedNotebook, type TappedClient } from './tapped-client.js';

const { dir, remove } = scratch();
const running: (Up | TappedClient)[] = [];
const stop = async (one: Up | TappedClient) => ('kill' in one ? one.kill('SIGTERM') : one.close());
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await stop(one);
});
afterAll(remove);

async function up(dataDir: string, ...more: string[]): Promise<Up> {
  const started = await startUp(dataDir, ...more);
  running.push(started);
  return started;
}

async function notebook(dataDir: string): Promise<TappedClient> {
  const tapped = await tappedNotebook(dataDir, join(dataDir, 'executed.jsonl'));
  running.push(tapped);
  return tapped;
}

/** Completeness of history, asked until it is whole or the patience ends: taps deliver what they kept after a restart. */
async function missingIn(dataDir: string): Promise<number> {
  let missing = Number.NaN;
  for (let attempt = 0; attempt < 20; attempt++) {
    const { stdout } = countersign('verify', 'completeness', '--data', dataDir);
    ({ missing } = JSON.parse(stdout || '{"missing":-1}') as { missing: number });
    if (missing === 0) return 0;
  }
  return missing;
}

describe('killing Countersign', () => {
  it('[P2, P3] reads go on while it is away, writes are refused with a reason, and afterwards nothing is missing from history', { timeout: 120_000 }, async () => {
    const dataDir = join(dir, 'killed');
    const first = await up(dataDir);
    const client = await notebook(dataDir);
    expect(await client.call('write_note', { text: 'before' })).toMatchObject({ isError: false });
    const reads = Array.from({ length: 60 }, (_, n) => client.call('read_note', { text: `note ${n}` }));
    await first.kill('SIGKILL');
    for (const read of await Promise.all(reads)) expect(read.isError).toBe(false);
    expect((await client.call('read_note', { text: 'while away' })).isError).toBe(false);
    const refused = await client.call('write_note', { text: 'while away' });
    expect(refused).toMatchObject({ isError: true });
    expect(refused.text).toMatch(/repeat|again|later|Countersign/i);
    await up(dataDir);
    let written = { text: '', isError: true };
    for (let attempt = 0; attempt < 50 && written.isError; attempt++) written = await client.call('write_note', { text: `after ${attempt}` });
    expect(written.isError).toBe(false);
    expect(await missingIn(dataDir)).toBe(0);
    const executed = readFileSync(join(dataDir, 'executed.jsonl'), 'utf8');
    expect(executed).not.toContain('"write_note","args":{"text":"while away"}');
  });
});

describe('a wrong policy', () => {
  it('is refused at start with file, line and reason, and nothing runs', async () => {
    const bad = join(dir, 'bad.yaml');
    writeFileSync(bad, countersign('policy', 'default').stdout.replace('deadlineMs: 1000', 'deadlineMs: soon'));
    await expect(startUp(join(dir, 'refused'), '--policy', bad)).rejects.toThrow(/bad\.yaml:\d+:\d+/);
  });

  it('is refused at reload, and the old one stays in force', { timeout: 60_000 }, async () => {
    const dataDir = join(dir, 'reloaded');
    await up(dataDir);
    const client = await notebook(dataDir);
    expect((await client.call('write_note', { text: 'one' })).isError).toBe(false);
    const file = join(dataDir, 'policy.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('mode: enforce', 'mode: perhaps'));
    const log = join(dataDir, 'countersign.log');
    await expect.poll(() => readFileSync(log, 'utf8'), { timeout: 10_000 }).toContain('PolicyRefused');
    expect(readFileSync(log, 'utf8')).toMatch(/policy\.yaml:\d+:\d+/);
    expect((await client.call('write_note', { text: 'two' })).isError).toBe(false);
  });
});
