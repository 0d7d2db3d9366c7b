/** `countersign doctor` and `countersign hook`, on a home of their own. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Home } from './home.js';
import { scratch } from './running.js';

const { dir, remove } = scratch();
afterAll(remove);

interface Report {
  readonly gate: { readonly answers: boolean };
  readonly servers: readonly { readonly server: string; readonly state: string; readonly problems: readonly string[]; readonly isEnrolled?: boolean }[];
  readonly files: readonly { readonly file: string; readonly problem?: string }[];
  readonly problems: readonly string[];
}

const doctor = (home: Home): Report => JSON.parse(home.countersign('doctor', '--json').stdout) as Report;

describe('countersign doctor', () => {
  it('on a machine without clients finds nothing and nothing wrong', () => {
    const home = new Home(dir, 'empty');
    expect(home.countersign('doctor')).toMatchObject({ status: 0, stderr: '' });
    expect(doctor(home)).toMatchObject({ files: [], servers: [], problems: [], gate: { answers: false } });
  });

  it('lists every server, those without a tap too, and never a secret', () => {
    const home = new Home(dir, 'inventory');
    home.put('.cursor/mcp.json', JSON.stringify({ mcpServers: { bare: { command: process.execPath, args: ['--token', 'hunter2x'] }, far: { url: 'https://a.example/mcp' }, near: { url: 'http://127.0.0.1:7801/mcp' } } }));
    home.put('.config/goose/config.yaml', 'extensions:\n  inner:\n    type: builtin\n');
    const { stdout, status } = home.countersign('doctor');
    expect(status).toBe(0);
    expect(stdout).toContain('4 servers, 3 of them without a tap');
    expect(stdout).toContain('1 reached at an address of this machine');
    expect(stdout).not.toContain('hunter2x');
    expect(doctor(home).servers.map(({ server, state }) => `${server}: ${state}`)).toEqual(['bare: not wrapped', 'far: remote', 'near: on this machine', 'inner: inside the client']);
  });

  it('says that nobody answers when servers are wrapped, and exits with 1', () => {
    const home = new Home(dir, 'away');
    home.put('.cursor/mcp.json', JSON.stringify({ mcpServers: { a: { command: process.execPath, args: ['a.js'] } } }));
    home.countersign('wrap');
    const { status, stderr } = home.countersign('doctor');
    expect(status).toBe(1);
    expect(stderr).toContain('no gate answers');
    expect(doctor(home).servers).toMatchObject([{ state: 'wrapped', isEnrolled: false, problems: [] }]);
  });

  it('names a tap whose program is gone, a command that is gone, another data folder and a file it cannot read', () => {
    const home = new Home(dir, 'stale');
    const gone = join(home.home, 'gone', 'countersign.js');
    home.put('.cursor/mcp.json', JSON.stringify({
      mcpServers: {
        stale: { command: process.execPath, args: [gone, 'tap', '--server', 'stale', '--', process.execPath, 'a.js'] },
        lost: { command: '/no/such/server' },
        other: { command: process.execPath, args: [process.execPath.replace(/[^/\\]+$/, 'node'), 'x'] },
        away: { command: 'countersign', args: ['tap', '--server', 'away', '--data', '/elsewhere', '--', process.execPath] },
      },
    }));
    const codex = home.put('.codex/config.toml', '[mcp_servers\n');
    const report = doctor(home);
    const problemsOf = (name: string): string => report.servers.find(({ server }) => server === name)?.problems.join(' ') ?? 'absent';
    expect(problemsOf('stale')).toContain(`stale: ${gone} is gone`);
    expect(problemsOf('lost')).toBe('its command /no/such/server is not found');
    expect(problemsOf('other')).toBe('');
    expect(problemsOf('away')).toContain('its tap reports to /elsewhere');
    expect(report.files.find(({ file }) => file === codex)?.problem).toMatch(/cannot be read as TOML/);
  });

  it('a stale tap is healed as doctor says: unwrap, then wrap', () => {
    const home = new Home(dir, 'healed');
    const words = ['/gone/countersign.js', 'tap', '--server', 'a', '--', process.execPath, 'a.js'];
    home.put('.cursor/mcp.json', JSON.stringify({ mcpServers: { a: { command: process.execPath, args: words } } }));
    expect(doctor(home).servers[0]?.problems.join()).toContain('stale');
    home.countersign('unwrap');
    expect(doctor(home).servers).toMatchObject([{ state: 'not wrapped', problems: [] }]);
    home.countersign('wrap');
    expect(doctor(home).servers).toMatchObject([{ state: 'wrapped', problems: [] }]);
  });

  it('does not obey a terminal sequence in a project’s file', () => {
    const home = new Home(dir, 'hostile');
    home.put('shop/.mcp.json', JSON.stringify({ mcpServers: { 'a\u001b[2J': { command: process.execPath, args: ['\u202e\u001b]0;x\u0007'] } } }));
    for (const args of [['doctor'], ['wrap', '--dry-run']]) {
      const { stdout } = home.countersign(...args);
      expect(stdout).toContain('a\\u001b[2J');
      for (const character of ['\u001b', '\u0007', '\u202e']) expect(stdout).not.toContain(character);
    }
  });
});

describe('countersign hook', () => {
  const tasks = (home: Home): string => join(home.data, 'tasks');

  it('hands the prompt over under the agent’s name, private, and says nothing', () => {
    const home = new Home(dir, 'hook');
    const input = JSON.stringify({ session_id: 's-1', hook_event_name: 'UserPromptSubmit', prompt: 'Pay the invoice of March.' });
    expect(home.fed(input, 'hook', '--agent', 'claude-code')).toEqual({ status: 0, stdout: '', stderr: '' });
    const file = join(tasks(home), 'claude-code.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ v: 1, text: 'Pay the invoice of March.', id: expect.stringMatching(/^s-1\.[0-9a-f]{16}$/), at: expect.any(Number) });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(tasks(home)).mode & 0o777).toBe(0o700);
  });

  it('a later prompt takes the place of an earlier one and has another id', () => {
    const home = new Home(dir, 'later');
    const ids = ['one', 'two'].map((prompt) => {
      home.fed(JSON.stringify({ user_prompt: prompt }), 'hook', '--agent', 'a');
      return (JSON.parse(readFileSync(join(tasks(home), 'a.json'), 'utf8')) as { id: string }).id;
    });
    expect(new Set(ids).size).toBe(2);
    expect(readdirSync(tasks(home))).toEqual(['a.json']);
  });

  it('without a name the process that ran it stands for the agent', () => {
    const home = new Home(dir, 'parent');
    home.fed('{"prompt":"x"}', 'hook');
    expect(readdirSync(tasks(home))).toEqual([`${process.pid}.json`]);
  });

  it('a name cannot lead out of the folder', () => {
    const home = new Home(dir, 'name');
    home.fed('{"prompt":"x"}', 'hook', '--agent', '../../x');
    expect(readdirSync(tasks(home))).toEqual(['%2E%2E%2F%2E%2E%2Fx.json']);
  });

  it('cuts a long prompt at a whole character', () => {
    const home = new Home(dir, 'long');
    home.fed(JSON.stringify({ prompt: `${'a'.repeat(3_999)}𝄞 and more` }), 'hook', '--agent', 'a');
    expect((JSON.parse(readFileSync(join(tasks(home), 'a.json'), 'utf8')) as { text: string }).text).toBe('a'.repeat(3_999));
  });

  it.each([
    { what: 'no JSON', input: 'hello', args: [], reason: 'holds no JSON object' },
    { what: 'no prompt', input: '{"tool":"x"}', args: [], reason: 'no text in `prompt`' },
    { what: 'too much', input: JSON.stringify({ prompt: 'a'.repeat(1_100_000) }), args: [], reason: 'larger than' },
    { what: 'a name of digits', input: '{"prompt":"x"}', args: ['--agent', '42'], reason: 'digits only' },
  ])('$what: one sentence without the prompt, exit code 1, nothing written', ({ what, input, args, reason }) => {
    const home = new Home(dir, `bad ${what}`);
    const { status, stdout, stderr } = home.fed(input, 'hook', ...args);
    expect({ status, stdout, lines: stderr.trim().split('\n').length }).toEqual({ status: 1, stdout: '', lines: 1 });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain('aaaa');
  });
});
