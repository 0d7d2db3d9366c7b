// A stdio MCP server that is its own witness: each call is synced to a file before it is answered. Usage: oracle-server.mjs FILE
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';

const inputSchema = { type: 'object', properties: { nonce: { type: 'string' }, text: { type: 'string' } } };
const tools = [
  { name: 'read_note', description: 'Read a note.', inputSchema },
  { name: 'write_note', description: 'Write a note.', inputSchema },
  { name: 'refund_order', description: 'Pay back an order.', inputSchema },
];
const witness = openSync(process.argv[2], 'a');

function resultOf({ method, params }) {
  if (method === 'initialize') return { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'oracle', version: '1' } };
  if (method === 'tools/list') return { tools };
  if (method !== 'tools/call') return {};
  writeSync(witness, `${JSON.stringify({ tool: params.name, nonce: params.arguments.nonce })}\n`);
  fsyncSync(witness);
  return { content: [{ type: 'text', text: `done ${params.arguments.nonce}` }] };
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line);
  if (request.id !== undefined) process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: request.id, result: resultOf(request) })}\n`);
});
