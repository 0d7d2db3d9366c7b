import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { joinBatch, messagesOf, readHttpBody, type HttpMessage } from './http-body.js';
import { decodeMirrored, encodeMirrored, findHeaderMismatch, mirrorChangedBody } from './http-mismatch.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20260822);

const bytes = (text: string) => Buffer.from(text, 'utf8');
const read = (text: string) => readHttpBody(bytes(text));
const only = (value: unknown): HttpMessage => messagesOf(read(JSON.stringify(value)))[0]!;

describe(`the body of a request (fast-check seed ${seed})`, () => {
  const ids: readonly [text: string, rpcId: string | undefined][] = [
    ['{"jsonrpc":"2.0","method":"a","id":1}', '1'],
    ['{"jsonrpc":"2.0","method":"a","id":"1"}', '"1"'],
    ['{"jsonrpc":"2.0","method":"a","id":""}', '""'],
    ['{"jsonrpc":"2.0","method":"a","id":0}', '0'],
    ['{"jsonrpc":"2.0","method":"a","id":-1}', '-1'],
    ['{"jsonrpc":"2.0","method":"a","id":"𝄞"}', '"𝄞"'],
    ['{"jsonrpc":"2.0","method":"a","id": 9007199254740993 }', '9007199254740993'],
    ['{"jsonrpc":"2.0","method":"a","id":1.0}', '1.0'],
    ['{"params":{"id":5},"id":7,"method":"a"}', '7'],
    ['{"id":1,"method":"a","\\u0069d":2}', '2'],
    ['\uFEFF{"method":"a","id":3}', '3'],
    ['{"jsonrpc":"2.0","method":"a","id":null}', undefined],
    ['{"jsonrpc":"2.0","method":"a"}', undefined],
  ];
  it.each(ids)('[T19] the id of %s is %s', (text, rpcId) => {
    expect(messagesOf(read(text))[0]?.rpcId).toBe(rpcId);
  });

  it('[T40] without JSON-RPC in it is not called a message', () => {
    expect(['{"redirect_uris":[]}', '[1]', '"x"', '{"error":"invalid_client"}', '[]', 'null'].map((text) => read(text).kind)).toEqual(Array(6).fill('other'));
    expect(['', 'grant_type=x', '{"a":', '{"id":1,}'].map((text) => read(text).kind)).toEqual(Array(4).fill('unparsable'));
  });

  it('[T44] the elements of a batch are found in the bytes, whatever stands between them', () => {
    const element = fc.json({ maxDepth: 4 }).map((json) => `{"jsonrpc":"2.0","method":"m\\"]","params":${json}}`);
    const space = fc.constantFrom('', ' ', '\n\t', '\r\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(space, element, space), { minLength: 1, maxLength: 6 }), (elements) => {
        const body = read(`[${elements.map((parts) => parts.join('')).join(',')}]`);
        expect(messagesOf(body).map((message) => Buffer.from(message.bytes).toString())).toEqual(elements.map(([, text]) => text));
        expect(JSON.parse(Buffer.from(joinBatch(messagesOf(body).map((message) => message.bytes))).toString())).toHaveLength(elements.length);
      }),
      { seed },
    );
  });
});

const modern = { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } };
const call = only({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...modern, name: 'grüße', arguments: {} } });

describe('headers that repeat the body', () => {
  const table: readonly [name: string, headers: readonly string[], message: HttpMessage, header: string | undefined][] = [
    ['agreeing headers pass', ['MCP-Protocol-Version', '2026-07-28', 'Mcp-Method', 'tools/call', 'Mcp-Name', '=?base64?Z3LDvMOfZQ==?='], call, undefined],
    ['a missing header is the server\'s to judge', ['MCP-Protocol-Version', '2026-07-28'], call, undefined],
    ['another version', ['MCP-Protocol-Version', '2025-11-25'], call, 'MCP-Protocol-Version'],
    ['another method', ['Mcp-Method', 'tools/list'], call, 'Mcp-Method'],
    ['another name', ['Mcp-Name', 'delete'], call, 'Mcp-Name'],
    ['another name in base64', ['Mcp-Name', encodeMirrored('délete')], call, 'Mcp-Name'],
    ['base64 that is none', ['Mcp-Name', '=?base64?Z3LDvMOfZQ?='], call, 'Mcp-Name'],
    ['the right name and a second, wrong one', ['Mcp-Name', encodeMirrored('grüße'), 'Mcp-Name', 'x'], call, 'Mcp-Name'],
    ['a resource is named by its uri', ['Mcp-Name', 'file:///b'], only({ jsonrpc: '2.0', id: 1, method: 'resources/read', params: { ...modern, uri: 'file:///a' } }), 'Mcp-Name'],
    ['a legacy request has nothing to compare', ['MCP-Protocol-Version', '2025-06-18'], only({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } }), undefined],
  ];
  it.each(table)('[T38] %s', (...[, headers, message, header]) => {
    expect(findHeaderMismatch(headers, message)?.header).toBe(header);
  });

  it('[T38] every text comes back from its header form', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }).map((raw) => Buffer.from(raw, 'utf8').toString('utf8')), (text) => {
      const encoded = encodeMirrored(text);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeMirrored(encoded)).toBe(text);
    }), { seed });
  });

  it('[T39] a changed name or argument changes the header that mirrors it, and no other', () => {
    const before = only({ method: 'tools/call', params: { name: 'a', arguments: { region: 'eu', to: { city: 'x' }, n: 5 } } });
    const after = only({ method: 'tools/call', params: { name: 'b', arguments: { region: 'us', to: { city: 'ß' }, n: 5 } } });
    expect(mirrorChangedBody(['Mcp-Name', 'a', 'Mcp-Param-Region', 'eu', 'Mcp-Param-City', 'x', 'Mcp-Param-N', '5', 'Mcp-Method', 'tools/call'], before, after)).toEqual([
      'Mcp-Name', 'b', 'Mcp-Param-Region', 'us', 'Mcp-Param-City', encodeMirrored('ß'), 'Mcp-Param-N', '5', 'Mcp-Method', 'tools/call',
    ]);
  });

  it('[T39] where it is unclear which argument a header mirrors, the change is refused', () => {
    const before = only({ method: 'tools/call', params: { name: 'a', arguments: { from: 'eu', to: 'eu' } } });
    const after = only({ method: 'tools/call', params: { name: 'a', arguments: { from: 'eu', to: 'us' } } });
    expect(mirrorChangedBody(['Mcp-Param-To', 'eu'], before, after)).toBeUndefined();
    expect(mirrorChangedBody(['Mcp-Param-To', 'unknown'], before, after)).toBeUndefined();
  });
});
