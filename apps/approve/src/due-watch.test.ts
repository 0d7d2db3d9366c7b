/** What a wake-up of an approval may do, on real adapters; the wake-ups themselves are given by hand, at the worst moments. */
import type { Approval, ApprovalStore } from '@countersign/approval';
import { SeededClock } from '@countersign/adapters/clock/seeded';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { sampleApproval } from '@countersign/adapters/approval-store/conformance';
import { SqliteApprovalStore } from '@countersign/adapters/approval-store/sqlite';
import { decisionSchema, type Decision } from '@countersign/contracts';
import type { StoredRecord, TelemetryEvent } from '@countersign/pipeline';
import { Health, type ApprovalWakes } from '@countersign/service';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DueWatch } from './due-watch.js';

type Handle = Parameters<ApprovalWakes['watch']>[0];

describe('wake-ups of approvals', () => {
  let clock: SeededClock;
  let store: ApprovalStore;
  let log: MemoryEventLog;
  let told: TelemetryEvent[];
  let health: Health;
  let wake: Handle;
  let watch: DueWatch;
  let open: Approval;

  beforeEach(async () => {
    clock = new SeededClock({ seed: 1 });
    store = SqliteApprovalStore.open(':memory:');
    log = new MemoryEventLog({ clock });
    told = [];
    health = new Health();
    const wakes: ApprovalWakes = {
      watch: async (handle) => {
        wake = handle;
        return { stop: async () => undefined };
      },
    };
    watch = new DueWatch({ wakes, store, eventLog: log, clock, telemetry: (event) => void told.push(event), health });
    await watch.onApplicationBootstrap();
    const nowMs = clock.wallMs();
    open = await store.open(sampleApproval({ openedAtMs: nowMs, deadlineAtMs: nowMs + 60_000 }));
  });
  afterEach(async () => {
    await watch.onApplicationShutdown();
    await log.close();
    await store.close();
  });

  async function decisions(): Promise<readonly Decision[]> {
    const seen: StoredRecord[] = [];
    const subscription = await log.follow('decisions', { group: `reader-${Math.random()}` }, async (batch) => void seen.push(...batch));
    await clock.advance(1);
    await subscription.stop();
    return seen.map(({ value }) => decisionSchema.parse(JSON.parse(value)));
  }

  const due = async (kind: 'reminder' | 'deadline', waitMs: number): Promise<void> => {
    const handled = wake({ approvalId: open.id, kind });
    await clock.advance(waitMs);
    await handled;
  };

  it('[A3] [A9] a deadline that nobody has written down is written down, once, however often it wakes', async () => {
    await due('deadline', 70_000);
    await due('deadline', 70_000);
    const records = await decisions();
    expect(records).toMatchObject([{ kind: 'approval', approvalId: open.id, outcome: 'expired', cause: 'deadline', by: 'system', via: 'deadline' }]);
    expect(told.filter(({ event }) => event === 'ApprovalExpiredByWake').length).toBeGreaterThan(0);
    // The store is a view of the ledger: it is the stage's to close.
    expect((await store.get(open.id))?.state).toBe('open');
  });

  it('[A9] one that wakes too early waits for the stored deadline', async () => {
    const handled = wake({ approvalId: open.id, kind: 'deadline' });
    await clock.advance(59_000);
    expect(await decisions()).toEqual([]);
    await clock.advance(10_000);
    await handled;
    expect(await decisions()).toHaveLength(1);
  });

  it('[A1] an approval that was decided meanwhile is left alone', async () => {
    const handled = wake({ approvalId: open.id, kind: 'deadline' });
    await store.replace(open, { ...open, state: 'denied', closedAtMs: clock.wallMs() });
    await clock.advance(70_000);
    await handled;
    expect(await decisions()).toEqual([]);
  });

  it('a reminder is told without a word of the call, and only while it is open', async () => {
    await due('reminder', 1);
    expect(told).toEqual([expect.objectContaining({ event: 'ApprovalReminded', fields: { tier: 'critical', leftSeconds: 60 } })]);
    await store.replace(open, { ...open, state: 'denied', closedAtMs: clock.wallMs() });
    await due('reminder', 1);
    expect(told).toHaveLength(1);
  });

  it('a wake-up for an approval that is gone does nothing', async () => {
    await wake({ approvalId: 'gone', kind: 'deadline' });
    await wake({ approvalId: 'gone', kind: 'reminder' });
    expect(await decisions()).toEqual([]);
  });
});
