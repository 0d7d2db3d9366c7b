/** Sessions of the legacy era, each with its own server and a memory of its events for clients that come back. */
import { randomUUID } from 'node:crypto';
import { WebStandardStreamableHTTPServerTransport, type EventStore, type JSONRPCMessage, type McpServer } from '@modelcontextprotocol/server';

const retryMs = 50;

export class LegacySessions {
  readonly #sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  readonly #make: () => McpServer;

  constructor(make: () => McpServer) {
    this.#make = make;
  }

  async fetch(request: Request): Promise<Response> {
    const sessionId = request.headers.get('mcp-session-id');
    const known = sessionId === null ? undefined : this.#sessions.get(sessionId);
    if (sessionId !== null && known === undefined) return Response.json({ jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, { status: 404 });
    return (known ?? (await this.#open())).handleRequest(request);
  }

  async #open(): Promise<WebStandardStreamableHTTPServerTransport> {
    const transport: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void this.#sessions.set(id, transport),
      onsessionclosed: (id) => void this.#sessions.delete(id),
      eventStore: rememberEvents(),
      retryInterval: retryMs,
    });
    await this.#make().connect(transport);
    return transport;
  }
}

function rememberEvents(): EventStore {
  const events: { readonly streamId: string; readonly message: JSONRPCMessage }[] = [];
  const indexOf = (eventId: string) => Number(eventId.slice(eventId.lastIndexOf('-') + 1));
  return {
    storeEvent: (streamId, message) => Promise.resolve(`event-${events.push({ streamId, message }) - 1}`),
    getStreamIdForEventId: (eventId) => Promise.resolve(events[indexOf(eventId)]?.streamId),
    replayEventsAfter: async (lastEventId, { send }) => {
      const last = indexOf(lastEventId);
      const streamId = events[last]?.streamId ?? '';
      for (const [index, event] of events.entries()) {
        // An event without a message only marks where a stream began.
        if (index > last && event.streamId === streamId && 'jsonrpc' in event.message) await send(`event-${index}`, event.message);
      }
      return streamId;
    },
  };
}
