/** What every spool must do; each adapter's test calls this with a way to make one. */
import { SpoolFull, type Spool, type SpoolEntry } from '@countersign/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

export interface SpoolUnderTest {
  /** A fresh one. `quotaBytes` bounds what it may hold. */
  make(options?: { readonly quotaBytes?: number }): Spool;
  /** The same one after its process was killed without closing it; absent where nothing outlives the process. */
  reopen?(spool: Spool): Spool;
}

const entryOf = (seq: number, epoch = 1): SpoolEntry => ({ epoch, seq, record: JSON.stringify({ seq, text: `é𝄞 ${'x'.repeat(seq % 50)}` }) });
const seqsOf = (entries: readonly SpoolEntry[]): number[] => entries.map(({ seq }) => seq);
const fill = (spool: Spool, count: number): void => {
  for (let seq = 0; seq < count; seq += 1) spool.append(entryOf(seq), { sync: seq % 7 === 0 });
};

export function describeSpool(name: string, { make, reopen }: SpoolUnderTest): void {
  describe(name, () => {
    it('SP1: what append returned from is read back whole', () => {
      const spool = make();
      const entries = [entryOf(0), entryOf(1), { epoch: 2, seq: 0, record: '{"text":"\\ud834\\udd1e ☃"}' }];
      for (const entry of entries) spool.append(entry, { sync: true });
      expect(spool.read(undefined, 10)).toEqual(entries);
      spool.close();
    });

    it('SP2: entries come in the order they were appended, each once, across epochs', () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 10 }), (perEpoch, recordsMax) => {
          const spool = make();
          const entries = perEpoch.flatMap((count, index) => Array.from({ length: count }, (_, seq) => entryOf(seq, index + 1)));
          for (const entry of entries) spool.append(entry, { sync: false });
          const read: SpoolEntry[] = [];
          for (let part = spool.read(undefined, recordsMax); part.length > 0; part = spool.read(read.at(-1), recordsMax)) {
            expect(part.length).toBeLessThanOrEqual(recordsMax);
            read.push(...part);
          }
          expect(read).toEqual(entries);
          spool.close();
        }),
        { numRuns: 20 },
      );
    });

    it('SP2: reading may start anywhere, and sees what was appended since', () => {
      const spool = make();
      fill(spool, 50);
      expect(seqsOf(spool.read({ epoch: 1, seq: 47 }, 10))).toEqual([48, 49]);
      expect(seqsOf(spool.read({ epoch: 1, seq: 9 }, 2))).toEqual([10, 11]);
      spool.append(entryOf(50), { sync: false });
      expect(seqsOf(spool.read({ epoch: 1, seq: 49 }, 10))).toEqual([50]);
      expect(spool.read({ epoch: 1, seq: 50 }, 10)).toEqual([]);
      spool.close();
    });

    it('SP6: an open record says what its message says, and all that was found once it is completed', () => {
      const spool = make();
      const raw = Buffer.from('{"id":7,"method":"x/y","params":{"é":1.0}}');
      const complete = spool.append({ epoch: 1, seq: 0, record: { prefix: '{"id":"t/1/0"', raw } }, { sync: false });
      spool.append(entryOf(1), { sync: false });
      const first = (): Record<string, unknown> => JSON.parse(spool.read(undefined, 1)[0]?.record ?? '') as Record<string, unknown>;
      const message = { shape: 'request', method: 'x/y', rpcId: '7', payload: { é: 1 }, digest: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown };
      expect(first()).toMatchObject({ id: 't/1/0', note: { unread: true }, message });
      expect(complete?.({ rest: ',"era":"modern","message":{"shape":"request","found":"𝄞"', payload: { start: raw.lastIndexOf('{'), end: raw.length - 1 } })).toBe(true);
      expect(first()).toMatchObject({ id: 't/1/0', era: 'modern', message: { found: '𝄞', digest: message.digest, payload: { é: 1 } } });
      expect(first()).not.toHaveProperty('note');
      expect(spool.read(undefined, 10)[1]).toEqual(entryOf(1));
      if (reopen === undefined) return spool.close();
      const again = reopen(spool);
      expect(JSON.parse(again.read(undefined, 1)[0]?.record ?? '')).toMatchObject({ era: 'modern', message: { found: '𝄞' } });
      again.close();
      return undefined;
    });

    it('SP4: trimming drops what is at or before the position and nothing behind it', () => {
      const spool = make();
      fill(spool, 50);
      spool.trim(1, 20);
      expect(seqsOf(spool.read({ epoch: 1, seq: 20 }, 100))).toEqual(Array.from({ length: 29 }, (_, index) => index + 21));
      spool.trim(1, 49);
      spool.append(entryOf(50), { sync: false });
      expect(seqsOf(spool.read({ epoch: 1, seq: 49 }, 10))).toEqual([50]);
      spool.close();
    });

    it('[P12] SP5: over its quota it says so, keeps what it has, and takes more once there is room', () => {
      const spool = make({ quotaBytes: 4_000 });
      let stored = 0;
      const fillUp = (): void => {
        for (; stored < 1_000; stored += 1) spool.append(entryOf(stored), { sync: false });
      };
      expect(fillUp).toThrow(SpoolFull);
      expect(stored).toBeGreaterThan(10);
      expect(seqsOf(spool.read(undefined, 10_000))).toEqual(Array.from({ length: stored }, (_, seq) => seq));
      spool.trim(1, stored - 1);
      const before = stored;
      expect(fillUp).toThrow(SpoolFull);
      expect(stored).toBeGreaterThan(before);
      spool.close();
    });

    it('[P4] a mark can be made once', () => {
      const spool = make();
      expect([spool.markOnce('abc'), spool.markOnce('abc'), spool.markOnce('abd')]).toEqual([true, false, true]);
      spool.close();
    });

    if (reopen === undefined) return;

    it('[P1] SP1: what append returned from is there after the process was killed', () => {
      const spool = make();
      fill(spool, 100);
      const after = reopen(spool);
      expect(seqsOf(after.read(undefined, 1_000))).toEqual(Array.from({ length: 100 }, (_, seq) => seq));
      after.close();
    });

    it('[P4] a mark cannot be made again after the process was killed', () => {
      const spool = make();
      spool.markOnce('abc');
      expect(reopen(spool).markOnce('abc')).toBe(false);
    });
  });
}
