import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sseFrameWithData, SseFramer, sseMessage, type SseFrame } from './sse.js';

const seed = Number(process.env['FAST_CHECK_SEED'] ?? 20260822);

function framesOf(chunks: readonly Uint8Array[], eventBytesMax = 1 << 20): SseFrame[] {
  const framer = new SseFramer({ eventBytesMax });
  const frames = chunks.flatMap((chunk) => framer.push(chunk));
  const tail = framer.end();
  return tail === undefined ? frames : [...frames, tail];
}

const meaning = (frames: readonly SseFrame[]) =>
  frames.filter((frame) => frame.data !== undefined).map(({ data, type, id }) => ({ data: Buffer.from(data ?? []).toString(), type, id }));
const rawOf = (frames: readonly SseFrame[]) => Buffer.concat(frames.map((frame) => frame.raw)).toString('latin1');
const bytes = (text: string) => Buffer.from(text, 'utf8');

describe(`the event framer (fast-check seed ${seed})`, () => {
  const table: readonly { name: string; stream: string; events: readonly { data: string; type?: string; id?: string }[] }[] = [
    { name: 'LF ends a line', stream: 'data: a\n\n', events: [{ data: 'a' }] },
    { name: 'CRLF ends a line', stream: 'data: a\r\ndata: b\r\n\r\n', events: [{ data: 'a\nb' }] },
    { name: 'CR alone ends a line', stream: 'data: a\rid: 7\r\rdata: b\r\r', events: [{ data: 'a', id: '7' }, { data: 'b' }] },
    { name: 'endings may be mixed', stream: 'event: message\r\ndata: a\rdata:b\n\r\n', events: [{ data: 'a\nb', type: 'message' }] },
    { name: 'one space after the colon is not data, a second is', stream: 'data:  a\n\ndata:b\n\n', events: [{ data: ' a' }, { data: 'b' }] },
    { name: 'data without a colon is an empty line', stream: 'data\ndata\n\n', events: [{ data: '\n' }] },
    { name: 'a priming event has empty data', stream: 'id: 1\ndata: \n\n', events: [{ data: '', id: '1' }] },
    { name: 'comments and retry carry no message', stream: ': hello\n\nretry: 10\n\n:\n', events: [] },
    { name: 'a comment inside an event stays in it', stream: 'id: 1\n: x\ndata: a\n\n', events: [{ data: 'a', id: '1' }] },
    { name: 'unknown fields are passed over', stream: 'foo: 1\ndatax: 2\ndata: a\n\n', events: [{ data: 'a' }] },
    { name: 'an id with a NUL is none', stream: 'id: a\0b\ndata: a\n\n', events: [{ data: 'a' }] },
    { name: 'a byte order mark at the start is not part of a name', stream: '\uFEFFdata: a\n\n', events: [{ data: 'a' }] },
    { name: 'what the end cuts off is still returned', stream: 'data: a\n\ndata: b', events: [{ data: 'a' }, { data: 'b' }] },
    { name: 'characters of two, three and four bytes survive', stream: 'data: é€𝄞\n\n', events: [{ data: 'é€𝄞' }] },
  ];

  it.each(table)('[T30] $name, wherever the stream is cut', ({ stream, events }) => {
    const all = bytes(stream);
    for (let cut = 0; cut <= all.length; cut += 1) {
      const frames = framesOf([all.subarray(0, cut), all.subarray(cut)]);
      expect(meaning(frames), `cut at ${cut}`).toEqual(events.map((event) => ({ type: undefined, id: undefined, ...event })));
      expect(rawOf(frames)).toBe(all.toString('latin1'));
    }
  });

  it('[T2] [T30] any stream, cut anywhere and any number of times, gives the same events and the same bytes', () => {
    const line = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }).map((text) => `data: ${text.replace(/[\r\n]/g, '')}`),
      fc.constantFrom('', '', 'id: 1', 'event: x', ': c', 'retry: 5', 'data', ':', 'data:{"a":"𝄞é"}'),
    );
    const stream = fc.array(fc.tuple(line, fc.constantFrom('\n', '\r', '\r\n')), { maxLength: 30 }).map((lines) => bytes(lines.map(([text, ending]) => text + ending).join('')));
    fc.assert(
      fc.property(stream, fc.array(fc.nat({ max: 400 }), { maxLength: 12 }), (all, cuts) => {
        const places = [...new Set([0, ...cuts.map((cut) => Math.min(cut, all.length)), all.length])].sort((a, b) => a - b);
        const chunks = places.slice(1).map((end, index) => all.subarray(places[index], end));
        const cutUp = framesOf(chunks);
        expect(rawOf(cutUp)).toBe(all.toString('latin1'));
        expect(meaning(cutUp)).toEqual(meaning(framesOf([all])));
        expect(meaning(framesOf([...all].map((byte) => Uint8Array.of(byte))))).toEqual(meaning(cutUp));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('[T30] an event is there with the very byte that ends it, also under CR', () => {
    for (const [stream, complete] of [['data: a\n\n', 9], ['data: a\r\r', 9], ['data: a\r\n\r\n', 11], [': c\n', 4]] as const) {
      const framer = new SseFramer({ eventBytesMax: 100 });
      const at = [...bytes(stream)].findIndex((byte) => framer.push(Uint8Array.of(byte)).length > 0) + 1;
      // Under CRLF the CR of the blank line already ends the event; its LF follows with the next.
      expect(at, stream).toBe(stream.includes('\r\n') ? complete - 1 : complete);
    }
  });

  it('an event over the bound stops the framer and leaves nothing in memory', () => {
    const framer = new SseFramer({ eventBytesMax: 10 });
    expect(framer.push(bytes('data: ok\n\ndata: 0123456789'))).toHaveLength(1);
    expect([framer.overflowed, framer.pendingBytes, framer.push(bytes('\n\n')), framer.end()]).toEqual([true, 0, [], undefined]);
  });
});

describe('an event with other data', () => {
  it('keeps id, event, retry, comments, their order and their line endings', () => {
    const [frame] = framesOf([bytes('id: 9\r\nevent: message\r\ndata: {"a":\r\ndata: 1}\r\n: c\r\nretry: 3\r\n\r\n')]);
    expect(Buffer.from(sseFrameWithData(frame!, bytes('{"b":2}'))).toString()).toBe('id: 9\r\nevent: message\r\ndata: {"b":2}\r\n: c\r\nretry: 3\r\n\r\n');
  });

  it('says the new data and nothing else new, for any event and any data', () => {
    const field = fc.constantFrom('id: 1', 'event: message', 'retry: 2', ': c', 'data: old', 'data');
    const ending = fc.constantFrom('\n', '\r', '\r\n');
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 8 }), ending, fc.json(), (fields, eol, json) => {
        const frame = framesOf([bytes([...fields, 'data: x', '', ''].join(eol))]).find(({ data }) => data !== undefined)!;
        const [changed] = meaning(framesOf([sseFrameWithData(frame, bytes(json))]));
        expect(changed).toEqual({ ...meaning([frame])[0], data: json });
      }),
      { seed },
    );
  });

  it('a message of the tap is one event, also when its JSON has line breaks', () => {
    const pretty = JSON.stringify({ a: [1, 2] }, null, 2);
    expect(meaning(framesOf([sseMessage(bytes(pretty))]))).toEqual([{ data: pretty, type: 'message', id: undefined }]);
  });
});
