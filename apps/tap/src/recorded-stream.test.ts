import { observationSchema } from '@countersign/contracts';
import { rebuiltMessage } from '@countersign/wire';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { TapBench } from './testing/tap-bench.js';

let bench: TapBench | undefined;
afterEach(() => bench?.close());

const space = fc.constantFrom('', ' ', '\t', '\n ');
const value = fc.oneof(fc.json(), fc.constantFrom('1.0', '9007199254740993', '1e400', '{"a":1,"a":2}', '{"10":1,"9":2}', '"\\u00e9\\/"', '"\\ud800"', '"é€𝄞"', '{"__proto__":{"x":1}}', `"${'long '.repeat(2_000)}"`));
const line = fc.oneof(
  fc.tuple(fc.integer(), space, value).map(([id, pad, params]) => `{"jsonrpc":"2.0",${pad}"id":${id},"method":"x/y"${pad},"params":${params}${pad}}`),
  fc.tuple(fc.string(), value, space).map(([id, result, pad]) => `{"result"${pad}:${pad}${result},"id":${JSON.stringify(id)},"vendor":{"a":1}}`),
  value.map((params) => `{"method":"notifications/x","params":${params},"jsonrpc":"2.0"}`),
  fc.constantFrom('no json at all', '', '   ', '{"id":1,"error":{"code":-1,"message":"x"}}', '{"half', '[ ]', '42'),
);

/** One direction of the stream, from what the spool says of it. */
function rebuilt(texts: readonly string[], direction: string): string {
  return texts.map((text) => ({ text, seen: observationSchema.parse(JSON.parse(text)) }))
    .filter(({ seen }) => seen.kind === 'message' && seen.direction === direction)
    .map(({ text, seen }) => {
      const flags = seen.message?.flags ?? [];
      return `${rebuiltMessage(text)?.toString()}${flags.includes('no-newline') ? '' : flags.includes('crlf') ? '\r\n' : '\n'}`;
    })
    .join('');
}

describe('under payload policy `full`', () => {
  it('[T54] both directions of a stream are rebuilt from its records, byte for byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(line, fc.boolean(), fc.constantFrom('\n', '\r\n')), { minLength: 1, maxLength: 30 }), async (lines) => {
        bench = await TapBench.open({ hasGate: false });
        const said = { 'client-to-server': '', 'server-to-client': '' };
        for (const [text, isClient, framing] of lines) {
          const direction = isClient ? 'client-to-server' : 'server-to-client';
          said[direction] += text + framing;
          void bench.stream.offer({ direction, bytes: Buffer.from(text), framing });
        }
        const texts = bench.spool.read(undefined, 1_000).map(({ record }) => record);
        expect(rebuilt(texts, 'client-to-server')).toBe(said['client-to-server']);
        expect(rebuilt(texts, 'server-to-client')).toBe(said['server-to-client']);
        await bench.close();
      }),
      { numRuns: 60 },
    );
  });
});
