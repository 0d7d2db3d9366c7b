import fc from 'fast-check';
import { expect, it } from 'vitest';
import { cutInserts, insertCharactersMax, insertRowsMax, type PlacedRow } from './cut-inserts.js';

const placed = (offset: number, characters = 10, id = `id ${offset}`): PlacedRow => ({ offset, partition: 0, characters, row: { id } });

it('[P11] every row travels once, in order, in inserts within their limits', () => {
  const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 2 * insertCharactersMax })), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, (characters) => {
      const rows = characters.map((size, offset) => placed(offset, size));
      const inserts = cutInserts('findings', rows);
      expect(inserts.flatMap(({ placed: inside }) => inside)).toEqual(rows);
      for (const { placed: inside } of inserts) {
        const sum = inside.reduce((total, row) => total + row.characters, 0);
        expect(inside.length === 1 || sum <= insertCharactersMax).toBe(true);
      }
      expect(new Set(inserts.map(({ token }) => token)).size).toBe(inserts.length);
    }),
  );
});

it('a long batch is cut by rows', () => {
  const rows = Array.from({ length: insertRowsMax + 1 }, (_, offset) => placed(offset));
  expect(cutInserts('verdicts', rows).map(({ rows: inside }) => inside.length)).toEqual([insertRowsMax, 1]);
});

it('[P11] the same records make the same token', () => {
  const token = cutInserts('dead-letters', [placed(3), placed(4)])[0]?.token;
  expect(token).toMatch(/^dead-letters\/0\/3-4\/[0-9a-f]{16}$/);
  expect(cutInserts('dead-letters', [placed(3), placed(4)])[0]?.token).toBe(token);
});

it('[P2] a ledger that began anew does not take an old token for its own rows', () => {
  const [old, anew] = [cutInserts('decisions', [placed(0, 10, 'a')]), cutInserts('decisions', [placed(0, 10, 'b')])];
  expect(old[0]?.token).not.toBe(anew[0]?.token);
});

it('[P11] rows of several partitions share an insert, and its token names each of them', () => {
  const rows = [placed(0), { ...placed(7), partition: 1 }, { ...placed(8), partition: 1 }];
  const [insert] = cutInserts('observations', rows);
  expect(insert?.token).toMatch(/^observations\/0\/0-0\+1\/7-8\/[0-9a-f]{16}$/);
  expect(cutInserts('observations', rows)[0]?.token).toBe(insert?.token);
});
