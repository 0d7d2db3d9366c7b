/** Reading as one reader does, from messages written down: what comes of each, in any order of writers and from any place. */
import { readFileSync } from 'node:fs';
import { deadLetterSchema } from '@countersign/contracts';
import { parseRecord, type LedgerRecord, type StoredRecord } from '@countersign/pipeline';
import fc from 'fast-check';
import type { IHeaders, KafkaMessage, Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { Decoder, type SetAside } from './decode.js';
import { messageOf } from './envelope.js';
import { inPieces, pieceBytesMax, PieceStore } from './pieces.js';

const envelope = { topic: 'observations', app: 'gate', recordedAt: '2026-11-01T00:00:00.000Z' } as const;

function stored(message: Message, offset: number): KafkaMessage {
  const { key = null, value, headers = {} } = message;
  const bytes = (held: Buffer | string | null): Buffer | null => (held === null ? null : Buffer.from(held));
  const asBytes = Object.fromEntries(Object.entries(headers).map(([name, held]) => [name, Array.isArray(held) ? held.map((one) => Buffer.from(one)) : Buffer.from(held ?? '')]));
  return { key: bytes(key), value: bytes(value), headers: asBytes as IHeaders, offset: String(offset), timestamp: '1793491200000', attributes: 0 };
}

interface Read {
  readonly records: readonly StoredRecord[];
  readonly setAside: readonly SetAside[];
  readonly jumps: number;
}

/** Reads a whole partition from an offset, as a lane does: goes back where it is told to, and on from there. */
function read(log: readonly KafkaMessage[], { from = 0, bytesMax = 1e9 } = {}): Read {
  const decoder = new Decoder({ topic: 'observations', partition: 0, pieces: new PieceStore(bytesMax) });
  const [records, setAside]: [StoredRecord[], SetAside[]] = [[], []];
  let jumps = 0;
  for (let at = from; at < log.length; at += 1) {
    const decoded = decoder.decode(log[at] as KafkaMessage);
    if (decoded.kind === 'record') records.push(decoded.record);
    if (decoded.kind === 'set-aside') setAside.push(decoded);
    if (decoded.kind !== 'back') continue;
    jumps += 1;
    at = decoded.to - 1;
  }
  return { records, setAside, jumps };
}

const largeRecord = (id: string, pieces: number): LedgerRecord => ({ id, key: 'd', value: JSON.stringify({ id, text: id.repeat(Math.ceil((pieces * pieceBytesMax - 60) / id.length)).slice(0, pieces * pieceBytesMax - 60) }) });
const letterOf = (read: Read) => deadLetterSchema.parse(JSON.parse(read.setAside[0]?.letter.value ?? 'null'));

/** One writer's messages: a small record, or a large one's pieces and then itself. */
type Writer = readonly LedgerRecord[];

/** The writers' messages, interleaved as `turns` say, as a broker would number them; each writer's own order holds. */
function written(writers: readonly Writer[], turns: readonly number[]): { readonly log: readonly KafkaMessage[]; readonly order: readonly string[] } {
  const log: KafkaMessage[] = [];
  const order: string[] = [];
  const queues = writers.map((records) => records.flatMap((record) => steps(record, log, order)));
  for (const turn of [...turns, ...queues.flatMap((queue, index) => queue.map(() => index))]) queues[turn % queues.length]?.shift()?.();
  return { log, order };
}

function steps(record: LedgerRecord, log: KafkaMessage[], order: string[]): (() => void)[] {
  const put = (message: Message): number => log.push(stored(message, log.length)) - 1;
  if (Buffer.byteLength(record.value) <= pieceBytesMax) return [() => void (put(messageOf(record, envelope)), order.push(record.id))];
  const large = inPieces(record, envelope);
  let first: number | undefined;
  return [
    ...large.pieces.map((piece) => () => {
      const offset = put(piece);
      first ??= offset;
    }),
    () => void (put(large.record(first ?? 0)), order.push(record.id)),
  ];
}

describe('Decoder', () => {
  it('reads a record in pieces whole, once, at the place of the record itself', () => {
    const { log } = written([[largeRecord('big', 3)], [{ id: 'small', key: 'd', value: '{}' }]], [0, 1, 0, 0]);
    const { records, jumps } = read(log);
    expect(records.map(({ id, offset }) => [id, offset])).toEqual([['small', 1], ['big', log.length - 1]]);
    expect(records[1]?.value).toBe(largeRecord('big', 3).value);
    expect(jumps).toBe(0);
  });

  it('[L1] for any interleaving of writers, any place to start from and any memory: the same records in the same order from there', () => {
    const sizes = fc.array(fc.constantFrom(0, 0, 2, 3), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(2), { maxLength: 30 }), fc.record({ start: fc.nat(40), isPoor: fc.boolean() }), (shapes, turns, { start, isPoor }) => {
        const writers = shapes.map((pieces, writer) => pieces.map((count, n) => (count === 0 ? { id: `${writer}-${n}`, key: 'd', value: '{}' } : largeRecord(`${writer}-${n}`, count))));
        const { log, order } = written(writers, turns);
        const all = read(log);
        expect(all.records.map(({ id }) => id)).toEqual(order);
        const from = start % (log.length + 1);
        const part = read(log, { from, bytesMax: isPoor ? 1 : 1e9 });
        expect(part.setAside).toEqual([]);
        expect(part.records).toEqual(all.records.filter(({ offset }) => offset >= from));
      }),
      { numRuns: 150, verbose: true },
    );
  });

  it('takes a piece that was sent twice once', () => {
    const { pieces, record } = inPieces(largeRecord('big', 2), envelope);
    const log = [...pieces, ...pieces, record(2)].map(stored);
    expect(read(log).records.map(({ value }) => value)).toEqual([largeRecord('big', 2).value]);
  });

  it('[P8] sets a record aside whose piece is missing, after looking once, and goes on', () => {
    const { pieces, record } = inPieces(largeRecord('big', 3), envelope);
    const log = [...pieces.slice(1), record(0), messageOf({ id: 'next', key: 'd', value: '{}' }, envelope)].map(stored);
    const seen = read(log);
    expect(seen.jumps).toBe(1);
    expect(letterOf(seen)).toMatchObject({ id: 'ledger/observations/0/2', errorClass: 'piece-missing', topic: 'observations', offset: 2, domain: 'd' });
    expect(seen.records.map(({ id }) => id)).toEqual(['next']);
  });

  it('[P8] sets a record aside whose piece is another one, and says both digests’ lengths', () => {
    const { pieces, record } = inPieces(largeRecord('big', 2), envelope);
    const log = [pieces[0] as Message, { ...(pieces[1] as Message), value: Buffer.from('something else') }, record(0)].map(stored);
    expect(letterOf(read(log))).toMatchObject({ errorClass: 'piece-digest', error: expect.stringContaining('are not the') as string });
  });

  it('leaves pieces unread whose record never came: they were never acknowledged', () => {
    const { pieces } = inPieces(largeRecord('big', 2), envelope);
    const seen = read([...pieces, messageOf({ id: 'next', key: 'd', value: '{}' }, envelope)].map(stored));
    expect([seen.records.map(({ id }) => id), seen.setAside]).toEqual([['next'], []]);
  });

  const good = messageOf({ id: 'a', key: 'd', value: '{"v":1}' }, envelope);
  const bytes = Buffer.from([0x7b, 0xff, 0xfe, 0x7d]);
  const header = (name: string, value: Buffer | string | (Buffer | string)[]): Message => ({ ...good, headers: { ...good.headers, [name]: value } });
  it.each<[string, Message, string]>([
    ['a value that is no text', { ...good, value: bytes }, 'not-text'],
    ['a key that is no text', { ...good, key: bytes }, 'not-text'],
    ['an id that is no text', header('ce_id', bytes), 'envelope'],
    ['an empty id', header('ce_id', ''), 'envelope'],
    ['an id without end', header('ce_id', 'x'.repeat(5_000)), 'envelope'],
    ['two ids', header('ce_id', ['a', 'b']), 'envelope'],
    ['the type of another topic', header('ce_type', 'dev.countersign.verdict.v1'), 'envelope'],
    ['a type of another vendor', header('ce_type', 'com.example.thing'), 'envelope'],
    ['an envelope of tomorrow', header('ce_specversion', '2.0'), 'unknown-version'],
    ['a count of pieces that is no number', { ...header('ce_piecegroup', 'g'), headers: { ...good.headers, ce_piecegroup: 'g', ce_datalength: '5', ce_piececount: '-1', ce_piecefirst: '0' } }, 'envelope'],
    ['a first piece after itself', { ...good, headers: { ...good.headers, ce_piecegroup: 'g', ce_datalength: '5', ce_piececount: '1', ce_piecefirst: '9' } }, 'envelope'],
    ['a length over the limit', { ...good, headers: { ...good.headers, ce_piecegroup: 'g', ce_datalength: '99999999999', ce_piececount: '1', ce_piecefirst: '0' } }, 'envelope'],
    ['a piece without a group', { ...good, headers: { ...good.headers, ce_type: 'dev.countersign.piece.v1', ce_pieceindex: '0' } }, 'envelope'],
    ['a piece over the limit', { ...good, value: Buffer.alloc(pieceBytesMax + 1), headers: { ...good.headers, ce_type: 'dev.countersign.piece.v1', ce_piecegroup: 'g', ce_pieceindex: '0' } }, 'piece'],
  ])('[P8] sets aside %s, with its bytes, and goes on', (_name, message, errorClass) => {
    const seen = read([message, good].map(stored));
    const letter = letterOf(seen);
    expect([letter.errorClass, seen.records.map(({ id }) => id)]).toEqual([errorClass, ['a']]);
    expect(Buffer.from(letter.raw.split(',')[1] ?? '', 'base64')).toEqual(Buffer.from(message.value ?? ''));
    expect(read([message, good].map(stored)).setAside).toEqual(seen.setAside);
  });

  it('hands over what is text without an envelope, under the id of its place', () => {
    const { records } = read([{ key: 'k', value: 'not JSON' }, { key: null, value: null }].map(stored));
    expect(records.map(({ id, key, value }) => [id, key, value])).toEqual([['observations/0/0', 'k', 'not JSON'], ['observations/0/1', '', '']]);
  });

  it('in dead-letters hands over even what is no text, as text that says so: there is nowhere further', () => {
    const decoder = new Decoder({ topic: 'dead-letters', partition: 1, pieces: new PieceStore(1) });
    const decoded = decoder.decode(stored({ key: 'd', value: bytes }, 7));
    expect(decoded).toMatchObject({ kind: 'record', record: { id: 'dead-letters/1/7', value: `data:application/octet-stream;base64,${bytes.toString('base64')}` } });
  });

  it('[P14] reads records as they were written before the envelope named its schema, and as they are written now', () => {
    const recorded = JSON.parse(readFileSync(new URL('fixtures/envelope-without-dataschema.json', import.meta.url), 'utf8')) as readonly (Message & { readonly topic: 'observations' | 'findings' | 'verdicts' | 'decisions'; readonly value: string; readonly key: string })[];
    expect(new Set(recorded.map(({ topic }) => topic)).size).toBe(4);
    for (const { topic, ...older } of recorded) {
      const id = String(older.headers?.['ce_id']);
      const newer = messageOf({ id, key: older.key, value: older.value }, { ...envelope, topic });
      const [before, now] = [older, newer].map((message) => new Decoder({ topic, partition: 0, pieces: new PieceStore(1) }).decode(stored(message, 0)));
      expect(before).toEqual(now);
      expect(before).toMatchObject({ kind: 'record', record: { id, value: older.value } });
      expect(parseRecord(topic, { id, value: older.value })).toMatchObject({ v: 1, id });
    }
  });

  it('[P8] never throws, whatever the bytes', () => {
    const held = fc.option(fc.uint8Array({ maxLength: 12 }).map((part) => Buffer.from(part)), { nil: null });
    const names = fc.constantFrom('ce_id', 'ce_type', 'ce_specversion', 'ce_piecegroup', 'ce_pieceindex', 'ce_piececount', 'ce_piecefirst', 'ce_datalength', 'ce_dataref', 'content-type');
    const values = fc.oneof(fc.constantFrom('dev.countersign.piece.v1', 'dev.countersign.observation.v1', '1.0', '0', '1'), fc.string({ maxLength: 8 }), fc.uint8Array({ maxLength: 6 }).map((part) => Buffer.from(part)));
    const message = fc.record({ key: held, value: held, headers: fc.dictionary(names, values) });
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), (messages) => {
        const { records, setAside } = read(messages.map((one, offset) => stored(one as Message, offset)));
        expect(records.length + setAside.length).toBeLessThanOrEqual(messages.length);
        for (const { letter } of setAside) deadLetterSchema.parse(JSON.parse(letter.value));
      }),
      { numRuns: 500, verbose: true },
    );
  });
});
