/** Bytes that nobody should have written. What the reference libraries write is read in `kafka-records.integration.test.ts`. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unLz4, unsnappied } from './codecs.js';

describe('a foreign codec', () => {
  it('reads snappy with literals, and with copies that overlap what they make', () => {
    // 'abc', then eleven bytes from three back.
    expect(unsnappied(Buffer.from([14, 2 << 2, 97, 98, 99, ((11 - 4) << 2) | 1, 3])).toString()).toBe('abcabcabcabcab');
  });

  it('reads LZ4 with literals and an overlapping match, and blocks that are not compressed', () => {
    const block = Buffer.from([0x37, 97, 98, 99, 3, 0, 0x10, 33]);
    const plain = Buffer.from('plain');
    const size = (length: number): Buffer => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(length >>> 0);
      return bytes;
    };
    const frame = Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]), size(block.length), block, size(plain.length + 2 ** 31), plain, size(0)]);
    expect(unLz4(frame).toString()).toBe('abcabcabcabcab!plain');
  });

  it.each([
    ['snappy that copies from before its beginning', () => unsnappied(Buffer.from([8, 0, 97, (4 << 2) | 1, 9]))],
    ['snappy that is longer than it says', () => unsnappied(Buffer.from([2, 2 << 2, 97, 98, 99]))],
    ['snappy that is shorter than it says', () => unsnappied(Buffer.from([9, 2 << 2, 97, 98, 99]))],
    ['snappy that says it is four gigabytes', () => unsnappied(Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 0]))],
    ['LZ4 of another magic', () => unLz4(Buffer.alloc(20))],
    ['LZ4 that ends within a block', () => unLz4(Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0, 200, 0, 0, 0, 1, 2]))],
  ])('[P8] refuses %s', (_name, read) => {
    expect(read).toThrow(RangeError);
  });

  it('[P7] [P8] of any bytes makes at most what is allowed, or refuses, and always ends', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((part) => Buffer.from(part));
    fc.assert(
      fc.property(bytes, fc.constantFrom('snappy', 'lz4'), (part, codec) => {
        const read = (): Buffer => (codec === 'snappy' ? unsnappied(part) : unLz4(Buffer.concat([Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]), part])));
        try {
          expect(read().length).toBeLessThanOrEqual(64 * 1024 * 1024);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2_000, verbose: true },
    );
  });
});
