import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { factsOf, scanJson } from './json-facts.js';
import { elementsOf, membersOf, skipString, type MemberSpan } from './json-spans.js';

/** Step by step, as the grammar says: what the fast search must agree with. */
function endOfString(bytes: Uint8Array, at: number): number {
  let next = at + 1;
  while (next < bytes.length && bytes[next] !== 34) next += bytes[next] === 92 ? 2 : 1;
  return Math.min(bytes.length, next + 1);
}

const piece = fc.constantFrom('a', 'long text without anything in it ', '\\\\', '\\"', '\\n', '\\u00e9', 'é𝄞', '\\\\\\"');
const literal = fc.array(piece, { maxLength: 40 }).map((pieces) => `"${pieces.join('')}"`);
const spans = (members: readonly MemberSpan[]): unknown => members.map(({ key, keySpan, value }) => [key, keySpan.start, keySpan.end, value.start, value.end]);

describe('the scanner', () => {
  it('finds the end of any string, also where escapes and quotes are dense', () => {
    fc.assert(fc.property(fc.array(literal, { minLength: 1, maxLength: 4 }), fc.nat(5), (literals, cut) => {
      const bytes = Buffer.from(literals.join(',')).subarray(0, Math.max(1, Buffer.from(literals.join(',')).length - cut));
      expect(skipString(bytes, 0)).toBe(endOfString(bytes, 0));
      expect(skipString(Uint8Array.from(bytes), 0)).toBe(endOfString(bytes, 0));
    }), { numRuns: 500 });
  });

  it('says where the members lie as the step-by-step reader does', () => {
    const space = fc.constantFrom('', ' ', '\n', '\t ', '\r\n');
    const member = fc.tuple(fc.oneof(fc.constantFrom('params', 'method', 'id', '\\u0070arams'), fc.string()), fc.oneof(fc.json(), literal), space);
    const object = (members: readonly (readonly [string, string, string])[]): string =>
      `{${members.map(([key, value, pad]) => `${pad}${key.startsWith('\\u') ? `"${key}"` : JSON.stringify(key)}${pad}:${pad}${value}${pad}`).join(',')}}`;
    fc.assert(fc.property(fc.array(member, { maxLength: 5 }), fc.array(member, { maxLength: 5 }), (outer, inner) => {
      const bytes = Buffer.from(object([...outer, ['params', object(inner), ' ']]));
      const scan = scanJson(bytes);
      const members = membersOf(bytes);
      expect(spans(scan.root)).toEqual(spans(members));
      expect(scan.params.map(spans)).toEqual(members.filter(({ key, value }) => key === 'params' && bytes[value.start] === 123).map(({ value }) => spans(membersOf(bytes, value.start))));
    }), { numRuns: 300 });
  });

  it('takes one pass over a text of a quarter of a million escapes', () => {
    const text = `{"a":"${'\\"quoted words and some more of them\\" '.repeat(60_000)}"}`;
    const bytes = Buffer.from(text);
    expect(factsOf(bytes)).toMatchObject({ repeatedKey: false, depth: 1 });
    expect(membersOf(bytes)).toHaveLength(1);
    expect(elementsOf(Buffer.from(`[${text},1]`))).toHaveLength(2);
  });
});
