import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hiddenText, visibleLine, visibleText } from './visible-text.js';

const anyText = fc.string({ unit: 'binary', maxLength: 200 });
const treacherous = fc.constantFrom('\u202e', '\u200b', '\u2066', '\ufeff', '\u00ad', '\u001b', '\u0000', '\u0085', '\u2028', '\u00a0', '\u3164', '\u2800', '\u{e0041}', '\u{e0101}', '\ufe0f', '\r', '\t', '\u034f', '\u180e', '\ud800', '\u{10ffff}');
const mixedText = fc.array(fc.oneof(treacherous, anyText, fc.lorem({ maxCount: 3 })), { maxLength: 20 }).map((parts) => parts.join(''));

describe('visible text', () => {
  test('[P9] every character a reader cannot see is spelled out as its code point', () => {
    fc.assert(
      fc.property(mixedText, (text) => {
        const shown = visibleText(text).filter(({ kind }) => kind !== 'break').map((piece) => piece.text).join('');
        expect(shown).not.toMatch(/[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u);
        expect(shown.replaceAll(' ', '')).not.toMatch(/\p{Zs}/u);
      }),
      { verbose: 1 },
    );
  });

  test('[P9] nothing is lost: the pieces stand for exactly the text they were made of', () => {
    fc.assert(fc.property(mixedText, (text) => void expect(hiddenText(visibleText(text))).toBe(text)), { verbose: 1 });
  });

  test('[P9] a text that spells a code point is not mistaken for the character it names', () => {
    expect(visibleText('U+202E')).toEqual([{ kind: 'plain', text: 'U+202E' }]);
    expect(visibleText('a\u202eb')).toEqual([{ kind: 'plain', text: 'a' }, { kind: 'escaped', text: 'U+202E' }, { kind: 'plain', text: 'b' }]);
  });

  test('[P9] a word of look-alike scripts is marked, a word of one script is not', () => {
    expect(visibleText('pаypal.com')[0]).toEqual({ kind: 'mixed', text: 'pаypal' });
    expect(visibleText('paypal, привет, Ελλάδα')).toEqual([{ kind: 'plain', text: 'paypal, привет, Ελλάδα' }]);
  });

  test('[P9] a tower of combining marks ends after the second', () => {
    expect(visibleText('a\u0301\u0302\u0303\u0304').filter(({ kind }) => kind === 'escaped').map(({ text }) => text)).toEqual(['U+0303', 'U+0304']);
  });

  test('one line stays one line', () => {
    expect(visibleLine('a\nb\u200bc')).toBe('a⏎b⟨U+200B⟩c');
  });
});
