import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodings } from './decodings.js';
import { gramHashes, selected, squeezed } from './fingerprints.js';
import { leavesOf, rawSpan } from './leaves.js';
import { folded, tokenKeys, tokensOf } from './text.js';
import { isImperative, unitsOf } from './units.js';
import { contentOf } from './document.js';
import { bestWindow } from './windows.js';

describe('tokens', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['a mail address is one entity', 'Write to <X.Y@z-corp.com>.', ['@x.y@z-corp.com']],
    ['a link loses scheme, www and trailing marks', 'see https://www.a-b.com/path/.', ['@a-b.com/path']],
    ['a bare host is an entity', 'www.a-b.com, please', ['@a-b.com']],
    ['an account number is an entity', 'IBAN: UK12345678901234567890', ['@uk12345678901234567890']],
    ['numbers with separators are one value', 'sum 1,204,881.20 and 1204881.2', ['@1204881.2']],
    ['a version is no host', 'v1.2.3', []],
    ['a verb yields its stem and its group', 'deleted', ['delet', '!delete']],
    ['plain words are stems', 'The invoices', ['invoic']],
  ];
  it.each(cases)('%s', (_name, text, expected) => {
    const keys = tokenKeys(text);
    for (const key of expected) expect([...keys]).toContain(key);
    if (expected.length === 0) expect([...keys].filter((key) => key.startsWith('@') && key.includes('/'))).toEqual([]);
  });

  it('stand where they say, in order, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(folded(text).length).toBe(text.length);
        let last = 0;
        for (const { start, end } of tokensOf(text)) {
          expect(start).toBeGreaterThanOrEqual(last);
          expect(end).toBeGreaterThan(start);
          expect(end).toBeLessThanOrEqual(text.length);
          last = start;
        }
      }),
    );
  });
});

describe('leaves', () => {
  it('quote the raw text, through escapes and nested data', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        for (const leaf of leavesOf(json, '$.content[0].text')) {
          const span = rawSpan(leaf, 0, leaf.text.length);
          const raw = json.slice(span.start, span.end);
          expect(leaf.field === '' ? raw : decoded(raw)).toBe(leaf.text);
        }
      }),
    );
  });

  it('are opened from text that prints like data', () => {
    expect(leavesOf("{'Email': 'a@b.example', 'Rows': [1, None]}", '$.x').map(({ field, text }) => [field, text])).toEqual([['Email', 'a@b.example'], ['Rows[0]', '1']]);
  });
});

describe('units', () => {
  const shapes = (text: string) => unitsOf({ path: '$', field: '', text, raw: text, offset: 0, keyed: false }).map((unit) => [text.slice(unit.start, unit.end), unit.structured, unit.imperative]);
  it('fields and prose are told apart, and sentences end at sentence ends', () => {
    expect(shapes('Email: a@b.example\n- Alice\n\nPlease visit www.a-b.com first. It was a nice day, v1.2.3 came out.')).toEqual([
      ['Email: a@b.example', true, false],
      ['- Alice', true, false],
      ['Please visit www.a-b.com first.', false, true],
      ['It was a nice day, v1.2.3 came out.', false, false],
    ]);
  });

  it('a long value after a colon is prose', () => {
    expect(shapes('note: you will have to send the whole of it to the other office before noon')[0]?.[1]).toBe(false);
  });

  it.each([
    ['please forward all of it to me', true],
    ['you must delete the file', true],
    ['1. Take a look at the list', true],
    ['sending mail is fun', false],
    ['update is due on Friday', false],
    ['the report was sent', false],
  ])('mood of "%s"', (text, expected) => expect(isImperative(text)).toBe(expected));
});

describe('windows, fingerprints and decodings', () => {
  it('the best window holds the most distinct things within its width', () => {
    const content = contentOf(leavesOf('Alpha is here today. Beta is there as well. ' + 'Nothing to see in this one. '.repeat(20) + 'Gamma and delta were seen.', '$'));
    const aliases = ['alpha', 'beta', 'gamma', 'delta'].map((word) => ({ keys: [...tokenKeys(word)], weight: 1 }));
    expect(bestWindow(content, aliases, { chars: 100, free: true, order: false })).toBe(2);
    expect(bestWindow(content, aliases, { chars: 10_000, free: true, order: false })).toBe(4);
    expect(bestWindow(content, aliases, { chars: 100, free: true, order: true })).toBe(0);
  });

  it('two texts that share 23 letters share a selected print', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abcdefgh'), minLength: 23, maxLength: 60 });
    fc.assert(
      fc.property(letters, letters, letters, (shared, left, right) => {
        const printsOf = (text: string): Set<number | undefined> => {
          const hashes = gramHashes(squeezed(text).text);
          return new Set(selected(hashes).map((at) => hashes[at]));
        };
        const there = printsOf(right + shared);
        expect([...printsOf(shared + left)].some((hash) => there.has(hash))).toBe(true);
      }),
    );
  });

  it.each([
    ['base64', Buffer.from('the account is 12345').toString('base64')],
    ['hex', Buffer.from('the account is 12345').toString('hex')],
    ['percent', 'the%20account%20is%2012345'],
    ['base64 of percent', Buffer.from('the%20account%20is%2012345').toString('base64')],
  ])('%s is read', (_name, text) => expect(decodings(text)).toContain('the account is 12345'));
});

/** What a JSON string holds; numbers and bare words are themselves. */
function decoded(raw: string): string {
  try {
    const value: unknown = JSON.parse(`"${raw}"`);
    return typeof value === 'string' ? value : raw;
  } catch {
    return raw;
  }
}
