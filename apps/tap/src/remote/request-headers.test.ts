import { readHttpBody, type HttpMessage } from '@countersign/wire';
import { describe, expect, it } from 'vitest';
import { headersOf, MirroredArguments } from './request-headers.js';

function read(message: unknown): HttpMessage {
  const body = readHttpBody(Buffer.from(JSON.stringify(message)));
  if (body.kind !== 'message') throw new Error('no message');
  return body.message;
}
const modern = (method: string, params: Record<string, unknown>): HttpMessage => read({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } });
const session = { id: 's1', protocolVersion: '2025-11-25' };

describe('the headers of a message that had none', () => {
  const mirrors = new MirroredArguments();
  mirrors.learn({
    tools: [{
      name: 'query',
      inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, options: { type: 'object', properties: { dry: { type: 'boolean', 'x-mcp-header': 'Dry' } } }, odd: { 'x-mcp-header': 'no\r\nheader' } } },
    }],
  });

  it('legacy: the session and the version that was agreed on', () => {
    expect(headersOf(read({ jsonrpc: '2.0', id: 1, method: 'tools/list' }), session, mirrors)).toEqual(['Mcp-Session-Id', 's1', 'MCP-Protocol-Version', '2025-11-25']);
    expect(headersOf(undefined, { id: undefined, protocolVersion: undefined }, mirrors)).toEqual([]);
  });

  it.each([
    ['tools/call', { name: 'other' }, ['Mcp-Name', 'other']],
    ['resources/read', { uri: 'note:é' }, ['Mcp-Name', `=?base64?${Buffer.from('note:é').toString('base64')}?=`]],
    ['tools/list', {}, []],
    ['tools/call', { name: 'query', arguments: { region: 'eu', options: { dry: false } } }, ['Mcp-Name', 'query', 'Mcp-Param-Region', 'eu', 'Mcp-Param-Dry', 'false']],
    ['tools/call', { name: 'query', arguments: { region: null } }, ['Mcp-Name', 'query']],
  ])('[T38, T39] modern %s: what the message says of itself', (method, params, more) => {
    expect(headersOf(modern(method, params), session, mirrors)).toEqual(['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', method, ...more]);
  });
});
