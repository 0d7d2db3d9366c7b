import { SeededClock } from '@countersign/adapters/clock/seeded';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFrameLines } from './frame-lines.js';
import { createFrameRate } from './frame-rate.js';
import { createRecentNews, type NewsFrame } from './recent-news.js';

describe('createFrameLines', () => {
  it('[FL2] gives the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\n', ' '))), fc.array(fc.integer({ min: 1, max: 7 })), (texts, cuts) => {
        const stream = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const lines = createFrameLines(() => 1_000);
        const seen: string[] = [];
        for (let start = 0, turn = 0; start < stream.length; turn += 1) {
          const size = cuts[turn % Math.max(1, cuts.length)] ?? 3;
          seen.push(...lines.push(stream.subarray(start, start + size)));
          start += size;
        }
        expect(seen).toEqual(texts);
      }),
      { verbose: true },
    );
  });

  it('[FL1] takes a line of exactly its limit and refuses one byte more, whole or in pieces', () => {
    expect(createFrameLines(() => 4).push(Buffer.from('abcd\n'))).toEqual(['abcd']);
    expect(() => createFrameLines(() => 4).push(Buffer.from('abcde\n'))).toThrow(expect.objectContaining({ name: 'FrameTooLong' }));
    const pieces = createFrameLines(() => 4);
    expect(pieces.push(Buffer.from('ok\nab'))).toEqual(['ok']);
    expect(() => pieces.push(Buffer.from('cde'))).toThrow(expect.objectContaining({ name: 'FrameTooLong' }));
  });
});

describe('createFrameRate', () => {
  it('lets so many frames of a second through at once, and the next when the second is over', async () => {
    const clock = new SeededClock();
    const rate = createFrameRate(clock, 3);
    expect([await rate.next(), await rate.next(), await rate.next()]).toEqual([false, false, false]);
    let hasPassed = false;
    const fourth = rate.next().then((waited) => (hasPassed = waited));
    await clock.advance(999);
    expect(hasPassed).toBe(false);
    await clock.advance(1);
    expect(await fourth).toBe(true);
    expect(await rate.next()).toBe(false);
    await clock.advance(1_000);
    expect(await rate.next()).toBe(false);
  });
});

describe('createRecentNews', () => {
  const nowMs = Date.UTC(2026, 4, 1);
  const ago = (ms: number): string => new Date(nowMs - ms).toISOString();
  const verdict = (name: string, ageMs = 0): NewsFrame => ({ type: 'verdict', at: ago(ageMs), line: name });
  const decision = (name: string, ageMs = 0): NewsFrame => ({ type: 'decision', at: ago(ageMs), line: name });

  it('[RN1] keeps a verdict for a minute and a decision for fifteen', () => {
    const news = createRecentNews();
    expect([verdict('v-now'), verdict('v-old', 60_001), decision('d-10', 600_000), decision('d-old', 900_001)].map((frame) => news.add('t', frame, nowMs))).toEqual([true, false, true, false]);
    expect(news.of('t', nowMs)).toEqual([verdict('v-now'), decision('d-10', 600_000)]);
    expect(news.of('t', nowMs + 61_000)).toEqual([decision('d-10', 600_000)]);
    expect(news.of('t', nowMs + 900_000)).toEqual([]);
  });

  it('[RN2] keeps the newest of each kind, and a decision through any flood of verdicts', () => {
    const news = createRecentNews(3);
    news.add('t', decision('d'), nowMs);
    for (const n of [1, 2, 3, 4, 5]) news.add(n === 4 ? 'other' : 't', verdict(`v-${n}`), nowMs);
    expect(news.of('t', nowMs)).toEqual([verdict('v-3'), verdict('v-5'), decision('d')]);
  });
});
