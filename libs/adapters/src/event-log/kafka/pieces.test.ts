import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inPieces, pieceBytesMax, PieceStore } from './pieces.js';

it('cuts a record into pieces within the limit, whose names are those of this attempt alone', () => {
  const record = { id: 'a', key: 'd', value: JSON.stringify('é'.repeat(400_000)) };
  const envelope = { topic: 'observations', app: 'gate', recordedAt: '2026-11-01T00:00:00.000Z' } as const;
  const [one, two] = [inPieces(record, envelope), inPieces(record, envelope)];
  expect(one.pieces.every(({ value }) => Buffer.isBuffer(value) && value.length <= pieceBytesMax)).toBe(true);
  expect(Buffer.concat(one.pieces.map(({ value }) => value as Buffer)).toString()).toBe(record.value);
  expect(one.record(3).headers?.['ce_piecegroup']).not.toBe(two.record(3).headers?.['ce_piecegroup']);
  expect(one.record(3)).toMatchObject({ key: 'd', value: null, headers: { ce_id: 'a', ce_piecefirst: '3', ce_datalength: String(Buffer.byteLength(record.value)), ce_dataref: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) as string } });
});

it('[P7] keeps no more than its limit and one group, and counts what it keeps', () => {
  const step = fc.record({ group: fc.constantFrom('a', 'b', 'c', 'd'), index: fc.nat(3), size: fc.integer({ min: 1, max: 40 }), act: fc.constantFrom('keep', 'keep', 'keep', 'take', 'drop') });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new PieceStore(100);
      for (const { group, index, size, act } of steps) {
        if (act === 'keep') store.keep(group, index, Buffer.alloc(size));
        else if (act === 'take') store.take(group, 2);
        else store.drop(group);
        // One group of four pieces of at most forty bytes is kept whatever the limit says.
        expect(store.bytes).toBeLessThanOrEqual(160);
      }
      for (const group of ['a', 'b', 'c', 'd']) store.drop(group);
      expect(store.bytes).toBe(0);
    }),
    { verbose: true },
  );
});
