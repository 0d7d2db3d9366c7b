import { describe, expect, it } from 'vitest';
import { parseRecord } from './parse-record.js';

const letter = { v: 1, id: 'l', domain: 'd', at: 'now', topic: 'findings', offset: 3, recordId: 'r', errorClass: 'schema', error: 'e', component: 'c', raw: 'bytes' };

describe('parseRecord', () => {
  it('returns a record of the topic, without what its schema does not know', () => {
    expect(parseRecord('dead-letters', { id: 'l', value: JSON.stringify({ ...letter, extra: 1 }) })).toEqual(letter);
  });

  it.each([
    { name: 'text that is not JSON', value: '{"v":1', errorClass: 'unparsable' },
    { name: 'a later version', value: JSON.stringify({ ...letter, v: 2 }), errorClass: 'unknown-version' },
    { name: 'a version of another type', value: JSON.stringify({ ...letter, v: '1' }), errorClass: 'unknown-version' },
    { name: 'a record without a version', value: JSON.stringify({ ...letter, v: undefined }), errorClass: 'schema' },
    { name: 'a wrong field', value: JSON.stringify({ ...letter, offset: -1 }), errorClass: 'schema' },
    { name: 'an array', value: '[]', errorClass: 'schema' },
    { name: 'null', value: 'null', errorClass: 'schema' },
    { name: 'a prototype in disguise', value: '{"__proto__":{"v":1}}', errorClass: 'schema' },
  ])('[P8] refuses $name as $errorClass', ({ value, errorClass }) => {
    expect(() => parseRecord('dead-letters', { id: 'l', value })).toThrow(expect.objectContaining({ name: 'TerminalError', errorClass }));
  });

  it('says in a sentence which record and where, without its content', () => {
    const secret = 'hunter2'.repeat(3);
    expect(() => parseRecord('dead-letters', { id: 'tap/1/2', value: JSON.stringify({ ...letter, offset: secret }) })).toThrow(/^record "tap\/1\/2" of dead-letters breaks the topic's schema at `offset`: (?!.*hunter2)/);
  });

  it('parses a record once for all its readers, and not at all what its writer left beside it', () => {
    const stored = { id: 'once', value: JSON.stringify({ ...letter, id: 'once' }) };
    expect(parseRecord('dead-letters', stored)).toBe(parseRecord('dead-letters', stored));
    expect(() => parseRecord('verdicts', stored)).toThrow(expect.objectContaining({ errorClass: 'schema' }));
    const parsed = { ...letter, id: 'left' };
    expect(parseRecord('dead-letters', { id: 'left', value: JSON.stringify(parsed), parsed })).toBe(parsed);
  });
});
