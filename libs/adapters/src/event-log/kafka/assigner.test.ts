import { AssignerProtocol } from 'kafkajs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { dealt, laneAssigner } from './assigner.js';

const member = (memberId: string, topics: string[]) => ({ memberId, memberMetadata: AssignerProtocol.MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) }) });
const read = (memberAssignment: Buffer) => AssignerProtocol.MemberAssignment.decode(memberAssignment)?.assignment ?? {};

it('[L6] gives each partition of all topics to one member, whatever order the members are named in, and as evenly as can be', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(20), fc.integer(), (members, partitions, seed) => {
      const names = Array.from({ length: members }, (_, n) => `m${n}`);
      const shuffled = [...names].sort((a, b) => ((a.charCodeAt(1) * seed) % 7) - ((b.charCodeAt(1) * seed) % 7));
      const assigned = dealt(shuffled.map((name) => member(name, ['a', 'b'])), partitions).map(({ memberId, memberAssignment }) => ({ memberId, of: read(memberAssignment) }));
      for (const { of } of assigned) expect(of['a']).toEqual(of['b']);
      const all = assigned.flatMap(({ of }) => of['a'] ?? []);
      expect(all.sort((x, y) => x - y)).toEqual(Array.from({ length: partitions }, (_, n) => n));
      const shares = assigned.map(({ of }) => of['a']?.length ?? 0);
      expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      expect(assigned.map(({ memberId }) => memberId)).toEqual(names.slice().sort());
    }),
    { verbose: true },
  );
});

it('[P14] during an upgrade each member gets, of its partitions, the topics it asked for', () => {
  const [older, newer] = dealt([member('m0', ['a']), member('m1', ['a', 'b'])], 4).map(({ memberAssignment }) => read(memberAssignment));
  expect([older, newer]).toEqual([{ a: [0, 2] }, { a: [1, 3], b: [1, 3] }]);
});

it('puts joining off while partitions are in hand', () => {
  let isFree = false;
  const assigner = laneAssigner(() => isFree)({} as Parameters<ReturnType<typeof laneAssigner>>[0]);
  expect(() => assigner.protocol({ topics: ['a'] })).toThrow(expect.objectContaining({ type: 'REBALANCE_IN_PROGRESS', retriable: true }) as Error);
  isFree = true;
  expect(AssignerProtocol.MemberMetadata.decode(assigner.protocol({ topics: ['a'] }).metadata)?.topics).toEqual(['a']);
});
