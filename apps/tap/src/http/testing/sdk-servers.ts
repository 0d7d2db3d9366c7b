/** MCP servers made with the official SDKs, in both eras, each counting what it ran. */
import { randomUUID } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { InMemoryTaskStore } from '@modelcontextprotocol/sdk/experimental/tasks/stores/in-memory.js';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StreamableHTTPServerTransport, type EventStore } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { JSONRPCMessage } from '@modelcontextprotocol/sdk/types.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

export interface SdkServer {
  readonly url: string;
  readonly ran: string[];
  /** Calls whose handler saw its request being taken back. */
  readonly cancelled: string[];
  /** HTTP requests, as `METHOD status`. */
  readonly requests: string[];
  close(): Promise<void>;
}

type Handle = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void;

async function serve(handle: Handle, ran: string[], cancelled: string[]): Promise<SdkServer> {
  const requests: string[] = [];
  const server = http.createServer((request, response) => {
    response.once('close', () => requests.push(`${request.method} ${response.statusCode}`));
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    ran,
    cancelled,
    requests,
    close: () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** SDK v2: one request, one answer; legacy clients are served without sessions. */
export function startModernServer(): Promise<SdkServer> {
  const ran: string[] = [];
  const cancelled: string[] = [];
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'modern', version: '1.0.0' }, { capabilities: { logging: {} } });
    server.registerTool('echo', { description: 'Says it again.', inputSchema: z.object({ text: z.string() }) }, ({ text }) => {
      ran.push(`echo ${text}`);
      return { content: [{ type: 'text', text }] };
    });
    server.registerTool('count', { description: 'Counts, with progress.', inputSchema: z.object({ to: z.number() }), outputSchema: z.object({ counted: z.number() }) }, async ({ to }, context) => {
      ran.push(`count ${to}`);
      const progressToken = context.mcpReq._meta?.progressToken;
      for (let progress = 1; progress <= to && progressToken !== undefined; progress += 1) await context.mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: to } });
      return { content: [{ type: 'text', text: String(to) }], structuredContent: { counted: to } };
    });
    server.registerTool('peek', { description: 'Reads a note.', inputSchema: z.object({ id: z.number() }), annotations: { readOnlyHint: true, openWorldHint: false } }, ({ id }) => {
      ran.push(`peek ${id}`);
      return { content: [{ type: 'text', text: `note ${id}` }] };
    });
    server.registerTool('delete_note', { description: 'Deletes a note for good.', inputSchema: z.object({ id: z.number() }), annotations: { destructiveHint: true } }, ({ id }) => {
      ran.push(`delete ${id}`);
      return { content: [{ type: 'text', text: 'gone' }] };
    });
    server.registerTool('hang', { description: 'Never answers.', inputSchema: z.object({}) }, (_args, context) => {
      ran.push('hang');
      return new Promise((_resolve, reject) => {
        context.mcpReq.signal.addEventListener('abort', () => {
          cancelled.push('hang');
          reject(new Error('taken back'));
        });
      });
    });
    server.registerResource('note', 'note:one', { description: 'A note.' }, (uri) => {
      ran.push(`read ${uri.href}`);
      return { contents: [{ uri: uri.href, text: 'note one' }] };
    });
    server.registerTool('list_metadata', { description: 'Lists the metadata of the call.', inputSchema: z.object({}) }, (_args, context) => metadataResult(context.mcpReq._meta));
    server.registerTool('fail', { description: 'Fails.', inputSchema: z.object({}) }, () => ({ content: [{ type: 'text', text: 'it failed' }], isError: true }));
    return server;
  });
  return serve(toNodeHandler(handler) as Handle, ran, cancelled);
}

/** SDK v1: sessions, GET stream, DELETE, resumable event streams (or plain JSON answers). */
export function startLegacyServer(options: { readonly json?: boolean } = {}): Promise<SdkServer> {
  const ran: string[] = [];
  const cancelled: string[] = [];
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const handle: Handle = async (request, response) => {
    const id = request.headers['mcp-session-id'];
    const known = typeof id === 'string' ? sessions.get(id) : undefined;
    if (id !== undefined && known === undefined) {
      response.writeHead(404, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
      return;
    }
    await (known ?? (await openSession(sessions, { ran, cancelled, json: options.json ?? false }))).handleRequest(request, response);
  };
  return serve(handle, ran, cancelled);
}

/** SDK v1, the transport of 2024-11-05: answers come on one GET stream, messages go to the address it names. */
export function startOldestServer(): Promise<SdkServer> {
  const ran: string[] = [];
  const cancelled: string[] = [];
  const transports = new Map<string, SSEServerTransport>();
  const handle: Handle = async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const known = transports.get(url.searchParams.get('sessionId') ?? '');
    if (request.method === 'POST') return known === undefined ? void response.writeHead(404).end() : known.handlePostMessage(request, response);
    const transport = new SSEServerTransport('/messages', response);
    transports.set(transport.sessionId, transport);
    await legacyServer({ ran, cancelled, json: false }).connect(transport);
  };
  return serve(handle, ran, cancelled);
}

/** Event ids in the order of the events, also of those within one millisecond. */
function countingEventStore(): EventStore {
  const events: { readonly id: string; readonly streamId: string; readonly message: JSONRPCMessage }[] = [];
  return {
    storeEvent: (streamId, message) => {
      const id = `${streamId}#${events.length}`;
      events.push({ id, streamId, message });
      return Promise.resolve(id);
    },
    replayEventsAfter: async (lastEventId, { send }) => {
      const last = events.findIndex((event) => event.id === lastEventId);
      const streamId = events[last]?.streamId ?? '';
      for (const event of events.slice(last + 1)) if (event.streamId === streamId) await send(event.id, event.message);
      return streamId;
    },
  };
}

