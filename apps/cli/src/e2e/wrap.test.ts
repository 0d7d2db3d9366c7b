/** `countersign wrap`, `unwrap`, on a home of their own: what is written, what is kept, what is said. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterAll, describe, expect, it } from 'vitest';
import { Home } from './home.js';
import { scratch, startUp } from './running.js';

const { dir, remove } = scratch();
afterAll(remove);
const notebook = fileURLToPath(new URL('./notebook-server.mjs', import.meta.url));

const cursorText = '{\r\n\t// mine\r\n\t"mcpServers": {\r\n\t\t"a": { "command": "npx", "args": ["-y", "pkg"], "env": { "KEY": "s3cret-value" } },\r\n\t},\r\n}\r\n';
const codexText = '# mine\n[mcp_servers.b]\ncommand = \'uvx\'  # kept\n';

describe('wrap and unwrap', () => {
  it('give the original bytes back, keep the mode, and keep originals private meanwhile', () => {
    const home = new Home(dir, 'round');
    const cursor = home.put('.cursor/mcp.json', cursorText);
    const codex = home.put('.codex/config.toml', codexText);
    chmodSync(cursor, 0o640);
    const wrapped = home.countersign('wrap');
    expect(wrapped).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(cursor, 'utf8')).toContain('"tap", "--server", "a", "--agent", "cursor", "--config-origin", "~/.cursor/mcp.json", "--", "npx", "-y", "pkg"');
    expect(readFileSync(codex, 'utf8')).toContain('"tap", "--server", "b", "--agent", "codex", "--config-origin", "~/.codex/config.toml", "--", "uvx"');
    expect(statSync(cursor).mode & 0o777).toBe(0o640);
    const kept = readdirSync(join(home.data, 'wrapped'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.original'));
    expect(kept).toHaveLength(2);
    for (const name of kept) expect(statSync(join(home.data, 'wrapped', name)).mode & 0o777).toBe(0o600);
    const unwrapped = home.countersign('unwrap');
    expect(unwrapped.stdout).toContain('original bytes');
    expect([readFileSync(cursor, 'utf8'), readFileSync(codex, 'utf8')]).toEqual([cursorText, codexText]);
    expect(readdirSync(join(home.data, 'wrapped'))).toEqual([]);
  });

  it('twice is once, and the first original is the one that comes back', () => {
    const home = new Home(dir, 'twice');
    const cursor = home.put('.cursor/mcp.json', cursorText.replace('\t},\r\n}', '\t\t"z": { "command": "z" }\r\n\t},\r\n}'));
    const original = readFileSync(cursor, 'utf8');
    home.countersign('wrap', '--server', 'a');
    home.countersign('wrap');
    const once = readFileSync(cursor, 'utf8');
    expect(home.countersign('wrap').stdout).toContain('Nothing had to be wrapped');
    expect(readFileSync(cursor, 'utf8')).toBe(once);
    expect(once.match(/"tap"/g)).toHaveLength(2);
    home.countersign('unwrap', '--server', 'z');
    expect(readFileSync(cursor, 'utf8').match(/"tap"/g)).toHaveLength(1);
    home.countersign('unwrap');
    expect(readFileSync(cursor, 'utf8')).toBe(original);
  });

  it('a file changed since loses only our words, and the original is named', () => {
    const home = new Home(dir, 'changed');
    const cursor = home.put('.cursor/mcp.json', cursorText);
    home.countersign('wrap');
    writeFileSync(cursor, readFileSync(cursor, 'utf8').replace('// mine', '// mine, later'));
    const { stdout, status } = home.countersign('unwrap');
    expect({ status, said: /changed after it was wrapped/.test(stdout) }).toEqual({ status: 0, said: true });
    expect(readFileSync(cursor, 'utf8')).toBe(cursorText.replace('// mine', '// mine, later'));
    expect(readFileSync(/kept in (\S+\.original)/.exec(stdout)?.[1] ?? '', 'utf8')).toBe(cursorText);
  });

  it('a wrap, a change, another wrap and an unwrap leave the change and nothing of ours', () => {
    const home = new Home(dir, 'again');
    const cursor = home.put('.cursor/mcp.json', cursorText);
    home.countersign('wrap');
    const added = (text: string): string => text.replace('\t},\r\n}', '\t\t"late": { "command": "late" },\r\n\t},\r\n}');
    writeFileSync(cursor, added(readFileSync(cursor, 'utf8')));
    home.countersign('wrap');
    expect(readFileSync(cursor, 'utf8').match(/"tap"/g)).toHaveLength(2);
    home.countersign('unwrap');
    expect(readFileSync(cursor, 'utf8')).toBe(added(cursorText));
  });

  it('--dry-run shows a diff and the whole command, hides secrets, and writes nothing', () => {
    const home = new Home(dir, 'dry');
    const cursor = home.put('.cursor/mcp.json', cursorText);
    const { stdout, status } = home.countersign('wrap', '--dry-run', '--agent', 'ana', '--role', 'coder');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^@@ -1,7 \+1,7 @@$/m);
    expect(stdout).toMatch(/^\+.*"tap", "--server", "a", "--agent", "ana", "--role", "coder", "--config-origin", "~\/.cursor\/mcp.json", "--", "npx"/m);
    expect(stdout).toMatch(/wrapped +a: .*tap --server a --agent ana --role coder --config-origin .*mcp\.json.* -- npx -y pkg/);
    expect(stdout).not.toContain('s3cret-value');
    expect(readFileSync(cursor, 'utf8')).toBe(cursorText);
    expect(existsSync(home.data)).toBe(false);
  });

  it('a file that does not parse is skipped, named, and makes the exit code 1; the others are done', () => {
    const home = new Home(dir, 'broken');
    const broken = home.put('shop/.mcp.json', '{ "mcpServers": ');
    const cursor = home.put('.cursor/mcp.json', cursorText);
    const { status, stderr } = home.countersign('wrap');
    expect(status).toBe(1);
    expect(stderr).toContain(`${broken}: it cannot be read as JSON`);
    expect(readFileSync(broken, 'utf8')).toBe('{ "mcpServers": ');
    expect(readFileSync(cursor, 'utf8')).toContain('"tap"');
  });

  it('a file of no known kind, bytes that are no text, an unknown client and an absent server are refused in a sentence', () => {
    const home = new Home(dir, 'refused');
    const odd = home.put('odd.json', '{"hello": 1}');
    writeFileSync(join(home.cwd, '.mcp.json'), Buffer.from([0xff, 0xfe, 0x7b, 0x00]));
    expect(home.countersign('wrap', '--file', odd).stderr).toContain('no known client keeps its servers like this');
    expect(home.countersign('wrap').stderr).toContain('it is not UTF-8 text');
    expect(home.countersign('wrap', '--client', 'nobody').stderr).toMatch(/no client "nobody"; known are claude-desktop/);
    const cursor = home.put('.cursor/mcp.json', cursorText);
    expect(home.countersign('wrap', '--file', cursor, '--server', 'ghost')).toMatchObject({ status: 1, stderr: 'countersign: no client has a server named "ghost"\n' });
  });

  it('a file named by hand is told by what it holds, wrapped, and found again by unwrap', () => {
    const home = new Home(dir, 'named');
    const file = home.put('elsewhere/servers.json', '{"servers": {"n": {"command": "n"}}}');
    expect(home.countersign('wrap', '--file', file).stdout).toContain('VS Code');
    expect(readFileSync(file, 'utf8')).toContain('"tap"');
    home.countersign('unwrap');
    expect(readFileSync(file, 'utf8')).toBe('{"servers": {"n": {"command": "n"}}}');
  });

  it('a link stays a link', () => {
    const home = new Home(dir, 'link');
    const real = home.put('dotfiles/mcp.json', cursorText);
    mkdirSync(join(home.home, '.cursor'));
    symlinkSync(real, join(home.home, '.cursor/mcp.json'));
    home.countersign('wrap');
    expect(lstatSync(join(home.home, '.cursor/mcp.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, 'utf8')).toContain('"tap"');
    home.countersign('unwrap');
    expect(readFileSync(real, 'utf8')).toBe(cursorText);
  });

  it('remote servers are told what to run, or refused with the reason', () => {
    const home = new Home(dir, 'remote');
    home.put('.cursor/mcp.json', JSON.stringify({ mcpServers: { plain: { url: 'https://a.example/mcp' }, signs: { url: 'https://b.example/mcp', auth: {} }, keyed: { url: 'https://c.example/mcp?api_key=sekret1' } } }));
    const { stdout, status } = home.countersign('wrap');
    expect(status).toBe(0);
    expect(stdout).toContain('countersign tap --server plain --agent cursor --upstream https://a.example/mcp --listen 127.0.0.1:7801');
    expect(stdout).toMatch(/signs: refused: it signs in by OAuth/);
    expect(stdout).toMatch(/keyed: refused: its `url` carries a secret/);
    expect(stdout).not.toContain('sekret1');
  });
});

describe('a wrapped server', () => {
  it('started from the wrapped entry by the SDK’s client, answers a read through the tap', { timeout: 120_000 }, async () => {
    const home = new Home(dir, 'e2e');
    const executed = join(home.home, 'executed.jsonl');
    const file = home.put('shop/.mcp.json', JSON.stringify({ mcpServers: { notebook: { type: 'stdio', command: process.execPath, args: [notebook, executed], env: {} } } }, undefined, 2));
    const up = await startUp(home.data);
    expect(home.countersign('wrap', '--client', 'claude-code', '--role', 'tester', '--data', home.data)).toMatchObject({ status: 0 });
    const entry = (JSON.parse(readFileSync(file, 'utf8')) as { mcpServers: { notebook: { command: string; args: string[] } } }).mcpServers.notebook;
    expect(entry.args).toEqual(expect.arrayContaining(['tap', '--server', 'notebook', '--agent', 'claude-code', '--config-origin', '--', process.execPath, notebook, executed]));
    const client = new Client({ name: 'e2e', version: '1' });
    try {
      await client.connect(new StdioClientTransport({ command: entry.command, args: entry.args, stderr: 'ignore' }));
      const result = await client.callTool({ name: 'read_note', arguments: { text: 'hello' } });
      expect(result.isError ?? false).toBe(false);
      expect(readFileSync(executed, 'utf8')).toContain('read_note');
      const { status, stdout, stderr } = home.countersign('doctor', '--json');
      expect(JSON.parse(stdout)).toMatchObject({
        countersign: { isRunning: true }, gate: { answers: true }, problems: [],
        servers: [{ server: 'notebook', client: 'Claude Code', state: 'wrapped', agent: 'claude-code', role: 'tester', isEnrolled: true, problems: [] }],
      });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    } finally {
      await client.close();
      await up.kill('SIGTERM');
    }
  });
});
