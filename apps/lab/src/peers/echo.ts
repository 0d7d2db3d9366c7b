/** What the echo servers answer: one read tool and one write tool, whose results nobody else writes, that give their text back. */
const tools = [
  { name: 'count_words', description: 'Count the words of a text.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } },
  { name: 'set_label', description: 'Set the label of the current project.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } },
];

export interface EchoRequest {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly arguments?: { readonly text?: string } };
}

/** JSON text; undefined for a notification. */
export function answerOf(request: EchoRequest): string | undefined {
  return request.id === undefined ? undefined : JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) });
}

function resultOf({ method, params }: EchoRequest): unknown {
  switch (method) {
    case 'initialize':
      return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'echo', version: '1' } };
    case 'tools/list':
      return { tools };
    case 'tools/call':
      return { content: [{ type: 'text', text: params?.arguments?.text ?? '' }] };
    case undefined:
    default:
      return {};
  }
}
