import { SeededClock } from '@countersign/adapters/clock/seeded';
import { MemoryEventLog } from '@countersign/adapters/event-log/memory';
import { SqliteApprovalStore } from '@countersign/adapters/approval-store/sqlite';
import { ApprovalDesk, openedBy } from '@countersign/approval';
import { verdictSchema } from '@countersign/contracts';
import { silentTelemetry } from '@countersign/pipeline';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import { afterEach, describe, expect, test } from 'vitest';
import type { LiveEvent } from '../shared/api.js';
import { waitingCalls } from '../seeded/workshop.js';
import { listenersMax, LiveNews } from './live-news.js';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

async function listening() {
  const clock = new SeededClock({ seed: 7 });
  const eventLog = new MemoryEventLog({ clock });
  const store = SqliteApprovalStore.open(':memory:');
  const policy = compilePolicy(defaultPolicy);
  const desk = new ApprovalDesk({ store, eventLog, clock, policy: () => policy, signGrant: () => expect.fail('nothing is approved here') });
  const news = new LiveNews({ eventLog, desk, clock, telemetry: silentTelemetry });
  await news.start();
  undo.push(() => store.close(), () => eventLog.close(), () => news.stop());
  return { clock, eventLog, store, news };
}

const stepUps = (nowMs: number) => waitingCalls(nowMs).filter(({ topic }) => topic === 'verdicts');

describe('live news', () => {
  test('an approval that opens a little after its verdict is told within a quarter of a second, once', async () => {
    const { clock, eventLog, store, news } = await listening();
    const told: LiveEvent[] = [];
    news.listen((events) => told.push(...events) > 0);
    const [record] = stepUps(clock.wallMs());
    if (!record) throw new Error('the workshop has calls that wait');
    await eventLog.append('verdicts', [record]);
    await clock.advance(60);
    expect(told).not.toContain('approvals');
    const opened = openedBy(verdictSchema.parse(JSON.parse(record.value)), { argumentsJson: '{}', origins: [] });
    if (opened) await store.open(opened);
    await clock.advance(250);
    expect(told.filter((event) => event === 'approvals')).toEqual(['approvals']);
    await clock.advance(10_000);
    expect(told.filter((event) => event === 'approvals')).toEqual(['approvals']);
  });

  test('a burst of 500 records is told a few times, not 500, and once more when things are quiet', async () => {
    const { clock, eventLog, news } = await listening();
    const told: LiveEvent[] = [];
    news.listen((events) => told.push(...events) > 0);
    for (let record = 0; record < 500; record += 1) await eventLog.append('findings', [{ id: `f${record}`, key: 'workshop', value: '{}' }]);
    await clock.advance(1_000);
    const during = told.filter((event) => event === 'history').length;
    expect(during).toBeGreaterThan(0);
    expect(during).toBeLessThanOrEqual(3);
    await clock.advance(10_000);
    expect(told.filter((event) => event === 'history')).toHaveLength(during + 1);
  });

  test('a listener that takes nothing is owed each kind of news once, however much happens', async () => {
    const { news } = await listening();
    const told: (readonly LiveEvent[])[] = [];
    const listener = news.listen((events) => {
      told.push(events);
      return false;
    });
    if (!listener) throw new Error('there is room');
    for (let time = 0; time < 1_000; time += 1) news.tell(['history', 'status', 'approvals']);
    expect(told).toHaveLength(1);
    expect(listener.owed.size).toBe(3);
    news.ready(listener);
    expect(told).toHaveLength(2);
  });

  test('listeners are bounded, and one that left makes room', async () => {
    const { news } = await listening();
    const listeners = Array.from({ length: listenersMax }, () => news.listen(() => true));
    expect(news.listen(() => true)).toBeUndefined();
    if (listeners[0]) news.leave(listeners[0]);
    expect(news.listen(() => true)).toBeDefined();
  });
});
