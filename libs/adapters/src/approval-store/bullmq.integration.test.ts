/** Approvals on a real redis-server: the port's own suite, then kills, doubled jobs, and what lies in the queue. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startRedis, type RunningRedis } from '../../../../infra/stack/redis.mjs';
import { BullmqApprovalStore, type Due } from './bullmq.js';
import { describeApprovalStore, sampleApproval } from './conformance.js';

const dir = mkdtempSync(join(tmpdir(), 'countersign-approvals-'));
let redis: RunningRedis;
let stores = 0;
beforeAll(async () => {
  redis = await startRedis({ dir });
}, 300_000);
afterAll(async () => {
  await redis?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const connection = () => ({ url: redis.url, prefix: `{a${(stores += 1)}}` });

describeApprovalStore('bullmq', async () => {
  const own = connection();
  let store = await BullmqApprovalStore.connect(own);
  return {
    store,
    async reopen() {
      await store.close();
      return (store = await BullmqApprovalStore.connect(own));
    },
    dispose: () => store.close(),
  };
});

describe('BullmqApprovalStore on a real server', () => {
  // Opened now, due far away, unless a test says otherwise: the queue counts from the real clock.
  const fresh = (more: Parameters<typeof sampleApproval>[0] = {}) => sampleApproval({ openedAtMs: Date.now(), deadlineAtMs: Date.now() + 3_600_000, ...more });

  it('[AS2] of many stores that race for one approval exactly one wins, in every round', async () => {
    const own = connection();
    const racers = await Promise.all(Array.from({ length: 4 }, () => BullmqApprovalStore.connect(own)));
    for (let round = 0; round < 50; round += 1) {
      const approval = fresh({ id: `r${round}` });
      await racers[0]?.open(approval);
      const outcomes = await Promise.all(racers.map((store, n) => store.replace(approval, { ...approval, state: n % 2 === 0 ? 'approved' : 'denied' })));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
    }
    await Promise.all(racers.map((store) => store.close()));
  });

  it('[AS3] [P5] what resolved survives a kill -9 of Redis, and while it is away nothing is decided', async () => {
    const own = connection();
    const store = await BullmqApprovalStore.connect(own);
    const approval = fresh();
    await store.open(approval);
    await store.replace(approval, { ...approval, heldEnd: 'forwarded' });
    await redis.kill();
    await expect(store.open(fresh({ id: 'a2' }))).rejects.toMatchObject({ name: 'RetriableError' });
    await expect(store.replace(approval, { ...approval, state: 'approved' })).rejects.toMatchObject({ name: 'RetriableError' });
    await redis.restart();
    const again = await BullmqApprovalStore.connect(own);
    expect(await again.get('a1')).toEqual({ ...approval, heldEnd: 'forwarded' });
    expect(await again.get('a2')).toBeUndefined();
    await Promise.all([store.close(), again.close()]);
  });

  it('[P4] a deadline that is delivered to several watchers, doubled and again closes the approval once', async () => {
    const own = connection();
    const both = [await BullmqApprovalStore.connect(own), await BullmqApprovalStore.connect(own)];
    const approval = fresh({ deadlineAtMs: Date.now() + 200 });
    const [closings, handled]: [string[], Due[]] = [[], []];
    let enough = (): void => undefined;
    const allCame = new Promise<void>((resolve) => (enough = resolve));
    for (const [n, store] of both.entries()) {
      await store.watch(async (due) => {
        const held = await store.get(due.approvalId);
        if (due.kind === 'deadline' && held?.state === 'open' && (await store.replace(held, { ...held, state: 'expired', cause: 'deadline' }))) closings.push(`store ${n}`);
        handled.push(due);
        if (handled.filter(({ kind }) => kind === 'deadline').length === 4) enough();
      });
    }
    await both[0]?.open(approval);
    const queue = new Queue('approvals-due', { prefix: own.prefix, connection: { url: redis.url } });
    for (let copy = 0; copy < 3; copy += 1) await queue.add('deadline', { approvalId: approval.id }, { jobId: `copy-${copy}`, delay: 200 });
    await allCame;
    expect(closings).toHaveLength(1);
    expect(await both[1]?.get(approval.id)).toMatchObject({ state: 'expired', cause: 'deadline' });
    await queue.close();
    await Promise.all(both.map((store) => store.close()));
  });

  it('a reminder and a deadline come due in this order, and none for an approval that was closed before', async () => {
    const store = await BullmqApprovalStore.connect(connection());
    const dues: Due[] = [];
    const closed = fresh({ id: 'closed', deadlineAtMs: Date.now() + 150 });
    await store.open(closed);
    await store.replace(closed, { ...closed, state: 'denied' });
    await store.open(fresh({ id: 'waits', deadlineAtMs: Date.now() + 300 }));
    await new Promise<void>((resolve, reject) => {
      store.watch(async (due) => {
        dues.push(due);
        if (due.kind === 'deadline') resolve();
      }).catch(reject);
    });
    expect(dues).toEqual([{ approvalId: 'waits', kind: 'reminder' }, { approvalId: 'waits', kind: 'deadline' }]);
    await store.close();
  });

  it('leaves nothing of a call in the queue but its approval’s id', async () => {
    const own = connection();
    const store = await BullmqApprovalStore.connect(own);
    await store.open(fresh({ argumentsJson: '{"to":"a-secret-address"}' }));
    const plain = new Redis(redis.url);
    const jobs = await plain.keys(`${own.prefix}:approvals-due:*-a1`);
    const data = await Promise.all(jobs.map((key) => plain.hget(key, 'data')));
    expect(data).toEqual(['{"approvalId":"a1"}', '{"approvalId":"a1"}']);
    plain.disconnect();
    await store.close();
  });

  it('keeps at most as many as it is told, and lets only closed ones go', async () => {
    const store = await BullmqApprovalStore.connect(connection(), { approvalsMax: 5 });
    for (let n = 0; n < 12; n += 1) {
      const approval = fresh({ id: `n${n}`, openedAtMs: n, callId: `c${n}` });
      await store.open(approval);
      if (n !== 2) await store.replace(approval, { ...approval, state: 'denied' });
    }
    const kept = (await store.list({ limit: 100 })).map(({ id }) => id);
    expect(kept).toContain('n2');
    expect(kept).toContain('n11');
    expect(kept.length).toBeLessThanOrEqual(6);
    expect(await store.get('n0')).toBeUndefined();
    expect(await store.list({ callId: 'c0', limit: 5 })).toEqual([]);
    await store.close();
  });
});
