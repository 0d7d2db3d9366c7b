import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tokensOf } from './text.js';

const dayKeys = (text: string): string[] => tokensOf(text).map(({ key }) => key).filter((key) => /^@\d\d[-:]\d\d$/.test(key));

const cases: readonly (readonly [string, string, readonly string[]])[] = [
  ['an ISO day', 'start 2026-05-01', ['@05-01']],
  ['an ISO day with a time', 'at 2026-05-01T09:30:00Z', ['@05-01', '@09:30']],
  ['month first', 'on May 1st, 2026', ['@05-01']],
  ['day first', 'on the 3rd of march', ['@03-03']],
  ['a range, month first', 'from June 10th to 14th', ['@06-10', '@06-14']],
  ['a range, day first', 'from the 3rd to the 9th of June', ['@06-03', '@06-09']],
  ['two months', 'January 30 - February 2', ['@01-30', '@02-02']],
  ['a time of day', 'at 9am or 14:05', ['@09:00', '@14:05']],
  ['noon and midnight', '12pm, 12am', ['@12:00', '@00:00']],
  ['a modal verb is no month', 'you may go', []],
  ['a year is no day', 'in May 2026', []],
  ['no such day', 'June 45', []],
];

describe('days and times', () => {
  it.each(cases)('%s', (_name, text, keys) => expect(dayKeys(text)).toEqual(keys));

  it('a day is the same however it is written', () => {
    const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 11 }), fc.integer({ min: 1, max: 28 }), (month, day) => {
        const iso = dayKeys(`2026-${String(month + 1).padStart(2, '0')}-${String(day).padStart(2, '0')}`);
        expect(dayKeys(`on ${months[month] ?? ''} ${day}`)).toEqual(iso);
        expect(dayKeys(`the ${day}th of ${months[month] ?? ''}`)).toEqual(iso);
      }),
      { seed: 11 },
    );
  });

  it('text full of months is read in time that grows with its length', () => {
    const text = 'may 1 to may 2 of '.repeat(4_000);
    expect(dayKeys(text)).toHaveLength(8_000);
  });
});
