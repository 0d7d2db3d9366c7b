/** One instance of the fixture: per request in the modern era, per session in the legacy one. */
import { McpServer, type ServerNotifier } from '@modelcontextprotocol/server';
import { addAskingTools } from './asking-tools.js';
import { addInputRequired, stateCodec } from './input-required.js';
import { addPlainTools } from './plain-tools.js';
import { addPrompts, addResources } from './prompts-and-resources.js';

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] });

export interface FixtureOptions {
  readonly era: 'legacy' | 'modern';
  /** Tells open subscriptions of the modern era that something changed. */
  readonly notify: () => ServerNotifier;
}

export function makeServer({ era, notify }: FixtureOptions): McpServer {
  const server = new McpServer(
    { name: 'countersign-conformance-fixture', version: '1.0.0' },
    {
      capabilities: { logging: {}, completions: {}, tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true } },
      requestState: { verify: (state, context) => stateCodec.verify(state, context) },
    },
  );
  addPlainTools(server);
  addAskingTools(server);
  addInputRequired(server);
  addPrompts(server);
  addResources(server);
  server.registerTool('test_trigger_tool_change', { description: 'Says that the tools changed.' }, () => {
    notify().toolsChanged();
    return text('Said so.');
  });
  server.registerTool('test_trigger_prompt_change', { description: 'Says that the prompts changed.' }, () => {
    notify().promptsChanged();
    return text('Said so.');
  });
  if (era === 'legacy') followSubscriptions(server);
  return server;
}

function followSubscriptions(server: McpServer): void {
  const watched = new Set<string>();
  server.server.setRequestHandler('resources/subscribe', ({ params }) => {
    watched.add(params.uri);
    return {};
  });
  server.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    watched.delete(params.uri);
    return {};
  });
}
