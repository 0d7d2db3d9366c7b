/**
 * Which MCP clients keep their servers where. Data only: `config-files.ts` turns it into paths for one machine.
 * CT1. A place is `{folder}/rest` with forward slashes; the folders are named in `config-files.ts`.
 * CT2. `servers` names the members that hold entries by name; `*` stands for any member.
 * Sources: the vendors' documentation; only the Linux places have been exercised.
 */
export type Format = 'json' | 'toml' | 'yaml';

/** user: one person's; project: in the folder the client was opened in, often shared; managed: an organisation's, never edited here. */
export type Scope = 'user' | 'project' | 'managed';

export interface ClientPlace {
  readonly scope: Scope;
  /** One pattern for all systems, or one for each. */
  readonly file: string | { readonly linux?: string; readonly darwin?: string; readonly win32?: string };
}

export interface Client {
  readonly id: string;
  readonly title: string;
  readonly format: Format;
  readonly servers: readonly (readonly string[])[];
  readonly places: readonly ClientPlace[];
  /** What a person must know before or after an edit. */
  readonly advice?: string;
}

const user = (file: ClientPlace['file']): ClientPlace => ({ scope: 'user', file });
const project = (file: ClientPlace['file']): ClientPlace => ({ scope: 'project', file });
const managed = (file: ClientPlace['file']): ClientPlace => ({ scope: 'managed', file });
const mcpServers = [['mcpServers']];
const clineFolder = 'User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json';

export const clients: readonly Client[] = [
  {
    id: 'claude-desktop', title: 'Claude Desktop', format: 'json', servers: mcpServers,
    places: [user('{config}/Claude/claude_desktop_config.json')],
    advice: 'remote connectors run in the vendor’s cloud and packaged extensions are kept elsewhere: neither passes through this file, and neither can be wrapped here',
  },
  {
    id: 'claude-code', title: 'Claude Code', format: 'json', servers: [['mcpServers'], ['projects', '*', 'mcpServers']],
    places: [
      project('{cwd}/.mcp.json'),
      user('{claude}/.claude.json'),
      managed({ linux: '/etc/claude-code/managed-mcp.json', darwin: '/Library/Application Support/ClaudeCode/managed-mcp.json', win32: 'C:/Program Files/ClaudeCode/managed-mcp.json' }),
    ],
    advice: 'it rewrites .claude.json while it runs, so close it for the edit; a changed project server is asked about again',
  },
  { id: 'cursor', title: 'Cursor', format: 'json', servers: mcpServers, places: [user('{home}/.cursor/mcp.json'), project('{cwd}/.cursor/mcp.json')] },
  {
    id: 'vscode', title: 'VS Code', format: 'json', servers: [['servers']],
    places: [user('{config}/Code/User/mcp.json'), user('{config}/Code - Insiders/User/mcp.json'), project('{cwd}/.vscode/mcp.json')],
  },
  { id: 'windsurf', title: 'Windsurf', format: 'json', servers: mcpServers, places: [user('{home}/.codeium/windsurf/mcp_config.json')] },
  { id: 'codex', title: 'Codex', format: 'toml', servers: [['mcp_servers']], places: [user('{codex}/config.toml'), project('{cwd}/.codex/config.toml')] },
  { id: 'gemini', title: 'Gemini CLI', format: 'json', servers: mcpServers, places: [user('{home}/.gemini/settings.json'), project('{cwd}/.gemini/settings.json')] },
  { id: 'antigravity', title: 'Antigravity', format: 'json', servers: mcpServers, places: [user('{home}/.gemini/config/mcp_config.json')] },
  {
    id: 'copilot', title: 'Copilot CLI', format: 'json', servers: mcpServers,
    places: [user('{home}/.copilot/mcp-config.json'), project('{cwd}/.mcp.json'), project('{cwd}/.github/mcp.json')],
  },
  {
    id: 'cline', title: 'Cline', format: 'json', servers: mcpServers,
    places: [user(`{config}/Code/${clineFolder}`), user('{home}/.cline/data/settings/cline_mcp_settings.json')],
  },
  {
    id: 'zed', title: 'Zed', format: 'json', servers: [['context_servers']],
    places: [user({ linux: '{dotconfig}/zed/settings.json', darwin: '{dotconfig}/zed/settings.json', win32: '{config}/Zed/settings.json' }), project('{cwd}/.zed/settings.json')],
  },
  {
    id: 'opencode', title: 'OpenCode', format: 'json', servers: [['mcp']],
    places: [user('{dotconfig}/opencode/opencode.jsonc'), user('{dotconfig}/opencode/opencode.json'), project('{cwd}/opencode.jsonc'), project('{cwd}/opencode.json')],
  },
  {
    id: 'goose', title: 'Goose', format: 'yaml', servers: [['extensions']],
    places: [user({ linux: '{dotconfig}/goose/config.yaml', darwin: '{dotconfig}/goose/config.yaml', win32: '{config}/Block/goose/config/config.yaml' })],
  },
];
