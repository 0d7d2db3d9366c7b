/** Files of agents of the terminal as their users write them, and the same files wrapped. */
import type { WrittenExample } from './example.js';

export const terminals: readonly WrittenExample[] = [
  {
    client: 'claude-code',
    title: 'a project file with placeholders and a remote server',
    entries: ['db: wrapped', 'crm: remote'],
    text: `{
  "mcpServers": {
    "db": {
      "type": "stdio",
      "command": "\${PYTHON:-python3}",
      "args": ["-m", "db_server", "--root", "\${PWD}"],
      "env": { "DB_URL": "\${DB_URL}" }
    },
    "crm": { "type": "http", "url": "https://crm.example.com/mcp", "headers": { "Authorization": "Bearer \${CRM_TOKEN}" } }
  }
}
`,
    wrapped: `{
  "mcpServers": {
    "db": {
      "type": "stdio",
      "command": "countersign",
      "args": ["tap", "--server", "db", "--agent", "ana", "--role", "coder", "--", "\${PYTHON:-python3}", "-m", "db_server", "--root", "\${PWD}"],
      "env": { "DB_URL": "\${DB_URL}" }
    },
    "crm": { "type": "http", "url": "https://crm.example.com/mcp", "headers": { "Authorization": "Bearer \${CRM_TOKEN}" } }
  }
}
`,
  },
  {
    client: 'claude-code',
    title: 'the user file with servers of single projects',
    entries: ['notes: wrapped'],
    text: `{
  "numStartups": 41,
  "mcpServers": {},
  "projects": {
    "/home/ana/shop": {
      "allowedTools": [],
      "mcpServers": {
        "notes": {
          "type": "stdio",
          "command": "notes-server",
          "args": [],
          "env": {}
        }
      }
    },
    "/home/ana/site": { "history": [] }
  }
}`,
    wrapped: `{
  "numStartups": 41,
  "mcpServers": {},
  "projects": {
    "/home/ana/shop": {
      "allowedTools": [],
      "mcpServers": {
        "notes": {
          "type": "stdio",
          "command": "countersign",
          "args": ["tap", "--server", "notes", "--agent", "ana", "--role", "coder", "--", "notes-server"],
          "env": {}
        }
      }
    },
    "/home/ana/site": { "history": [] }
  }
}`,
  },
  {
    client: 'codex',
    title: 'comments, literal strings, inline tables and dotted keys',
    entries: ['files: wrapped', 'my tools: wrapped', 'docs: remote'],
    text: `# my settings
model = "o9"   # newest

[mcp_servers.files]  # notes
command = 'npx'   # no shell
args = [
  "-y",  # yes
  '@modelcontextprotocol/server-filesystem', "/home/ana",
]
startup_timeout_sec = 20
env = { "TOKEN" = "$TOKEN", A = 'b' }

[mcp_servers."my tools"]
command = "tools-server"

[mcp_servers."my tools".env]
MODE = "fast"

[mcp_servers.docs]
url = "https://docs.example.com/mcp"
bearer_token_env_var = "DOCS_TOKEN"

[other]
when = 2026-01-02T03:04:05Z
`,
    wrapped: `# my settings
model = "o9"   # newest

[mcp_servers.files]  # notes
command = "countersign"   # no shell
args = [
  "tap",
  "--server",
  "files",
  "--agent",
  "ana",
  "--role",
  "coder",
  "--",
  "npx",
  "-y",  # yes
  '@modelcontextprotocol/server-filesystem', "/home/ana",
]
startup_timeout_sec = 20
env = { "TOKEN" = "$TOKEN", A = 'b' }

[mcp_servers."my tools"]
command = "countersign"
args = ["tap", "--server", "my tools", "--agent", "ana", "--role", "coder", "--", "tools-server"]

[mcp_servers."my tools".env]
MODE = "fast"

[mcp_servers.docs]
url = "https://docs.example.com/mcp"
bearer_token_env_var = "DOCS_TOKEN"

[other]
when = 2026-01-02T03:04:05Z
`,
  },
  {
    client: 'codex',
    title: 'everything inline, with CRLF',
    eol: '\r\n',
    entries: ['one: wrapped', 'two: wrapped', 'three: wrapped'],
    text: `mcp_servers.one = { command = "one", args = [] }
mcp_servers.two.command = "two"
[mcp_servers.three]
enabled = false
command = """three"""
args = ["x"]
`,
    wrapped: `mcp_servers.one = { command = "countersign", args = ["tap", "--server", "one", "--agent", "ana", "--role", "coder", "--", "one"] }
mcp_servers.two.command = "countersign"
mcp_servers.two.args = ["tap", "--server", "two", "--agent", "ana", "--role", "coder", "--", "two"]
[mcp_servers.three]
enabled = false
command = "countersign"
args = ["tap", "--server", "three", "--agent", "ana", "--role", "coder", "--", "three", "x"]
`,
  },
  {
    client: 'gemini',
    title: 'settings around the servers',
    entries: ['git: wrapped', 'web: remote'],
    text: `{
  "theme": "dark",
  "mcpServers": {
    "git": { "command": "uvx", "args": [ "mcp-server-git" ], "timeout": 30000, "trust": false },
    "web": { "httpUrl": "https://web.example.com/mcp", "headers": { "X-Key": "$WEB_KEY" } }
  },
  "selectedAuthType": "x"
}
`,
    wrapped: `{
  "theme": "dark",
  "mcpServers": {
    "git": { "command": "countersign", "args": [ "tap", "--server", "git", "--agent", "ana", "--role", "coder", "--", "uvx", "mcp-server-git" ], "timeout": 30000, "trust": false },
    "web": { "httpUrl": "https://web.example.com/mcp", "headers": { "X-Key": "$WEB_KEY" } }
  },
  "selectedAuthType": "x"
}
`,
  },
  {
    client: 'copilot',
    title: 'with a list of tools',
    entries: ['shot: wrapped'],
    text: `{
  "mcpServers": {
    "shot": {
      "type": "local",
      "command": "npx",
      "args": [],
      "tools": ["*"]
    }
  }
}
`,
    wrapped: `{
  "mcpServers": {
    "shot": {
      "type": "local",
      "command": "countersign",
      "args": ["tap", "--server", "shot", "--agent", "ana", "--role", "coder", "--", "npx"],
      "tools": ["*"]
    }
  }
}
`,
  },
  {
    client: 'opencode',
    title: 'commands as lists',
    entries: ['everything: wrapped', 'long: wrapped', 'far: remote'],
    text: `{
  "$schema": "https://opencode.ai/config.json",
  "mcp": {
    "everything": {
      "type": "local",
      "command": ["npx", "-y", "@modelcontextprotocol/server-everything"], // demo
      "enabled": true,
      "environment": { "A": "{env:A}" },
    },
    "long": {
      "type": "local",
      "command": [
        "bun",
        "x",
      ],
    },
    "far": { "type": "remote", "url": "https://far.example.com/mcp" },
  },
}
`,
    wrapped: `{
  "$schema": "https://opencode.ai/config.json",
  "mcp": {
    "everything": {
      "type": "local",
      "command": ["countersign", "tap", "--server", "everything", "--agent", "ana", "--role", "coder", "--", "npx", "-y", "@modelcontextprotocol/server-everything"], // demo
      "enabled": true,
      "environment": { "A": "{env:A}" },
    },
    "long": {
      "type": "local",
      "command": [
        "countersign",
        "tap",
        "--server",
        "long",
        "--agent",
        "ana",
        "--role",
        "coder",
        "--",
        "bun",
        "x",
      ],
    },
    "far": { "type": "remote", "url": "https://far.example.com/mcp" },
  },
}
`,
  },
  {
    client: 'goose',
    title: 'block and flow lists, comments',
    entries: ['developer: other', 'fetch: wrapped', 'notes: wrapped', 'bare: wrapped', 'zero: wrapped', 'same: wrapped', 'web: remote'],
    text: `# goose
GOOSE_MODEL: big   # the big one
extensions:
  developer:
    type: builtin
    enabled: true
  fetch:
    name: fetch
    cmd: uvx    # found on PATH
    args:
      - mcp-server-fetch   # the server
      - '--ignore-robots'
    envs: {}
    type: stdio
  notes:
      type: stdio
      args: [serve, "--here"]
      cmd: "notes"
  bare:
    type: stdio
    cmd: 'bare-server'  # alone
    timeout: 300
  zero: {type: stdio, cmd: zero, args: []}
  same:
    type: stdio
    cmd: same
    args:
    - a
    - b
  web:
    type: streamable_http
    uri: https://web.example.com/mcp
`,
    wrapped: `# goose
GOOSE_MODEL: big   # the big one
extensions:
  developer:
    type: builtin
    enabled: true
  fetch:
    name: fetch
    cmd: "countersign"    # found on PATH
    args:
      - "tap"
      - "--server"
      - "fetch"
      - "--agent"
      - "ana"
      - "--role"
      - "coder"
      - "--"
      - "uvx"
      - mcp-server-fetch   # the server
      - '--ignore-robots'
    envs: {}
    type: stdio
  notes:
      type: stdio
      args: ["tap", "--server", "notes", "--agent", "ana", "--role", "coder", "--", "notes", serve, "--here"]
      cmd: "countersign"
  bare:
    type: stdio
    cmd: "countersign"
    args: ["tap", "--server", "bare", "--agent", "ana", "--role", "coder", "--", "bare-server"]  # alone
    timeout: 300
  zero: {type: stdio, cmd: "countersign", args: ["tap", "--server", "zero", "--agent", "ana", "--role", "coder", "--", "zero"]}
  same:
    type: stdio
    cmd: "countersign"
    args:
    - "tap"
    - "--server"
    - "same"
    - "--agent"
    - "ana"
    - "--role"
    - "coder"
    - "--"
    - "same"
    - a
    - b
  web:
    type: streamable_http
    uri: https://web.example.com/mcp
`,
  },
];
