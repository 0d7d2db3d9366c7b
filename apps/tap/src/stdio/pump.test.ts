import { PassThrough, Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Arrival, Passage, TapStream } from '../passage.js';
import { Pump } from './pump.js';

/** A conversation that decides by a word in the message; the product's own core is tested beside it. */
function conversation(decide: (text: string) => Passage | Promise<Passage> | undefined): TapStream {
  return {
    offer: ({ bytes }: Arrival) => decide(Buffer.from(bytes).toString()) ?? { kind: 'forward', bytes },
    offerLong: () => ({ kind: 'forward' }),
    mayPassUnread: () => true,
    withdraw: () => undefined,
    lose: () => undefined,
    abandon: () => undefined,
    end: () => [],
  };
}

function pumped(stream: TapStream, direction: Arrival['direction'] = 'client-to-server') {
  const source = new PassThrough();
  const onward = new PassThrough({ highWaterMark: 1 << 24 });
  const client = new PassThrough({ highWaterMark: 1 << 24 });
  const pump = new Pump({ direction, source, onward, client, back: client, stream });
  const read = (from: PassThrough): string => (from.read() as Buffer | null)?.toString() ?? '';
  return { source, onward, client, pump, read };
}

async function through(chunks: readonly Uint8Array[], stream: TapStream): Promise<string> {
  const { source, onward, pump, read } = pumped(stream);
  for (const chunk of chunks) source.write(chunk);
  source.end();
  await pump.ended;
  await pump.settled();
  return read(onward);
}

describe('a pump', () => {
  it('[T1, T2, T3, T4] passes every byte as it came, however it was cut', async () => {
    const word = fc.constantFrom('{"a":1}', '[{"id":1},{"id":2}]', '[ ]', '[1,', 'é𝄞', '\n', '\r\n', '\r', '');
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(word, fc.nat(7)), { maxLength: 30 }), async (words) => {
        const input = Buffer.from(words.map(([text]) => text).join(''));
        const chunks = words.reduce<Uint8Array[]>((all, [, size]) => [...all, input.subarray(all.reduce((sum, chunk) => sum + chunk.length, 0)).subarray(0, size + 1)], []);
        const taken = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
        expect(await through([...chunks, input.subarray(taken)], conversation(() => undefined))).toBe(input.toString());
      }),
      { numRuns: 200 },
    );
  });

  it('[T20] lets what is behind a waiting line pass', async () => {
    let release: (passage: Passage) => void = () => undefined;
    const held = new Promise<Passage>((resolve) => (release = resolve));
    const { source, onward, pump, read } = pumped(conversation((text) => (text === 'held' ? held : undefined)));
    source.end('a\nheld\nb\n');
    await pump.ended;
    expect(read(onward)).toBe('a\nb\n');
    release({ kind: 'forward', bytes: Buffer.from('changed') });
    await pump.settled();
    expect(read(onward)).toBe('changed\n');
  });

  it('[T44] answers a refused element of a batch and sends the rest as one batch', async () => {
    const decide = (text: string): Passage | undefined => (text.includes('no') ? { kind: 'answer', bytes: Buffer.from('refused') } : undefined);
    const { source, onward, client, pump, read } = pumped(conversation(decide));
    source.end('[{"id":1}, {"id":"no"},\t{"id":3}]\r\n[{"id":"no"}]\n');
    await pump.ended;
    expect(read(onward)).toBe('[{"id":1},{"id":3}]\r\n');
    expect(read(client)).toBe('refused\nrefused\n');
  });

  it('[T8] stops reading its source while somebody downstream takes nothing, and goes on when they do', async () => {
    const source = new PassThrough();
    const taken: Buffer[] = [];
    const waiting: (() => void)[] = [];
    let isFull = true;
    const onward = new Writable({
      highWaterMark: 10,
      write: (chunk: Buffer, _, done) => {
        taken.push(chunk);
        if (isFull) waiting.push(done);
        else done();
      },
    });
    const pump = new Pump({ direction: 'server-to-client', source, onward, client: onward, back: onward, stream: conversation(() => undefined) });
    let offered = 0;
    while (source.write(`${'x'.repeat(1000)}\n`)) offered += 1;
    await new Promise((resolve) => setImmediate(resolve));
    expect(source.isPaused()).toBe(true);
    expect(onward.writableLength).toBeLessThan((offered + 2) * 1001);
    isFull = false;
    for (const done of waiting) done();
    source.end('last\n');
    await pump.ended;
    await new Promise<void>((resolve) => onward.end(resolve));
    expect(Buffer.concat(taken).toString()).toBe(`${`${'x'.repeat(1000)}\n`.repeat(offered + 1)}last\n`);
  });
});
