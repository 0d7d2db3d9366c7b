import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineFramer, type Framed } from './line-framer.js';

const bytesOf = (framed: readonly Framed[]): Buffer =>
  Buffer.concat(framed.flatMap((part) => (part.kind === 'line' ? [part.raw] : part.kind === 'head' ? part.chunks : [part.bytes])));

function framed(input: Uint8Array, cuts: readonly number[], lineBytesMax = 1024 * 1024): Framed[] {
  const framer = new LineFramer({ lineBytesMax });
  const edges = [0, ...[...cuts].sort((a, b) => a - b), input.length];
  const parts = edges.slice(1).flatMap((edge, index) => framer.push(Uint8Array.from(input.subarray(edges[index], edge))));
  const last = framer.end();
  return last === undefined ? parts : [...parts, last];
}

const linesOf = (parts: readonly Framed[]): string[] => parts.map((part) => (part.kind === 'line' ? `${Buffer.from(part.bytes).toString('hex')}/${JSON.stringify(part.ending)}` : part.kind));
const text = fc.array(fc.constantFrom('{"a":1}', 'é', '€', '𝄞', '\n', '\r\n', '\r', '', ' ', '"x"'), { maxLength: 40 }).map((words) => Buffer.from(words.join('')));

describe('lines are found in bytes', () => {
  it('[T2] a message split at every byte offset, also inside 2-, 3- and 4-byte characters, is the same line', () => {
    const input = Buffer.from('{"é":"€ 𝄞"}\n{"x":1}\r\n');
    const whole = linesOf(framed(input, []));
    for (let cut = 0; cut <= input.length; cut += 1) expect(linesOf(framed(input, [cut]))).toEqual(whole);
    expect(whole).toHaveLength(2);
  });

  it('[T3] the lines do not depend on where the input was cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), (input, cuts) => {
        const inside = cuts.map((cut) => Math.min(cut, input.length));
        expect(linesOf(framed(input, inside))).toEqual(linesOf(framed(input, [])));
      }),
    );
  });

  it('[T1, T4] what comes out, concatenated, is exactly what went in, endings and all', () => {
    fc.assert(
      fc.property(text, fc.array(fc.nat(200)), (input, cuts) => {
        expect(bytesOf(framed(input, cuts.map((cut) => Math.min(cut, input.length)))).equals(input)).toBe(true);
      }),
    );
  });

  it('[T3] one message in ten thousand chunks is one line', () => {
    const input = Buffer.from(`${'x'.repeat(9_999)}\n`);
    expect(linesOf(framed(input, Array.from({ length: 10_000 }, (_, index) => index)))).toHaveLength(1);
  });

  it('[T7] a line over the bound is handed on in pieces, and no more than the bound is held', () => {
    const framer = new LineFramer({ lineBytesMax: 1_000 });
    let heldMax = 0;
    const parts: Framed[] = [];
    for (let index = 0; index < 100; index += 1) {
      parts.push(...framer.push(Buffer.alloc(100, 120)));
      heldMax = Math.max(heldMax, framer.heldBytes);
    }
    parts.push(...framer.push(Buffer.from('\nshort\n')));
    expect(heldMax).toBeLessThanOrEqual(1_000);
    expect(parts.map(({ kind }) => kind).filter((kind, index, all) => kind !== all[index - 1])).toEqual(['head', 'piece', 'tail', 'line']);
    expect(bytesOf(parts).toString()).toBe(`${'x'.repeat(10_000)}\nshort\n`);
  });
});
