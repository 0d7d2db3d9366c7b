import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodings } from './decodings.js';
import { gramHashes, selected, squeezed } from './fingerprints.js';
import { leavesOf, rawSpan } from './leaves.js';
import { folded, tokenKeys, tokensOf } from './text.js';
import { isImperative, unitsOf } from './units.js';
import { Vocabulary, TokenBuffer } from './vocabulary.js';

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

describe('vocabulary', () => {
  it('finds the tokens that the plain rules find, in the same places, whatever was read before', () => {
    const vocabulary = new Vocabulary();
    const word = fc.constantFrom('and', 'send', 'sent', 'may 1st', 'the 3rd to the 9th of june', '2026-01-02', '10:30', '1,234', '1,23,456', 'a@b.co', 'www.x.com/y/', 'v1.2.3', 'é', '🙂', '"', '=', '- ', 'report_7', 'DE44500105175407324931', '.', ',', '\u00a0', '@', '/');
    const text = fc.oneof(fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')), fc.array(word, { maxLength: 12 }).map((words) => words.join('')), fc.string({ unit: 'binary', maxLength: 120 }));
    fc.assert(
      fc.property(text, (raw) => {
        const lower = folded(raw);
        const buffer = new TokenBuffer();
        vocabulary.scan(lower, { start: 0, end: lower.length }, buffer);
        const found = Array.from({ length: buffer.count }, (_, at) => ({ key: vocabulary.keyOf(buffer.ids[at] ?? 0), start: buffer.starts[at], end: buffer.ends[at] }));
        expect(found).toEqual(tokensOf(raw));
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives an id again only when nobody holds its word any more', () => {
    const vocabulary = new Vocabulary();
    const kept = vocabulary.idOf('kept');
    const gone = vocabulary.idOf('@gone@mail.example');
    vocabulary.sweep((hold) => hold(kept));
    expect([vocabulary.find('kept'), vocabulary.find('@gone@mail.example'), vocabulary.find('@mail.example')]).toEqual([kept, 0, 0]);
    const fresh = ['one', 'two', 'three'].map((word) => vocabulary.idOf(word));
    expect(fresh).toContain(gone);
    expect(new Set([...fresh, kept]).size).toBe(4);
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

describe('fingerprints and decodings', () => {
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
