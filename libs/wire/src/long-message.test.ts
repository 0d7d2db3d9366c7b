import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LongMessageReader, type LongMessage } from './long-message.js';

function read(text: string, cuts: readonly number[] = []): LongMessage {
  const bytes = Buffer.from(text);
  const reader = new LongMessageReader();
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  edges.slice(1).forEach((edge, index) => reader.push(bytes.subarray(edges[index], edge)));
  return reader.end();
}

describe('the envelope of a long message', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"write","arguments":{"name":"no","x":["id",{"method":"no"}]}}}', { rpcId: '7', method: 'tools/call', tool: 'write', isSure: true }],
    ['{"result":{"content":[{"text":"{\\"id\\":9,\\"method\\":\\"x\\"}","id":8}]},"jsonrpc":"2.0","id":"a\\"b"}', { rpcId: '"a\\"b"', isSure: true }],
    ['{ "params" : [ {"name":"no"} ] , "method" : "m" }', { method: 'm', isSure: true }],
    ['{"id":null,"error":{}}', { isSure: true }],
    ['{"method":"ping","method":"tools/call"}', { isSure: false }],
    ['{"Method":"tools/call","method":"ping"}', { isSure: false }],
    ['{"method":"ping","params":{},"params":{"name":"x"}}', { isSure: false }],
    ['{"method":"ping",\r"x":{"method":"tools/call"}}', { isSure: false }],
  ])('of %s', (text, expected) => expect(read(text)).toMatchObject({ bytes: Buffer.byteLength(text), ...expected }));

  it('finds the envelope around deep structures full of escapes, wherever the bytes are cut', () => {
    const odd = fc.constantFrom('"', '\\', '\\"', '{', '}', '[', ']', 'x'.repeat(120), '\u{1d11e}', '\n', '}}],"id":9,"method":"no"');
    const text = fc.array(odd, { maxLength: 12 }).map((parts) => parts.join(''));
    const deep = fc.letrec((tie) => ({ value: fc.oneof({ maxDepth: 5 }, text, fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(text, tie('value'), { maxKeys: 3 })) })).value;
    fc.assert(
      fc.property(fc.record({ value: deep, name: text, cuts: fc.array(fc.nat(), { maxLength: 8 }), isLast: fc.boolean() }), ({ value, name, cuts, isLast }) => {
        const call = { jsonrpc: '2.0', method: 'tools/call', params: isLast ? { arguments: value, name } : { name, arguments: value }, id: 5 };
        expect(read(JSON.stringify(call), cuts)).toMatchObject({ rpcId: '5', method: 'tools/call', tool: name, isSure: true });
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on where the bytes were cut, and agrees with a full parse', () => {
    const message = fc.record({ jsonrpc: fc.constant('2.0'), result: fc.jsonValue(), id: fc.oneof(fc.integer(), fc.string({ maxLength: 20 })) });
    fc.assert(
      fc.property(message, fc.array(fc.nat()), (value, cuts) => {
        const text = JSON.stringify(value);
        expect(read(text, cuts)).toEqual(read(text));
        expect(read(text)).toMatchObject({ rpcId: JSON.stringify(value.id), isSure: true });
      }),
    );
  });
});
