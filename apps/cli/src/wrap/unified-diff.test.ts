import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unifiedDiff } from './unified-diff.js';

describe('a unified diff', () => {
  it('is empty for equal texts', () => {
    expect(unifiedDiff('a\nb\n', 'a\nb\n', 'f')).toBe('');
  });

  it('shows what changed between three lines of what did not', () => {
    const lines = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];
    expect(unifiedDiff(lines.join('\n'), lines.map((line) => (line === '5' ? 'five' : line)).join('\n'), 'f')).toBe('--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n');
  });

  it('applied to the old text gives the new one', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', '{', '}'), { maxLength: 40 }).map((lines) => lines.join('\n'));
    fc.assert(fc.property(text, text, (before, after) => {
      expect(applied(before, unifiedDiff(before, after, 'f'))).toBe(after);
    }), { numRuns: 300 });
  });

  it('stays bounded for texts too long to align', () => {
    const long = (word: string): string => Array.from({ length: 5_000 }, (_, n) => `${word}${n}`).join('\n');
    expect(applied(long('a'), unifiedDiff(long('a'), long('b'), 'f'))).toBe(long('b'));
  });
});

function applied(before: string, diff: string): string {
  const old = before.split('\n');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split('\n').slice(2, -1)) {
    const range = /^@@ -(\d+),(\d+) /.exec(line);
    if (range !== null) while (at < Number(range[1]) - (range[2] === '0' ? 0 : 1)) out.push(old[at++] ?? '');
    else if (line.startsWith('+')) out.push(line.slice(1));
    else {
      expect(old[at]).toBe(line.slice(1));
      if (line.startsWith(' ')) out.push(line.slice(1));
      at += 1;
    }
  }
  return [...out, ...old.slice(at)].join('\n');
}
