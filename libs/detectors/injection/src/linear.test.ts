/** Time is not measured here but counted: characters looked at. A clock on a shared machine proves nothing. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { readText } from './content.js';
import { scorerOf } from './model.js';
import { textModel } from './text-model.js';

const eyes = { scorer: scorerOf(textModel), vocabulary: { names: new Set<number>(), pairs: new Set<number>() } };
afterEach(() => vi.restoreAllMocks());

function looksOf(text: string): number {
  let looks = 0;
  const { charCodeAt, indexOf, lastIndexOf } = String.prototype;
  vi.spyOn(String.prototype, 'charCodeAt').mockImplementation(function (this: string, at: number) {
    looks += 1;
    return charCodeAt.call(this, at);
  });
  vi.spyOn(String.prototype, 'indexOf').mockImplementation(function (this: string, wanted: string, from = 0) {
    const found = indexOf.call(this, wanted, from);
    looks += (found < 0 ? this.length : found) - Math.min(from, this.length);
    return found;
  });
  vi.spyOn(String.prototype, 'lastIndexOf').mockImplementation(function (this: string, wanted: string, from = this.length) {
    const found = lastIndexOf.call(this, wanted, from);
    looks += from - Math.max(0, found);
    return found;
  });
  readText(text, eyes);
  vi.restoreAllMocks();
  return looks;
}

const patterns: Record<string, string> = {
  prose: 'Please send the report to a@b.example, then call me. ', opening: '<', tags: '<a ', unclosed: '<!--', quotes: '"', commas: '", "', dots: 'a.', newlines: '\n   a', percent: '%41',
  base64: 'QUFB', spaces: ' ', slashes: '/', underscores: 'a_', at: '@.', escapes: '\\n', styled: '<p style="display', zeroWidth: 'a\u200b', tagCharacters: '\u{E0041}', override: '\u202e',
};

describe('reading is linear', () => {
  for (const [name, pattern] of Object.entries(patterns)) {
    it(`in ${name}: four times the text, at most five times the looks, and at most forty per character`, () => {
      const small = looksOf(pattern.repeat(Math.ceil(4_096 / pattern.length)));
      const large = looksOf(pattern.repeat(Math.ceil(16_384 / pattern.length)));
      expect(large).toBeGreaterThan(0);
      expect(large).toBeLessThan(5 * small);
      expect(large).toBeLessThan(40 * 16_384);
    });
  }
});
