// A stdio MCP server for the end-to-end tests: one read tool, one write tool, one that moves money. Each executed call is synced to a file first.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const text = { type: 'object', properties: { text: { type: 'string' } } };
const tools = [
  { name: 'read_note', description: 'Read a note.', inputSchema: text },
  { name: 'write_note', description: 'Write a note.', inputSchema: text },
  { name: 'refund_order', description: 'Pay back an order.', inputSchema: { type: 'object', properties: { order: { type: 'string' } } } },
];
const file = process.argv[2];

function executed(call) {
  const fd = openSync(file, 'a');
  writeSync(fd, `${JSON.stringify(call)}\n`);
  fsyncSync(fd);
  closeSync(fd);
}

function resultOf({ method, params }) {
  if (method === 'initialize') return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'notebook', version: '1' } };
  if (method === 'tools/list') return { tools };
  if (method !== 'tools/call') return {};
  executed({ tool: params.name, args: params.arguments });
  return { content: [{ type: 'text', text: `done ${JSON.stringify(params.arguments)}` }] };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  if (request.id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
