import fc from 'fast-check';
import { expect, it } from 'vitest';
import { chainStart, firstBrokenLink, nextLink, type Chained } from './hash-chain.js';

function chained(records: readonly string[]): readonly Chained[] {
  let link = chainStart;
  return records.map((text) => {
    const record = Buffer.from(text);
    link = nextLink(link, record);
    return { record, link };
  });
}

it('the first link of a known record is the known one', () => {
  // Computed with another implementation: sha256(32 zero bytes ‖ sha256("record")).
  expect(Buffer.from(chained(['record'])[0]?.link ?? []).toString('hex')).toBe('3d90ee444549f5da5a9e40d8f44605f55f1f861d8f459849765e14bca8f4fedb');
  expect(firstBrokenLink(chained(['a', 'b', 'c']))).toBeUndefined();
});

it('[P10] a changed, dropped, doubled or moved record is found where it stands', () => {
  const records = fc.uniqueArray(fc.string(), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(records, fc.nat(), (texts, pick) => {
      const chain = chained(texts);
      const at = pick % (texts.length - 1);
      const changed = chain.map((entry, index) => (index === at ? { ...entry, record: Buffer.concat([entry.record, Buffer.from('!')]) } : entry));
      expect(firstBrokenLink(changed)).toBe(at);
      expect(firstBrokenLink(chain.filter((_, index) => index !== at))).toBe(at);
      expect(firstBrokenLink([...chain.slice(0, at + 1), ...chain.slice(at)])).toBe(at + 1);
      const moved = [...chain];
      [moved[at], moved[at + 1]] = [moved[at + 1] as Chained, moved[at] as Chained];
      expect(firstBrokenLink(moved)).toBe(at);
    }),
  );
});

it('[P10] a cut tail is not found by the chain alone, only by its known last link', () => {
  const chain = chained(['a', 'b', 'c']);
  expect(firstBrokenLink(chain.slice(0, 2))).toBeUndefined();
  expect(chain[1]?.link).not.toEqual(chain[2]?.link);
});
