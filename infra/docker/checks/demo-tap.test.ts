/** The compose file's tap, started natively with the same words: an MCP client speaks through it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { readCompose } from './compose-schema.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const dir = mkdtempSync(join(tmpdir(), 'countersign-demo-tap-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the compose file’s demo-tap', () => {
  it('answers a client over standard input and output, and ends with it', async () => {
    const { command = [], environment = {} } = readCompose(readFileSync(join(root, 'docker-compose.yml'), 'utf8')).services['demo-tap'] ?? {};
    const words = command.map((word) => (word === '/run/countersign' ? dir : word));
    const child = spawn(process.execPath, ['apps/cli/bin/countersign.js', ...words], { cwd: root, stdio: ['pipe', 'pipe', 'ignore'], env: { PATH: process.env['PATH'], MEMORY_FILE_PATH: join(dir, String(environment['MEMORY_FILE_PATH']).slice('/tmp/'.length)) } });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const ask = async (message: object): Promise<unknown> => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
      return JSON.parse(String((await lines.next()).value));
    };
    expect(await ask({ id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'check', version: '1' } } })).toMatchObject({ id: 1, result: { serverInfo: {} } });
    child.stdin.write('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    expect(JSON.stringify(await ask({ id: 2, method: 'tools/list' }))).toContain('create_entities');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});
