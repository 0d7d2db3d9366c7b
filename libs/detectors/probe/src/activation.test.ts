import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activationWidthMax, readActivation, writeActivation } from './activation.js';
import { qualityGate, readCard } from './artefact.js';
import { claimNonce, emptyMemory, noncesMax } from './memory.js';

const origin = { weightsDigest: 'a'.repeat(64), layer: 8, pool: 'mean' };

describe('an activation on the wire', () => {
  it('comes back within half precision', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true, min: -60_000, max: 60_000 }), { minLength: 1, maxLength: 40 }), (numbers) => {
        const read = readActivation(writeActivation(origin, numbers, 'n'));
        if (typeof read === 'string' || read.values === undefined) throw new Error('it was not read back');
        read.values.forEach((value, n) => expect(Math.abs(value - (numbers[n] ?? 0))).toBeLessThanOrEqual(Math.max(2 ** -24, Math.abs(numbers[n] ?? 0) * 2 ** -10)));
      }),
    );
  });
  it('may be eight-bit integers, read as -1 to 1', () => {
    const read = readActivation({ ...writeActivation(origin, [0, 0], 'n'), dtype: 'i8', data: Buffer.from([127, 129]).toString('base64') });
    expect(typeof read === 'string' ? read : Array.from(read.values ?? [])).toEqual([1, -1]);
  });
  it('is never wider than the limit, and never an exception', () => {
    expect(readActivation({ ...writeActivation(origin, [0], 'n'), d: activationWidthMax + 1 })).toMatch(/width/);
    fc.assert(fc.property(fc.anything(), (value) => typeof readActivation(value) === 'string'));
  });
});

describe('a probe\'s card', () => {
  const metadata = { name: 'p', weightsDigest: 'd', layer: '3', pool: 'last', labels: 'x,y', thresholds: '0.5,0.6', oodMax: '9' };
  const card = (more: Record<string, string> = {}) => readCard({ id: 'i', inputWidth: 4, metadata: { ...metadata, ...more } });
  const figures: [string, Record<string, string>, boolean][] = [
    ['no figures', {}, true],
    ['empty figures', { worstSourceTprAt1: '', leadOverNgrams: '' }, true],
    ['one figure under its bound', { worstSourceTprAt1: '0.59', leadOverNgrams: '0.2' }, true],
    ['both at their bounds', { worstSourceTprAt1: String(qualityGate.worstSourceTprAt1Min), leadOverNgrams: String(qualityGate.leadOverNgramsMin) }, false],
  ];
  for (const [name, more, advisory] of figures) {
    it(`${name}: ${advisory ? 'advisory' : 'may weigh in'}`, () => {
      expect(card(more).advisory).toBe(advisory);
    });
  }
  it('is refused when a member is missing or the labels and thresholds differ', () => {
    expect(() => card({ thresholds: '0.5' })).toThrow(/thresholds/);
    expect(() => card({ layer: 'three' })).toThrow(/`layer`/);
    expect(() => card({ name: '' })).toThrow(/`name`/);
  });
});

it('remembers a bounded number of nonces', () => {
  const memory = emptyMemory();
  for (let n = 0; n <= noncesMax; n += 1) claimNonce(memory, `n${n}`, `o${n}`);
  expect(memory.nonces.size).toBe(noncesMax);
  expect(claimNonce(memory, `n${noncesMax}`, 'other')).toBe(false);
});
