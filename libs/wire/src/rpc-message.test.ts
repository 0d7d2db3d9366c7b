import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { idKey, readMessage } from './rpc-message.js';

const read = (text: string | Uint8Array) => readMessage(typeof text === 'string' ? Buffer.from(text) : text);
const call = (inner: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${inner}}}`;

describe('a message is read from a copy', () => {
  it.each([
    ['{"jsonrpc":"2.0","id":0,"method":"m"}', 'request', '0'],
    ['{"jsonrpc":"2.0","id":"","method":"m"}', 'request', '""'],
    ['{"jsonrpc":"2.0","method":"m"}', 'notification', undefined],
    ['{"jsonrpc":"2.0","id":"1","result":{}}', 'response', '"1"'],
    ['{"jsonrpc":"2.0","id":null,"error":{}}', 'error', undefined],
    ['{"jsonrpc":"2.0","id":9007199254740993,"result":1}', 'response', '9007199254740993'],
    ['[{"jsonrpc":"2.0","id":1,"method":"m"}]', 'batch', undefined],
    ['hello', 'noise', undefined],
    ['', 'noise', undefined],
    ['42', 'noise', undefined],
    ['{"method":7,"id":1}', 'noise', '1'],
  ])('%s is a %s', (text, shape, rpcId) => {
    expect(read(text)).toMatchObject({ shape, ...(rpcId === undefined ? {} : { rpcId }) });
  });

  it('[T19] ids 1, "1", "", 0, -1 and "𝄞" are distinct; 1 and 1.0 are one id', () => {
    const ids = ['1', '"1"', '""', '0', '-1', '"𝄞"'];
    const keys = ids.map((id) => idKey(read(`{"id":${id},"method":"m"}`).rpcId ?? ''));
    expect(new Set(keys).size).toBe(ids.length);
    expect(idKey('1.0')).toBe(idKey('1'));
    expect(idKey('9007199254740993')).not.toBe(idKey('9007199254740992'));
  });
});

describe('what two parsers could read differently is flagged', () => {
  it.each([
    ['a repeated key', call('{"a":1,"a":2}')],
    ['a repeated key, one of them escaped', call('{"a":1,"\\u0061":2}')],
    ['an integer beyond 2^53', call('{"a":9007199254740993}')],
    ['a magnitude no double holds', call('{"a":1e400}')],
    ['a magnitude that vanishes', call('{"a":1e-400}')],
    ['a lone surrogate', call('{"a":"\\ud800"}')],
    ['a lone surrogate in a key', call('{"\\udc00":1}')],
  ])('%s', (_, text) => expect(read(text).isAmbiguous).toBe(true));

  it.each([
    ['another spelling of a number', call('{"a":50.0,"b":5e1,"c":0e5,"d":-0}')],
    ['a surrogate pair', call('{"a":"\\ud834\\udd1e"}')],
    ['the same key in two objects', call('{"a":{"x":1},"b":{"x":1}}')],
    ['a member called __proto__', call('{"__proto__":{"x":1},"constructor":1}')],
    ['text that looks like keys', call('{"a":"{\\"a\\":1,\\"a\\":2}"}')],
  ])('%s is not ambiguous', (_, text) => expect(read(text)).toMatchObject({ isAmbiguous: false, routeIsAmbiguous: false }));

  it('bytes that are not UTF-8 are ambiguous and flagged', () => {
    const bytes = Buffer.concat([Buffer.from('{"id":1,"method":"tools/call","params":{"name":"'), Buffer.from([0xff]), Buffer.from('"}}')]);
    expect(read(bytes)).toMatchObject({ isAmbiguous: true, facts: { invalidUtf8: true } });
  });

  it('a __proto__ member of a message pollutes nothing', () => {
    const message = read('{"__proto__":{"method":"tools/call"},"id":1,"result":{"__proto__":{"isError":true}}}');
    expect(message).toMatchObject({ shape: 'response', mayBeCall: false });
    expect(({} as Record<string, unknown>)['isError']).toBeUndefined();
  });

  it('nesting beyond the bound is said, whatever the depth', () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(read(call(deep(100))).isTooDeep).toBe(false);
    expect(read(call(deep(10_000)))).toMatchObject({ isTooDeep: true, method: 'tools/call' });
  });

  it('a hundred thousand keys are read in linear time', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `"k${index}":0`).join(',');
    expect(read(call(`{${keys}}`)).isAmbiguous).toBe(false);
    expect(read(call(`{${keys},"k7":1}`)).isAmbiguous).toBe(true);
  });
});

describe('whatever a lenient parser might execute as a call is one', () => {
  it.each([
    ['a repeated method', '{"id":1,"method":"tools/call","method":"ping"}'],
    ['a method in another letter case', '{"id":1,"Method":"tools/call","method":"ping"}'],
    ['only in another letter case', '{"id":1,"METHOD":"tools/call"}'],
    ['a carriage return that some readers end a line at', '{"id":1,"method":"ping","x":\r{"id":2,"method":"tools/call"}\r}'],
    ['a number only some parsers know', '{"id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":NaN}}}'],
    ['a byte order mark in front', '\ufeff{"id":1,"method":"tools/call"}'],
    ['an escaped method', '{"id":1,"method":"t\\u006fols/call","x":NaN}'],
    ['a batch that holds one', '[{"id":1,"method":"tools/call"}]'],
    ['UTF-16', Buffer.from('{"id":1,"method":"tools/call"}', 'utf16le')],
  ])('%s', (_, text) => expect(read(text).mayBeCall).toBe(true));

  it.each(['hello', '{"id":1,"method":"ping"}', '{"id":1,"method":"resources/read","params":{"uri":"tools/call"}}', '[{"id":1,"method":"ping"}]', ''])('%s is none', (text) => expect(read(text).mayBeCall).toBe(false));

  it('reading never throws, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void read(bytes)));
    fc.assert(fc.property(fc.json(), fc.nat(50), (text, cut) => void read(text.slice(cut))));
  });

  it('what JSON.parse reads is what the reader says', () => {
    fc.assert(
      fc.property(fc.record({ jsonrpc: fc.constant('2.0'), id: fc.oneof(fc.integer(), fc.string()), method: fc.string(), params: fc.dictionary(fc.string(), fc.jsonValue()) }), (message) => {
        const seen = read(JSON.stringify(message));
        expect(seen).toMatchObject({ shape: 'request', method: message.method, rpcId: JSON.stringify(message.id) });
        expect(seen.value).toEqual(JSON.parse(JSON.stringify(message)));
      }),
    );
  });
});
