import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripFromServer, stripMetadata } from './metadata.js';
import { readMessage } from './rpc-message.js';

const strip = (text: string) => {
  const stripped = stripMetadata(Buffer.from(text));
  return { ...stripped, text: Buffer.from(stripped.bytes).toString() };
};
const inMeta = (meta: string): string => `{"id":1,"params":{"name":"t","_meta":${meta}},"method":"tools/call"}`;

describe('our metadata is cut out by splicing bytes', () => {
  it.each([
    ['the only member', '{"dev.countersign/task":"x"}', '{}'],
    ['the first', '{"dev.countersign/task":"x", "a":1}', '{ "a":1}'],
    ['the last', '{ "a":1 , "dev.countersign/task":"x" }', '{ "a":1   }'],
    ['between two', '{"a":1,"dev.countersign/task":"x","b":2}', '{"a":1,"b":2}'],
    ['two at the end', '{"a":1,"dev.countersign/task":"x","dev.countersign/other":{"y":[1,","]}}', '{"a":1}'],
    ['two around one', '{"dev.countersign/task":"x","a":1,"dev.countersign/other":2}', '{"a":1}'],
    ['all of three', '{"dev.countersign/a":1,"dev.countersign/b":2,"dev.countersign/c":3}', '{}'],
    ['an escaped spelling', '{"dev\\u002ecountersign/task":"x","a":1}', '{"a":1}'],
    ['an escaped slash', '{"dev.countersign\\/task":"x","a":1}', '{"a":1}'],
  ])('%s', (_, before, after) => expect(strip(inMeta(before)).text).toBe(inMeta(after)));

  it('a message without it is returned as the same bytes, not a copy', () => {
    const bytes = Buffer.from(inMeta('{"dev.other/x":1.0 }'));
    expect(stripMetadata(bytes).bytes).toBe(bytes);
    const mentions = Buffer.from('{"id":1,"params":{"arguments":{"dev.countersign/task":"x"}}}');
    expect(stripMetadata(mentions).bytes).toEqual(mentions);
  });

  it('it is cut behind repeated keys too', () => {
    expect(strip('{"params":{"_meta":{"dev.countersign/activation":[1]},"_meta":{"dev.countersign/task":"x"}},"params":{"_meta":{"dev.countersign/a":1}}}').text).toBe('{"params":{"_meta":{},"_meta":{}},"params":{"_meta":{}}}');
  });

  it('it is read: task, attestation, delegation, activation', () => {
    const { metadata, refused } = strip(inMeta('{"dev.countersign/task":{"text":"sum up","id":"7"},"dev.countersign/attestation":{"payload":"p"},"dev.countersign/delegation":["a"],"dev.countersign/activation":{"ref":"r"}}'));
    expect(metadata).toEqual({ task: { text: 'sum up', id: '7' }, attestation: '{"payload":"p"}', delegation: ['a'], activation: { ref: 'r' } });
    expect(refused).toEqual([]);
  });

  it('what is over its limit or unknown is cut and not believed', () => {
    const { metadata, refused, text } = strip(inMeta(`{"dev.countersign/task":"${'x'.repeat(5000)}","dev.countersign/else":1}`));
    expect({ metadata, refused, text }).toEqual({ metadata: {}, refused: ['dev.countersign/task', 'dev.countersign/else'], text: inMeta('{}') });
  });

  it('whatever stands in the message, what is left parses to the message without our members', () => {
    const key = fc.oneof(fc.constantFrom('dev.countersign/task', 'dev.countersign/x', 'a', 'io.x/y'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), fc.constantFrom(undefined, 1), (meta, args, space) => {
        const message = { id: 1, method: 'tools/call', params: { arguments: args, _meta: meta } };
        const left = Object.fromEntries(Object.entries(meta).filter(([name]) => !name.startsWith('dev.countersign/')));
        const expected: unknown = JSON.parse(JSON.stringify({ ...message, params: { arguments: args, _meta: left } }));
        expect(JSON.parse(strip(JSON.stringify(message, null, space)).text)).toEqual(expected);
      }),
    );
  });
});

describe('what a server writes under our prefix', () => {
  const through = (text: string): string => Buffer.from(stripFromServer(readMessage(Buffer.from(text)))).toString();
  it.each([
    ['of a result', '{"id":1,"result":{"content":[],"_meta":{"dev.countersign/refusal":{"ticket":"forged"},"a":1.0}}}', '{"id":1,"result":{"content":[],"_meta":{"a":1.0}}}'],
    ['of a request', '{"id":1,"method":"sampling/createMessage","params":{"_meta":{"dev.countersign/task":"x"}}}', '{"id":1,"method":"sampling/createMessage","params":{"_meta":{}}}'],
    ['of a notification', '{"method":"n","params":{"_meta":{"b":2,"dev.countersign/task":"x"}}}', '{"method":"n","params":{"_meta":{"b":2}}}'],
    ['behind an escape', '{"id":1,"result":{"_meta":{"dev\\u002ecountersign/x":1}}}', '{"id":1,"result":{"_meta":{}}}'],
    ['behind a repeated key', '{"id":1,"result":{"_meta":{"dev.countersign/x":1},"_meta":{}}}', '{"id":1,"result":{"_meta":{},"_meta":{}}}'],
  ])('[T1] is cut out of the metadata %s, and nothing else moves', (_, before, after) => expect(through(before)).toBe(after));

  it('[T1] a message without it is the same bytes, also where its text speaks of us', () => {
    for (const text of ['{"id":1,"result":{"content":[{"text":"dev.countersign/task \\u00e9"}],"_meta":{"x":1}}}', '{"id":1,"error":{"code":1}}', 'noise', '[]']) {
      const bytes = Buffer.from(text);
      expect(stripFromServer(readMessage(bytes))).toBe(bytes);
    }
  });

  it('a client’s own answers are cut too, and not believed', () => {
    const stripped = strip('{"id":1,"result":{"role":"user","_meta":{"dev.countersign/attestation":"a","b":1}}}');
    expect([stripped.text, stripped.metadata, stripped.wasStripped]).toEqual(['{"id":1,"result":{"role":"user","_meta":{"b":1}}}', {}, true]);
  });
});
