import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editArguments, type EditedArgument } from './edit-arguments.js';

const call = (args: string): string => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":${args}}}`;
const edited = (args: string, ...edits: readonly EditedArgument[]): string | undefined => {
  const bytes = editArguments(Buffer.from(call(args)), edits);
  return bytes === undefined ? undefined : Buffer.from(bytes).toString();
};

describe('arguments a policy changes', () => {
  it.each([
    ['a number', '{"a":1.0, "n" : 250 }', { path: ['n'], to: 100 }, '{"a":1.0, "n" : 100 }'],
    ['a nested text', '{"m":{"to":"x\\u00e9"}}', { path: ['m', 'to'], to: 'y' }, '{"m":{"to":"y"}}'],
    ['the first one dropped', '{"a":1, "b":2.0}', { path: ['a'] }, '{"b":2.0}'],
    ['one in the middle dropped', '{"a":1,"b":[1,{"x":","}],"c":3}', { path: ['b'] }, '{"a":1,"c":3}'],
    ['the only one dropped', '{ "a":1 }', { path: ['a'] }, '{  }'],
    ['one added', '{"a":1}', { path: ['dryRun'], to: true }, '{"dryRun":true,"a":1}'],
    ['one added to nothing', '{ }', { path: ['x'], to: null }, '{"x":null }'],
  ] as const)('%s is spliced; everything else keeps its bytes', (...[, before, edit, after]) => expect(edited(before, edit)).toBe(call(after)));

  it('an edit that has no place fails the whole change', () => {
    expect([edited('{"a":1}', { path: ['b'] }), edited('{"a":1}', { path: ['a', 'b'], to: 1 }), edited('[1]', { path: ['a'], to: 1 }), edited('{"a":1}', { path: ['a'], to: 2 }, { path: ['x', 'y'], to: 1 })]).toEqual(Array(4).fill(undefined));
  });

  it('whatever stands in the call, what is left parses to the call with exactly that changed', () => {
    const name = fc.constantFrom('a', 'b', 'c"', '__proto__', '𝄞');
    fc.assert(fc.property(fc.dictionary(name, fc.jsonValue()), name, fc.option(fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)), { nil: undefined }), (args, key, to) => {
      const before = JSON.parse(JSON.stringify(args)) as Record<string, unknown>;
      const after = edited(JSON.stringify(args), { path: [key], ...(to === undefined ? {} : { to }) });
      if (to === undefined && !Object.hasOwn(before, key)) {
        expect(after).toBeUndefined();
        return;
      }
      const left = (JSON.parse(after ?? '') as { params: { arguments: Record<string, unknown> } }).params.arguments;
      const expected = Object.entries(before).filter(([other]) => other !== key);
      expect(new Map(Object.entries(left))).toEqual(new Map(to === undefined ? expected : [...expected, [key, to]]));
    }));
  });
});
