import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, decodeFrame, encodeFrame, recoverSegment } from './spool-frame.js';
import type { SpoolEntry } from './spool.js';

/** Records are JSON text (SF3), which begins with neither of the marks. */
const entry = fc.record({ epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }), seq: fc.integer({ min: 0, max: 2 ** 47 }), record: fc.string({ unit: 'binary', maxLength: 200 }).map((text) => JSON.stringify(text)) });

function entryAt(bytes: Buffer, at: number): SpoolEntry | undefined {
  const frame = decodeFrame(bytes, at);
  return typeof frame === 'string' ? undefined : frame.entry();
}

describe('the frame codec', () => {
  it('knows the published check values of CRC-32C', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa);
    expect(crc32c(Buffer.alloc(32, 0xff))).toBe(0x62a8ab43);
  });

  it('gives back what it was given', () => {
    fc.assert(
      fc.property(entry, (given) => {
        expect(entryAt(encodeFrame(given), 0)).toEqual(given);
        expect(entryAt(encodeFrame(given, Buffer.alloc(4096)), 0)).toEqual(given);
      }),
    );
  });
});

describe('recovery', () => {
  it('[P1] a segment cut at any byte gives every whole frame in front and calls the rest torn', () => {
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), fc.nat(), (entries, seed) => {
        const frames = entries.map((given) => encodeFrame(given));
        const whole = Buffer.concat(frames);
        const cut = seed % (whole.length + 1);
        const ends = frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length);
        const kept = ends.filter((end) => end <= cut).length;
        const recovered = recoverSegment(whole.subarray(0, cut));
        expect(recovered).toMatchObject({ entryCount: kept, last: kept === 0 ? undefined : { epoch: entries[kept - 1]?.epoch, seq: entries[kept - 1]?.seq } });
        expect(recovered.damage).toBe(cut === 0 || ends.includes(cut) ? 'none' : 'torn');
      }),
    );
  });

  it('[P10] a flipped bit before the last frame is damage, and nothing behind it is believed', () => {
    const frames = [1, 2, 3].map((seq) => encodeFrame({ epoch: 1, seq, record: `{"seq":${seq}}` }));
    const bytes = Buffer.concat(frames);
    const at = (frames[0]?.length ?? 0) + 20;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(recoverSegment(bytes)).toMatchObject({ entryCount: 1, last: { seq: 1 }, damage: 'corrupt', wholeBytes: frames[0]?.length });
  });

  it('a last frame whose bytes never reached the disk is torn', () => {
    const first = encodeFrame({ epoch: 1, seq: 1, record: '{}' });
    expect(recoverSegment(Buffer.concat([first, Buffer.alloc(64)]))).toMatchObject({ entryCount: 1, last: { seq: 1 }, damage: 'torn' });
  });
});
