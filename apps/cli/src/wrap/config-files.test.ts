import { describe, expect, it } from 'vitest';
import { clients } from './client-table.js';
import { configFilesOf, type Machine } from './config-files.js';

const linux: Machine = { platform: 'linux', env: {}, home: '/home/ana', cwd: '/home/ana/shop' };
const mac: Machine = { platform: 'darwin', env: {}, home: '/Users/ana', cwd: '/Users/ana/shop' };
const windows: Machine = { platform: 'win32', env: { APPDATA: 'C:\\Users\\ana\\AppData\\Roaming' }, home: 'C:\\Users\\ana', cwd: 'D:\\shop' };
const filesOf = (machine: Machine, id: string): string[] => configFilesOf(machine).filter(({ client }) => client.id === id).map(({ file }) => file);

describe('where each client keeps its servers', () => {
  it.each<readonly [string, Machine, readonly string[]]>([
    ['claude-desktop', linux, ['/home/ana/.config/Claude/claude_desktop_config.json']],
    ['claude-desktop', mac, ['/Users/ana/Library/Application Support/Claude/claude_desktop_config.json']],
    ['claude-desktop', windows, ['C:\\Users\\ana\\AppData\\Roaming\\Claude\\claude_desktop_config.json']],
    ['claude-code', linux, ['/home/ana/shop/.mcp.json', '/home/ana/.claude.json', '/etc/claude-code/managed-mcp.json']],
    ['claude-code', windows, ['D:\\shop\\.mcp.json', 'C:\\Users\\ana\\.claude.json', 'C:\\Program Files\\ClaudeCode\\managed-mcp.json']],
    ['cursor', mac, ['/Users/ana/.cursor/mcp.json', '/Users/ana/shop/.cursor/mcp.json']],
    ['vscode', linux, ['/home/ana/.config/Code/User/mcp.json', '/home/ana/.config/Code - Insiders/User/mcp.json', '/home/ana/shop/.vscode/mcp.json']],
    ['vscode', windows, ['C:\\Users\\ana\\AppData\\Roaming\\Code\\User\\mcp.json', 'C:\\Users\\ana\\AppData\\Roaming\\Code - Insiders\\User\\mcp.json', 'D:\\shop\\.vscode\\mcp.json']],
    ['windsurf', windows, ['C:\\Users\\ana\\.codeium\\windsurf\\mcp_config.json']],
    ['codex', linux, ['/home/ana/.codex/config.toml', '/home/ana/shop/.codex/config.toml']],
    ['gemini', mac, ['/Users/ana/.gemini/settings.json', '/Users/ana/shop/.gemini/settings.json']],
    ['antigravity', linux, ['/home/ana/.gemini/config/mcp_config.json']],
    ['copilot', linux, ['/home/ana/.copilot/mcp-config.json', '/home/ana/shop/.github/mcp.json']],
    ['cline', mac, ['/Users/ana/Library/Application Support/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json', '/Users/ana/.cline/data/settings/cline_mcp_settings.json']],
    ['zed', mac, ['/Users/ana/.config/zed/settings.json', '/Users/ana/shop/.zed/settings.json']],
    ['zed', windows, ['C:\\Users\\ana\\AppData\\Roaming\\Zed\\settings.json', 'D:\\shop\\.zed\\settings.json']],
    ['opencode', linux, ['/home/ana/.config/opencode/opencode.jsonc', '/home/ana/.config/opencode/opencode.json', '/home/ana/shop/opencode.jsonc', '/home/ana/shop/opencode.json']],
    ['goose', mac, ['/Users/ana/.config/goose/config.yaml']],
    ['goose', windows, ['C:\\Users\\ana\\AppData\\Roaming\\Block\\goose\\config\\config.yaml']],
  ])('%s', (id, machine, files) => {
    expect(filesOf(machine, id)).toEqual(files);
  });

  it('every client has a place on every system', () => {
    for (const machine of [linux, mac, windows]) for (const { id } of clients) expect({ id, count: filesOf(machine, id).length }).not.toMatchObject({ count: 0 });
  });

  it('the environment moves what it is documented to move', () => {
    const env = { XDG_CONFIG_HOME: '/cfg', CODEX_HOME: '/codex', CLAUDE_CONFIG_DIR: '/claude' };
    expect(filesOf({ ...linux, env }, 'vscode')[0]).toBe('/cfg/Code/User/mcp.json');
    expect(filesOf({ ...linux, env }, 'codex')[0]).toBe('/codex/config.toml');
    expect(filesOf({ ...linux, env }, 'claude-code')[1]).toBe('/claude/.claude.json');
    expect(filesOf({ ...mac, env }, 'vscode')[0]).toBe('/Users/ana/Library/Application Support/Code/User/mcp.json');
  });

  it('a file that two clients share is named once', () => {
    const shared = configFilesOf(linux).filter(({ file }) => file === '/home/ana/shop/.mcp.json');
    expect(shared).toMatchObject([{ client: { id: 'claude-code' }, alsoReadBy: ['Copilot CLI'] }]);
  });
});
