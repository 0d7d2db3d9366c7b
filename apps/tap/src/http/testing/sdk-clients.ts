/** The official SDK clients under one face, so that one script drives them all. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { SSEClientTransport as OldestTransport } from '@modelcontextprotocol/sdk/client/sse.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';

export interface DrivenClient {
  call(name: string, args: Record<string, unknown>, options?: { readonly onprogress?: (progress: { readonly progress: number }) => void; readonly signal?: AbortSignal }): Promise<unknown>;
  callWith(name: string, meta: Record<string, unknown>): Promise<unknown>;
  listTools(): Promise<readonly string[]>;
  readResource(uri: string): Promise<unknown>;
  /** Legacy: the call as a task, to its end. */
  callAsTask(name: string, args: Record<string, unknown>): AsyncIterable<{ readonly type: string }>;
  serverName(): string | undefined;
  /** Fires on `tools/list_changed`. */
  onToolsChanged(act: () => void): void;
  terminate(): Promise<void>;
  close(): Promise<void>;
}

export const clientKinds = ['v1', 'v2 legacy', 'v2 auto', 'v2 modern'] as const;
/** `v1 oldest` speaks the transport of 2024-11-05. */
export type ClientKind = (typeof clientKinds)[number] | 'v1 oldest';

/** How the person at the client answers a dialog, given its params. */
export type Elicit = (params: Record<string, unknown>) => unknown;

export interface ClientOptions {
  readonly elicit?: Elicit;
  /** Default: forms. False: it declares none. */
  readonly elicitation?: { readonly form?: Record<string, never>; readonly url?: Record<string, never> } | false;
}

const ada = (): unknown => ({ action: 'accept', content: { name: 'Ada' } });

export async function connectClient(kind: ClientKind, url: string, options: ClientOptions = {}): Promise<DrivenClient> {
  return kind === 'v1' || kind === 'v1 oldest' ? connectLegacy(kind, url, options) : connectModern(kind, url, options);
}

async function connectLegacy(kind: ClientKind, url: string, { elicit = ada, elicitation = {} }: ClientOptions): Promise<DrivenClient> {
  const client = new LegacyClient({ name: 'driver', version: '1' }, { capabilities: elicitation === false ? {} : { elicitation } });
  if (elicitation !== false) client.setRequestHandler(ElicitRequestSchema, ({ params }) => elicit(params) as { action: 'accept' });
  const transport = kind === 'v1 oldest' ? new OldestTransport(new URL(url)) : new LegacyTransport(new URL(url), { reconnectionOptions: { initialReconnectionDelay: 5, maxReconnectionDelay: 50, reconnectionDelayGrowFactor: 1, maxRetries: 3 } });
  await client.connect(transport as Transport);
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, undefined, options as never),
    callWith: (name, meta) => client.callTool({ name, arguments: {}, _meta: meta }),
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    readResource: (uri) => client.readResource({ uri }),
    callAsTask: (name, args) => client.experimental.tasks.callToolStream({ name, arguments: args }),
    serverName: () => client.getServerVersion()?.name,
    onToolsChanged: (act) => client.setNotificationHandler(ToolListChangedNotificationSchema, act),
    terminate: () => ('terminateSession' in transport ? transport.terminateSession() : transport.close()),
    close: () => client.close(),
  };
}

async function connectModern(kind: ClientKind, url: string, { elicit = ada, elicitation = {} }: ClientOptions): Promise<DrivenClient> {
  const mode = kind === 'v2 legacy' ? 'legacy' : kind === 'v2 auto' ? 'auto' : { pin: '2026-07-28' };
  const client = new ModernClient({ name: 'driver', version: '1' }, { capabilities: elicitation === false ? {} : { elicitation }, versionNegotiation: { mode } });
  if (elicitation !== false) client.setRequestHandler('elicitation/create', ({ params }) => elicit(params as Record<string, unknown>) as { action: 'accept' });
  const transport = new ModernTransport(new URL(url), { reconnectionOptions: { initialReconnectionDelay: 5, maxReconnectionDelay: 50, reconnectionDelayGrowFactor: 1, maxRetries: 3 } });
  await client.connect(transport);
  return {
    call: (name, args, options) => client.callTool({ name, arguments: args }, options as never),
    callWith: (name, meta) => client.callTool({ name, arguments: {}, _meta: meta }),
    listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    readResource: (uri) => client.readResource({ uri }),
    callAsTask: () => {
      throw new Error('SDK v2 has no tasks of the revision 2025-11-25.');
    },
    serverName: () => client.getServerVersion()?.name,
    onToolsChanged: (act) => client.setNotificationHandler('notifications/tools/list_changed', act),
    terminate: () => transport.terminateSession(),
    close: () => client.close(),
  };
}
