/** The lane's own promises, with the brokers' replies written down: a real broker cannot be made to leave a partition out. */
import { RetriableError, TerminalError } from '@countersign/pipeline';
import fc from 'fast-check';
import type { Message } from 'kafkajs';
import { describe, expect, it } from 'vitest';
import { SeededClock } from '../../clock/seeded.js';
import { Lane, type LaneOptions, type Outgoing } from './lane.js';

type Reply = 'named' | 'left out' | Error;

/** A lane, and what it sent; each send gets the next reply, and after the last all are good. */
function bench(replies: readonly Reply[], more: Partial<LaneOptions> = {}) {
  const clock = new SeededClock({ seed: 1 });
  const sent: string[][] = [];
  const lane = new Lane({
    place: 'observations/0', clock, batchRecordsMax: 100, batchBytesMax: 1_000, appendMsMax: 10_000, idsRemembered: 1_000,
    send: async (messages: readonly Message[]) => {
      const reply = replies[sent.length] ?? 'named';
      sent.push(messages.map(({ value }) => String(value)));
      if (reply instanceof Error) throw reply;
      return reply === 'named' ? (sent.length - 1) * 100 : undefined;
    },
    ...more,
  });
  return { clock, sent, lane };
}

const outgoing = (id: string, bytes = 1): Outgoing => ({ id, bytes, message: { value: id } });
const away = new RetriableError('no broker answers; try again.');

describe('Lane', () => {
  it('[L4] sends again what a reply does not name, and acknowledges only then', async () => {
    const { clock, sent, lane } = bench(['left out', 'left out']);
    let isAcknowledged = false;
    const appended = lane.append([outgoing('a')]).then(() => (isAcknowledged = true));
    await clock.advance(50);
    expect([sent, isAcknowledged]).toEqual([[['a']], false]);
    await clock.advance(1_000);
    await appended;
    expect(sent).toEqual([['a'], ['a'], ['a']]);
  });

  it('[L1] sends nothing after a batch that is being tried again, until it is acknowledged', async () => {
    const { clock, sent, lane } = bench([away, away]);
    const first = lane.append([outgoing('a')]);
    await clock.advance(10);
    const second = lane.append([outgoing('b')]);
    await clock.advance(1_000);
    await Promise.all([first, second]);
    expect(sent).toEqual([['a'], ['a'], ['a'], ['b']]);
  });

  it('[L4] refuses an append as something to repeat when its time is over, and the next append goes on', async () => {
    const { clock, lane } = bench([away, away, away, away], { appendMsMax: 1_000 });
    const refused = expect(lane.append([outgoing('a')])).rejects.toMatchObject({ name: 'RetriableError' });
    await clock.advance(2_000);
    await refused;
    const next = lane.append([outgoing('b')]);
    await clock.advance(5_000);
    await expect(next).resolves.toBeUndefined();
  });

  it('[P8] takes a batch apart that will never be taken: only the append that is to blame is refused', async () => {
    const tooLarge = new TerminalError('over-limit', 'too large');
    const { sent, lane } = bench(['named', tooLarge, 'named', tooLarge, 'named']);
    const opening = lane.append([outgoing('0')]);
    await opening;
    const outcomes = await Promise.allSettled([lane.append([outgoing('a')]), lane.append([outgoing('big')]), lane.append([outgoing('c')])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(sent).toEqual([['0'], ['a', 'big', 'c'], ['a'], ['big'], ['c']]);
  });

  it('[L5] acknowledges an id it has written and writes it once, but writes again what was not acknowledged', async () => {
    const { sent, lane } = bench(['named', new TerminalError('over-limit', 'too large')]);
    await lane.append([outgoing('a'), outgoing('a')]);
    await lane.append([outgoing('a')]);
    await expect(lane.append([outgoing('b')])).rejects.toThrow();
    await lane.append([outgoing('b')]);
    expect(sent).toEqual([['a'], ['b'], ['b']]);
  });

  it('[L1] [L4] sends a record in pieces alone, its pieces first, and names the offset of the first of the acknowledged ones', async () => {
    const { clock, sent, lane } = bench(['named', away, 'named', 'left out']);
    const pieces = Array.from({ length: 5 }, (_, n) => ({ value: `p${n}`.padEnd(300, '.') }));
    const large = { id: 'big', bytes: 1_500, message: { pieces, record: (first: number) => ({ value: `record at ${first}` }) } };
    const appended = Promise.all([lane.append([outgoing('a')]), lane.append([large, outgoing('b')])]);
    await clock.advance(5_000);
    await appended;
    expect(sent.map((values) => values.map((value) => value.replace(/\.+$/, '')))).toEqual([['a'], ['p0', 'p1', 'p2'], ['p0', 'p1', 'p2'], ['p3', 'p4'], ['p3', 'p4'], ['record at 200'], ['b']]);
    await lane.append([large]);
    expect(sent).toHaveLength(7);
  });

  it('refuses what waits when it is closed', async () => {
    const { clock, lane } = bench(Array.from({ length: 50 }, () => away));
    const waiting = expect(lane.append([outgoing('a')])).rejects.toMatchObject({ name: 'RetriableError' });
    await clock.advance(250);
    lane.close();
    await waiting;
  });

  it('[L1] [L4] for any appends and any replies: sends stay within bounds, and what was acknowledged was sent in order', async () => {
    const replies = fc.array(fc.constantFrom<Reply>('named', 'left out', away), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(fc.integer({ min: 1, max: 600 }), { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 12 }), replies, async (appends, given) => {
        const { clock, sent, lane } = bench(given, { batchRecordsMax: 10, appendMsMax: 1e9 });
        let count = 0;
        const sizes = new Map<string, number>();
        const done = appends.map((bytes) => lane.append(bytes.map((size) => {
          const id = String(count++);
          sizes.set(id, size);
          return outgoing(id, size);
        })));
        await clock.advance(60_000);
        await Promise.all(done);
        expect([...new Set(sent.flat())]).toEqual(Array.from({ length: count }, (_, id) => String(id)));
        for (const batch of sent) {
          expect(batch.length).toBeLessThanOrEqual(10);
          if (batch.length > 1) expect(batch.reduce((sum, id) => sum + (sizes.get(id) ?? 0), 0)).toBeLessThanOrEqual(1_000);
        }
      }),
      { numRuns: 60, verbose: true },
    );
  });
});
