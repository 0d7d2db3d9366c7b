/**
 * A scripted agent on the official MCP client. It does what its script says, also when the script is an attacker's:
 * that is how a hijacked model behaves, without needing one.
 */
import { randomUUID } from 'node:crypto';
import { Client, StreamableHTTPClientTransport, type Transport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import type { Identity } from './taps.js';

/** Where one MCP server is reached: through a tap. */
export type Door = { readonly url: string } | { readonly command: string; readonly args: readonly string[] };

export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

export interface AgentOptions {
  readonly identity: Identity;
  /** What the user asked, in the user's words. */
  readonly task: string;
  readonly doors: Readonly<Record<string, Door>>;
  /** DSSE envelope, when this agent attests itself. */
  readonly attestation?: string;
  readonly era?: 'legacy' | 'modern';
}

/** One session: one task, one set of connections, opened when first used. */
export class ScriptedAgent {
  readonly taskId = randomUUID();
  readonly #clients = new Map<string, Promise<Client>>();
  constructor(readonly options: AgentOptions) {}

  async call(server: string, tool: string, args: Record<string, unknown>): Promise<Answer> {
    const client = await this.#connect(server);
    const result = await client.callTool({ name: tool, arguments: args, _meta: this.#metadata() });
    const parts = Array.isArray(result.content) ? result.content : [];
    return { text: parts.map((part) => (part.type === 'text' ? part.text : `(${part.type})`)).join('\n'), isError: result.isError === true };
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) await (await client).close();
  }

  #metadata(): Record<string, unknown> {
    const { attestation, task } = this.options;
    return { 'dev.countersign/task': { text: task, id: this.taskId }, ...(attestation && { 'dev.countersign/attestation': attestation }) };
  }

  #connect(server: string): Promise<Client> {
    const known = this.#clients.get(server);
    if (known) return known;
    const door = this.options.doors[server];
    if (!door) throw new Error(`agent ${this.options.identity.name} has no door to ${server}`);
    const opening = this.#open(door);
    this.#clients.set(server, opening);
    return opening;
  }

  async #open(door: Door): Promise<Client> {
    const { identity, era } = this.options;
    const client = new Client({ name: identity.name, version: '1.0.0' }, era === 'modern' ? { versionNegotiation: { mode: 'auto' } } : {});
    await client.connect(transportTo(door));
    await client.listTools({ _meta: this.#metadata() });
    return client;
  }
}

function transportTo(door: Door): Transport {
  if ('url' in door) return new StreamableHTTPClientTransport(new URL(door.url));
  return new StdioClientTransport({ command: door.command, args: [...door.args], stderr: 'ignore' });
}
