/** Whatever bytes come, however they are cut, through the pump and the product's own core: out they come as they went in, and recorded. */
import { PassThrough, Readable, Writable } from 'node:stream';
import { rebuiltMessage } from '@countersign/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arrival } from '../passage.js';
import { TapBench } from '../testing/tap-bench.js';
import { Pump, inspectBytesMax } from './pump.js';

const lines = [
  '{"jsonrpc":"2.0","id":1,"method":"x/y","params":[1,1.0,9007199254740993],"extra":{"__proto__":{"a":1}}}\n', '{"a":1,"a":2}\r\n', '\n', '   \n', 'no json at all\n',
  '{"t":"é€𝄞 \\u00e9 \\/"}\n', '[{"id":"b","method":"ping"},{"id":null,"method":7}]\n', '{"id":"𝄞","method":"m"}\n', '{"x":"\\ud800"}\n', '\ufeff{"id":2}\n', '{"id":1,"result":{"é":"𝄞"}}\n', '\r\n',
];

const pieceBytes = 4_096;

/** Relays `chunks` through a fresh tap. */
async function relayed(chunks: readonly Uint8Array[], direction: Arrival['direction']): Promise<{ readonly out: Buffer; readonly records: readonly string[] }> {
  const bench = await TapBench.open({ hasGate: false });
  const [source, onward] = [new PassThrough({ highWaterMark: 1 << 26 }), new PassThrough({ highWaterMark: 1 << 26 })];
  const pump = new Pump({ direction, source, onward, back: new PassThrough(), client: onward, stream: bench.stream });
  for (const chunk of chunks) source.write(chunk);
  source.end();
  await pump.ended;
  await pump.settled();
  const records = bench.spool.read(undefined, 100_000).map(({ record }) => record);
  await bench.close();
  return { out: (onward.read() as Buffer | null) ?? Buffer.alloc(0), records: records.filter((record) => record.includes('"kind":"message"')) };
}

const cut = (input: Buffer, at: readonly number[]): Buffer[] => {
  const edges = [0, ...[...at].map((one) => one % (input.length + 1)).sort((a, b) => a - b), input.length];
  return edges.slice(1).map((edge, index) => Buffer.from(input.subarray(edges[index], edge))).filter((chunk) => chunk.length > 0);
};

describe('framing, with the core that records and decides', () => {
  it('[T1, T2, T4, T9] split in two at any byte, every line is relayed and recorded as if it had come whole', { timeout: 60_000 }, async () => {
    const input = Buffer.from(lines.join(''));
    const whole = await relayed([input], 'server-to-client');
    expect(whole.out.equals(input)).toBe(true);
    const digests = (records: readonly string[]): unknown[] => records.map((record) => (JSON.parse(record) as { message: { digest: string } }).message.digest);
    for (let at = 1; at < input.length; at += 1) {
      const { out, records } = await relayed(cut(input, [at]), 'server-to-client');
      expect(out.equals(input)).toBe(true);
      expect(digests(records)).toEqual(digests(whole.records));
    }
  });

  it('[T1, T2, T3, T9] in both directions, in any number of chunks', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...lines), { maxLength: 30 }), fc.array(fc.nat(), { maxLength: 400 }), fc.constantFrom('client-to-server' as const, 'server-to-client' as const), fc.boolean(), async (...[words, at, direction, isOpenEnded]) => {
        const input = Buffer.from(`${words.join('')}${isOpenEnded ? '{"last":"without newline"}' : ''}`);
        const { out, records } = await relayed(cut(input, at), direction);
        expect(out.equals(input)).toBe(true);
        expect(records.filter((record) => rebuiltMessage(record) !== undefined)).toHaveLength(records.length);
      }),
      { numRuns: 60 },
    );
  });

  it('[T3, T7] lines on both sides of the bound of inspection, in chunks of any size', { timeout: 120_000 }, async () => {
    const size = fc.constantFrom(10, inspectBytesMax - 60, inspectBytesMax - 1, inspectBytesMax, inspectBytesMax + 1, 2 * inspectBytesMax + 7);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 4 }), fc.array(fc.nat(), { maxLength: 50 }), async (sizes, at) => {
        const input = Buffer.from(sizes.map(([bytes, isCrlf], id) => `{"id":${id},"result":"${'é'.repeat(Math.max(0, bytes - 20) / 2)}"}${isCrlf ? '\r\n' : '\n'}`).join(''));
        const { out, records } = await relayed(cut(input, at), 'server-to-client');
        expect(out.equals(input)).toBe(true);
        expect(records).toHaveLength(sizes.length);
      }),
      { numRuns: 15 },
    );
  });

  it('[T8] a reader of any pace gets every byte, and what waits for it stays within a chunk of its bound', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 64 }), fc.array(fc.integer({ min: 1, max: 9_000 }), { minLength: 20, maxLength: 120 }), async (turnsPerWrite, sizes) => {
        const bench = await TapBench.open({ hasGate: false });
        const taken: Buffer[] = [];
        let waitingMax = 0;
        const onward = new Writable({
          highWaterMark: 16_384,
          write: (chunk: Buffer, _encoding, done) => {
            waitingMax = Math.max(waitingMax, onward.writableLength);
            taken.push(chunk);
            let turns = turnsPerWrite;
            const wait = (): void => void (turns-- > 0 ? setImmediate(wait) : done());
            wait();
          },
        });
        const input = Buffer.from(sizes.map((bytes, id) => `{"id":${id},"result":"${'x'.repeat(bytes)}"}\n`).join(''));
        const pieces = Array.from({ length: Math.ceil(input.length / pieceBytes) }, (_, index) => Buffer.from(input.subarray(index * pieceBytes, (index + 1) * pieceBytes)));
        const source = Readable.from(pieces, { objectMode: false, highWaterMark: pieceBytes });
        const pump = new Pump({ direction: 'server-to-client', source, onward, back: new PassThrough(), client: onward, stream: bench.stream });
        await pump.ended;
        await new Promise<void>((resolve) => onward.end(resolve));
        expect(Buffer.concat(taken).equals(input)).toBe(true);
        // Its own bound, and what the piece that reached it completed: the rest of a line, and what follows it in that piece.
        expect(waitingMax).toBeLessThanOrEqual(16_384 + 9_100 + 2 * pieceBytes);
        await bench.close();
      }),
      { numRuns: 15 },
    );
  });
});
