import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wordDiff, type DiffPiece } from './word-diff.js';

const without = (pieces: readonly DiffPiece[], kind: DiffPiece['kind']) => pieces.filter((piece) => piece.kind !== kind).map(({ text }) => text).join('');
const wordy = fc.array(fc.constantFrom('read', 'the', 'file', ' ', '\n', '.', 'send', 'it', 'été'), { maxLength: 60 }).map((parts) => parts.join(''));

describe('word diff', () => {
  test('[P9] without what was added it is the old text, without what was removed the new one', () => {
    fc.assert(
      fc.property(fc.oneof(wordy, fc.string()), fc.oneof(wordy, fc.string()), (before, after) => {
        const pieces = wordDiff(before, after);
        expect(without(pieces, 'added')).toBe(before);
        expect(without(pieces, 'removed')).toBe(after);
      }),
      { verbose: 1 },
    );
  });

  test('equal texts differ nowhere', () => {
    fc.assert(fc.property(wordy, (text) => void expect(wordDiff(text, text).every(({ kind }) => kind === 'same')).toBe(true)), { verbose: 1 });
  });

  test('only the changed words are marked', () => {
    expect(wordDiff('Reads a file.', 'Reads a file and sends it.')).toEqual([
      { kind: 'same', text: 'Reads a file' },
      { kind: 'added', text: ' and sends it' },
      { kind: 'same', text: '.' },
    ]);
  });

  test('two huge texts are shown whole, removed and added, instead of taking forever', () => {
    const pieces = wordDiff('a b '.repeat(2_000) + 'x', 'c d '.repeat(2_000) + 'y');
    expect(pieces.map(({ kind }) => kind)).toEqual(['removed', 'added']);
  });
});
