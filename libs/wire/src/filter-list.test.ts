import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterList } from './filter-list.js';
import { readMessage } from './rpc-message.js';

const filtered = (text: string, hidden: readonly string[], isModern = false): string =>
  Buffer.from(filterList(readMessage(Buffer.from(text)), { list: 'tools', mayStay: (name) => !hidden.includes(name), isModern }).bytes).toString();
const answer = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`;

describe('a list from which entries are taken', () => {
  it.each([
    ['the first', '{"tools":[{"name":"a"}, {"name":"b"}],"nextCursor":"x"}', ['a'], '{"tools":[{"name":"b"}],"nextCursor":"x"}'],
    ['the last', '{"tools":[{"name":"a"}, {"name":"b"} ],"nextCursor":"x"}', ['b'], '{"tools":[{"name":"a"} ],"nextCursor":"x"}'],
    ['those in the middle', '{"nextCursor":"x","tools":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d"}]}', ['b', 'c'], '{"nextCursor":"x","tools":[{"name":"a"},{"name":"d"}]}'],
    ['all', '{"tools":[ {"name":"a"},{"name":"b"} ],"nextCursor":"x"}', ['a', 'b'], '{"tools":[  ],"nextCursor":"x"}'],
    ['the last two', '{"tools":[{"name":"a"},{"name":"b"},{"name":"c"}]}', ['b', 'c'], '{"tools":[{"name":"a"}]}'],
    ['an entry that has two names', '{"tools":[{"name":"b","name":"a"},{"name":"b"}]}', ['a'], '{"tools":[{"name":"b"}]}'],
    ['from every copy of the list', '{"tools":[{"name":"a"}],"tools":[{"name":"a"},{"name":"b"}]}', ['a'], '{"tools":[],"tools":[{"name":"b"}]}'],
  ])('[T52] loses %s and keeps its cursor', (...[, before, hidden, after]) => expect(filtered(answer(before), hidden)).toBe(answer(after)));

  it('[T52] in the modern era it is private and not to be kept, whatever the server said', () => {
    const modern = (members: string): string => answer(`{"resultType":"complete",${members}"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"c2"}`);
    for (const members of ['"ttlMs":60000,"cacheScope":"public",', '']) {
      const result = (JSON.parse(filtered(modern(members), ['a'], true)) as { result: unknown }).result;
      expect(result).toEqual({ resultType: 'complete', ttlMs: 0, cacheScope: 'private', tools: [{ name: 'b' }], nextCursor: 'c2' });
    }
    expect(filtered(modern('"cacheScope":"public",'), ['z'], true)).toBe(modern('"cacheScope":"public",'));
  });

  it('[T52] of any list exactly the entries that may not stay are gone', () => {
    const tool = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd"', 'é'), description: fc.string() });
    const spacing = fc.constantFrom(undefined, 1, '\t');
    fc.assert(fc.property(fc.array(tool), fc.subarray(['a', 'b', 'c', 'd"', 'é']), spacing, (tools, hidden, space) => {
      const text = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { tools, nextCursor: 'n', cacheScope: 'public' } }, undefined, space);
      expect(JSON.parse(filtered(text, hidden))).toEqual({ jsonrpc: '2.0', id: 1, result: { tools: tools.filter(({ name }) => !hidden.includes(name)), nextCursor: 'n', cacheScope: 'public' } });
    }));
  });
});
