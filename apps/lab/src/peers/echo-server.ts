/**
 * The smallest MCP server that answers: stdio, legacy era, one read tool and one write tool, whose results nobody else writes, that give their text back.
 * Hand-written, so that the benchmark measures the path and not an SDK.
 */
const tools = [
  { name: 'count_words', description: 'Count the words of a text.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } },
  { name: 'set_label', description: 'Set the label of the current project.', inputSchema: { type: 'object', properties: { text: { type: 'string' } } } },
];

interface Request {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly arguments?: { readonly text?: string } };
}

function resultOf({ method, params }: Request): unknown {
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

let rest = '';
process.stdin.setEncoding('utf8');
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const request = JSON.parse(line) as Request;
    if (request.id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
  }
});