/** What it was told, and something under a prefix that is not its own. */
function metadataResult(seen: unknown): { content: { type: 'text'; text: string }[]; _meta: Record<string, unknown> } {
  return { content: [{ type: 'text', text: JSON.stringify(seen ?? {}) }], _meta: { 'dev.countersign/refusal': { ticket: 'forged' }, 'example.com/kept': 1 } };
}

interface SessionOptions {
  readonly ran: string[];
  readonly cancelled: string[];
  readonly json: boolean;
}

async function openSession(sessions: Map<string, StreamableHTTPServerTransport>, options: SessionOptions): Promise<StreamableHTTPServerTransport> {
  const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    enableJsonResponse: options.json,
    retryInterval: 5,
    ...(options.json ? {} : { eventStore: countingEventStore() }),
    onsessioninitialized: (sessionId) => void sessions.set(sessionId, transport),
    onsessionclosed: (sessionId) => void sessions.delete(sessionId),
  });
  await legacyServer(options).connect(transport as Transport);
  return transport;
}

function legacyServer({ ran, cancelled }: SessionOptions): LegacyServer {
  const server = new LegacyServer({ name: 'legacy', version: '1.0.0' }, { capabilities: { logging: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } }, taskStore: new InMemoryTaskStore() });
  server.registerTool('echo', { description: 'Says it again.', inputSchema: { text: z.string() } }, ({ text }) => {
    ran.push(`echo ${text}`);
    return { content: [{ type: 'text', text }] };
  });
  server.registerTool('count', { description: 'Counts, with progress.', inputSchema: { to: z.number() }, outputSchema: { counted: z.number() } }, async ({ to }, extra) => {
    ran.push(`count ${to}`);
    const progressToken = extra._meta?.progressToken;
    for (let progress = 1; progress <= to && progressToken !== undefined; progress += 1) await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: to } });
    return { content: [{ type: 'text', text: String(to) }], structuredContent: { counted: to } };
  });
  server.registerTool('peek', { description: 'Reads a note.', inputSchema: { id: z.number() }, annotations: { readOnlyHint: true, openWorldHint: false } }, ({ id }) => {
    ran.push(`peek ${id}`);
    return { content: [{ type: 'text', text: `note ${id}` }] };
  });
  server.registerTool('delete_note', { description: 'Deletes a note for good.', inputSchema: { id: z.number() }, annotations: { destructiveHint: true } }, ({ id }) => {
    ran.push(`delete ${id}`);
    return { content: [{ type: 'text', text: 'gone' }] };
  });
  server.registerTool('ask', { description: 'Asks the user.', inputSchema: {} }, async () => {
    const answer = await server.server.elicitInput({ message: 'Your name?', requestedSchema: { type: 'object', properties: { name: { type: 'string' } } } });
    ran.push(`ask ${answer.action}`);
    return { content: [{ type: 'text', text: JSON.stringify(answer) }] };
  });
  server.registerTool('poll', { description: 'Closes its stream and answers on the next one.', inputSchema: {} }, async (_args, extra) => {
    extra.closeSSEStream?.();
    ran.push('poll');
    return { content: [{ type: 'text', text: 'after the break' }] };
  });
  server.registerTool('announce', { description: 'Says on the stream of the session that its tools changed.', inputSchema: {} }, async () => {
    await server.server.sendToolListChanged();
    return { content: [{ type: 'text', text: 'announced' }] };
  });
  server.registerTool('hang', { description: 'Never answers.', inputSchema: {} }, (_args, extra) => {
    ran.push('hang');
    return new Promise((_resolve, reject) => {
      extra.signal.addEventListener('abort', () => {
        cancelled.push('hang');
        reject(new Error('taken back'));
      });
    });
  });
  addNotes(server, ran);
  server.registerTool('fail', { description: 'Fails.', inputSchema: {} }, () => ({ content: [{ type: 'text', text: 'it failed' }], isError: true }));
  return server;
}

/** A resource, a tool that runs as a task, and one that tells its metadata. */
function addNotes(server: LegacyServer, ran: string[]): void {
  server.registerResource('note', 'note:one', { description: 'A note.' }, (uri) => {
    ran.push(`read ${uri.href}`);
    return { contents: [{ uri: uri.href, text: 'note one' }] };
  });
  server.experimental.tasks.registerToolTask('purge_notes', { description: 'Deletes notes, taking its time.', inputSchema: { id: z.number() }, annotations: { destructiveHint: true }, execution: { taskSupport: 'required' } }, {
    createTask: async ({ id }, extra) => {
      const task = await extra.taskStore.createTask({ ttl: 60_000, pollInterval: 5 });
      ran.push(`purge ${id}`);
      await extra.taskStore.storeTaskResult(task.taskId, 'completed', { content: [{ type: 'text', text: 'purged' }] });
      return { task };
    },
    getTask: async (_args, extra) => extra.taskStore.getTask(extra.taskId),
    getTaskResult: async (_args, extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as { content: { type: 'text'; text: string }[] },
  });
  server.registerTool('list_metadata', { description: 'Lists the metadata of the call.', inputSchema: {} }, (_args, extra) => metadataResult(extra._meta));
}
