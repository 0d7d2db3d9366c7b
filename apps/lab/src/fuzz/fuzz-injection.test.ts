import { describe, expect, it } from 'vitest';
import { fuzzInjection, misplaced, strangeObservation, stringAt } from './fuzz-injection.js';

const seed = 20_260_105;

describe('the injection detector under strange input', () => {
  it(`answers, throws never, and points into the strings it read (seed ${seed})`, async () => {
    const { failures, findings } = await fuzzInjection({ inputs: 4_000, seed });
    expect(failures).toEqual([]);
    expect(Object.keys(findings)).toEqual(expect.arrayContaining(['hidden-text', 'instruction-in-data', 'pin-first-seen', 'nothing']));
  }, 60_000);
});

describe('the check itself', () => {
  it('sees a span outside its string, a path to nothing, and a call left unanswered', () => {
    const payload = { content: [{ type: 'text', text: 'hello' }], 'odd "name"': { a: 'x' } };
    const observation = { ...strangeObservation(3), message: { shape: 'response' as const, method: 'tools/call', bytes: 1, digest: 'd', flags: [], payload } };
    const finding = (path: string, start: number, end: number) => [{ kind: 'k', severity: 'low' as const, sentence: 's', evidence: [{ observationId: 'o', path, start, end }] }];
    expect(misplaced(observation, finding('$.content[0].text', 0, 5))).toBeUndefined();
    expect(misplaced(observation, finding('$.content[0].text', 0, 6))).toMatch(/does not lie/);
    expect(misplaced(observation, finding('$.content[1].text', 0, 1))).toMatch(/no string/);
    expect(stringAt(payload, '$["odd \\"name\\""].a')).toBe('x');
    const { call } = strangeObservation(3);
    if (call !== undefined) expect(misplaced(observation, [])).toMatch(/unanswered/);
  });
});
