/** Files of desktop programs and editors as their users write them, and the same files wrapped. */
import type { WrittenExample } from './example.js';

export const editors: readonly WrittenExample[] = [
  {
    client: 'claude-desktop',
    title: 'strict JSON with a byte order mark and CRLF',
    eol: '\r\n',
    hasMark: true,
    entries: ['filesystem: wrapped', 'clock: wrapped'],
    text: `{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "npx",
      "args": [
        "-y",
        "@modelcontextprotocol/server-filesystem",
        "C:\\\\Users\\\\ana\\\\Documents"
      ]
    },
    "clock": { "command": "C:\\\\Program Files\\\\clock\\\\clock.exe" }
  }
}
`,
    wrapped: `{
  "globalShortcut": "Ctrl+Space",
  "mcpServers": {
    "filesystem": {
      "command": "countersign",
      "args": [
        "tap",
        "--server",
        "filesystem",
        "--agent",
        "ana",
        "--role",
        "coder",
        "--",
        "npx",
        "-y",
        "@modelcontextprotocol/server-filesystem",
        "C:\\\\Users\\\\ana\\\\Documents"
      ]
    },
    "clock": { "command": "countersign", "args": ["tap", "--server", "clock", "--agent", "ana", "--role", "coder", "--", "C:\\\\Program Files\\\\clock\\\\clock.exe"] }
  }
}
`,
  },
  {
    client: 'cursor',
    title: 'comments, tabs and trailing commas',
    entries: ['search: wrapped', 'linear: remote'],
    text: `// mine, keep in order
{
\t"mcpServers": {
\t\t/* search */
\t\t"search": {
\t\t\t"env": { "KEY": "\${env:SEARCH_KEY}", },
\t\t\t"command": "uvx", // from brew
\t\t\t"args": [
\t\t\t\t// newest
\t\t\t\t"search-mcp@latest", // pin one day
\t\t\t\t"--safe",
\t\t\t],
\t\t\t"envFile": "\${workspaceFolder}/.env",
\t\t},
\t\t"linear": { "url": "https://mcp.linear.example/sse", "auth": { "CLIENT_ID": "x" } },
\t},
}
`,
    wrapped: `// mine, keep in order
{
\t"mcpServers": {
\t\t/* search */
\t\t"search": {
\t\t\t"env": { "KEY": "\${env:SEARCH_KEY}", },
\t\t\t"command": "countersign", // from brew
\t\t\t"args": [
\t\t\t\t// newest
\t\t\t\t"tap",
\t\t\t\t"--server",
\t\t\t\t"search",
\t\t\t\t"--agent",
\t\t\t\t"ana",
\t\t\t\t"--role",
\t\t\t\t"coder",
\t\t\t\t"--",
\t\t\t\t"uvx",
\t\t\t\t"search-mcp@latest", // pin one day
\t\t\t\t"--safe",
\t\t\t],
\t\t\t"envFile": "\${workspaceFolder}/.env",
\t\t},
\t\t"linear": { "url": "https://mcp.linear.example/sse", "auth": { "CLIENT_ID": "x" } },
\t},
}
`,
  },
  {
    client: 'vscode',
    title: 'inputs and servers',
    entries: ['playwright: wrapped', 'plain: wrapped'],
    text: `{
    "inputs": [{ "type": "promptString", "id": "key", "password": true }],
    "servers": {
        "playwright": {
            "type": "stdio",
            "command": "npx",
            "args": ["@playwright/mcp@latest"],
            "env": { "API_KEY": "\${input:key}" },
            "cwd": "\${workspaceFolder}"
        },
        "plain": {
            "command": "plain-server"
        },
    }
}
`,
    wrapped: `{
    "inputs": [{ "type": "promptString", "id": "key", "password": true }],
    "servers": {
        "playwright": {
            "type": "stdio",
            "command": "countersign",
            "args": ["tap", "--server", "playwright", "--agent", "ana", "--role", "coder", "--", "npx", "@playwright/mcp@latest"],
            "env": { "API_KEY": "\${input:key}" },
            "cwd": "\${workspaceFolder}"
        },
        "plain": {
            "command": "countersign",
            "args": ["tap", "--server", "plain", "--agent", "ana", "--role", "coder", "--", "plain-server"]
        },
    }
}
`,
  },
  {
    client: 'windsurf',
    title: 'a server address of its own kind',
    entries: ['files: wrapped', 'remote: remote'],
    text: `{
  "mcpServers": {
    "files": { "command": "node", "args": ["/opt/files/index.js"], "disabled": true },
    "remote": { "serverUrl": "https://mcp.example.com/mcp" }
  }
}
`,
    wrapped: `{
  "mcpServers": {
    "files": { "command": "countersign", "args": ["tap", "--server", "files", "--agent", "ana", "--role", "coder", "--", "node", "/opt/files/index.js"], "disabled": true },
    "remote": { "serverUrl": "https://mcp.example.com/mcp" }
  }
}
`,
  },
  {
    client: 'antigravity',
    title: 'one line',
    entries: ['a: wrapped', 'b: remote'],
    text: `{"mcpServers":{"a":{"command":"a-server","args":["--port",8080]},"b":{"serverUrl":"https://b.example.com"}}}`,
    wrapped: `{"mcpServers":{"a":{"command":"countersign","args":["tap", "--server", "a", "--agent", "ana", "--role", "coder", "--", "a-server", "--port",8080]},"b":{"serverUrl":"https://b.example.com"}}}`,
  },
  {
    client: 'cline',
    title: 'approvals and a disabled server',
    entries: ['memory: wrapped', 'hub: remote'],
    text: `{
  "mcpServers": {
    "memory": {
      "autoApprove": ["read_graph"],
      "disabled": false,
      "timeout": 60,
      "type": "stdio",
      "command": "cmd",
      "args": ["/c", "npx", "-y", "@modelcontextprotocol/server-memory"]
    },
    "hub": { "type": "streamableHttp", "url": "http://localhost:9000/mcp", "disabled": true }
  }
}
`,
    wrapped: `{
  "mcpServers": {
    "memory": {
      "autoApprove": ["read_graph"],
      "disabled": false,
      "timeout": 60,
      "type": "stdio",
      "command": "countersign",
      "args": ["tap", "--server", "memory", "--agent", "ana", "--role", "coder", "--", "cmd", "/c", "npx", "-y", "@modelcontextprotocol/server-memory"]
    },
    "hub": { "type": "streamableHttp", "url": "http://localhost:9000/mcp", "disabled": true }
  }
}
`,
  },
  {
    client: 'zed',
    title: 'settings with comments',
    entries: ['pg: wrapped', 'from-extension: other'],
    text: `// Zed settings
{
  "ui_font_size": 16, // big
  "context_servers": {
    "pg": {
      "source": "custom",
      "command": "pg-mcp",
      "args": ["--read-only"],
      "env": {}
    },
    "from-extension": { "source": "extension", "settings": {} }
  },
}
`,
    wrapped: `// Zed settings
{
  "ui_font_size": 16, // big
  "context_servers": {
    "pg": {
      "source": "custom",
      "command": "countersign",
      "args": ["tap", "--server", "pg", "--agent", "ana", "--role", "coder", "--", "pg-mcp", "--read-only"],
      "env": {}
    },
    "from-extension": { "source": "extension", "settings": {} }
  },
}
`,
  },
];
