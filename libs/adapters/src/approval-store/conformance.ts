/** What every ApprovalStore promises, run against each adapter. */
import type { Approval, ApprovalStore } from '@countersign/approval';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface ApprovalStoreUnderTest {
  readonly store: ApprovalStore;
  /** Closes and opens again over the same storage. */
  reopen(): Promise<ApprovalStore>;
  dispose(): Promise<void>;
}

export function sampleApproval(more: Partial<Approval> = {}): Approval {
  return {
    id: 'a1', domain: 'd', callId: 'c1', observationId: 't/1/1', tapId: 't', epoch: 1, agent: { name: 'bot', role: 'r' }, session: 's', server: 'mail', tool: 'send', tier: 'critical', impact: 'egress',
    argumentsJson: '{"to":"✓\\u0000"}', actionDigest: 'a'.repeat(64), displayDigest: 'd'.repeat(64), reasons: [{ code: 'tier-asks', text: 'x' }], origins: [], policyVersion: 'p', quorum: 1, groups: ['operators'],
    openedAtMs: 1_000, deadlineAtMs: 61_000, state: 'open', votes: [], ...more,
  };
}

const ana = { person: 'ana', outcome: 'approved', atMs: 5 } as const;

export function describeApprovalStore(name: string, makeAdapter: () => Promise<ApprovalStoreUnderTest>): void {
  describe(`ApprovalStore: ${name}`, () => {
    let held: ApprovalStoreUnderTest;
    beforeEach(async () => {
      held = await makeAdapter();
    });
    afterEach(() => held.dispose());

    it('[AS1] keeps an opened approval whole, and knows no other', async () => {
      expect(await held.store.open(sampleApproval())).toEqual(sampleApproval());
      expect(await held.store.get('a1')).toEqual(sampleApproval());
      expect(await held.store.get('a2')).toBeUndefined();
    });

    it('[AS1] opening a known id changes nothing and returns what is stored', async () => {
      await held.store.open(sampleApproval());
      const denied = sampleApproval({ state: 'denied', closedAtMs: 9 });
      expect(await held.store.replace(sampleApproval(), denied)).toBe(true);
      expect(await held.store.open(sampleApproval())).toEqual(denied);
    });

    it('[AS2] replaces only what is still as expected, in state, votes and end', async () => {
      await held.store.open(sampleApproval());
      const voted = sampleApproval({ votes: [ana] });
      for (const stale of [sampleApproval({ state: 'denied' }), voted, sampleApproval({ heldEnd: 'forwarded' }), sampleApproval({ id: 'a2' })]) {
        expect(await held.store.replace(stale, { ...stale, state: 'approved' })).toBe(false);
      }
      expect(await held.store.get('a1')).toEqual(sampleApproval());
      expect(await held.store.replace(sampleApproval(), voted)).toBe(true);
      expect(await held.store.replace(sampleApproval(), voted)).toBe(false);
    });

    it('[AS2] of two racing replacements exactly one wins', async () => {
      await held.store.open(sampleApproval());
      const outcomes = await Promise.all((['approved', 'denied', 'expired'] as const).map((state) => held.store.replace(sampleApproval(), sampleApproval({ state }))));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect((await held.store.get('a1'))?.state).toBe((['approved', 'denied', 'expired'] as const)[outcomes.indexOf(true)]);
    });

    it('[AS3] has it after being opened again', async () => {
      await held.store.open(sampleApproval());
      await held.store.replace(sampleApproval(), sampleApproval({ votes: [ana] }));
      expect(await (await held.reopen()).get('a1')).toEqual(sampleApproval({ votes: [ana] }));
    });

    it('[AS4] lists newest first, at most as many as asked for, by state and by call', async () => {
      for (let minute = 0; minute < 5; minute += 1) {
        await held.store.open(sampleApproval({ id: `a${minute}`, callId: `c${minute % 2}`, openedAtMs: minute * 60_000 }));
      }
      const first = sampleApproval({ id: 'a3', callId: 'c1', openedAtMs: 180_000 });
      await held.store.replace(first, { ...first, state: 'denied' });
      const ids = async (filter: Parameters<ApprovalStore['list']>[0]) => (await held.store.list(filter)).map(({ id }) => id);
      expect(await ids({ limit: 10 })).toEqual(['a4', 'a3', 'a2', 'a1', 'a0']);
      expect(await ids({ limit: 2 })).toEqual(['a4', 'a3']);
      expect(await ids({ state: 'open', limit: 2 })).toEqual(['a4', 'a2']);
      expect(await ids({ callId: 'c1', limit: 10 })).toEqual(['a3', 'a1']);
      expect(await ids({ state: 'denied', callId: 'c0', limit: 10 })).toEqual([]);
      expect(await ids({ limit: 0 })).toEqual([]);
    });
  });
}
