/** For tests that kill brokers: what was sent twice is read twice (L2), so it is ids that are counted, not records. */
import type { Topic } from '@countersign/contracts';
import type { EventLog, StoredRecord, Subscription } from '@countersign/pipeline';

/** Everything a new group is handed until it holds `count` different ids. A test that waits in vain ends by the runner's limit. */
export async function collectDistinct(log: EventLog, count: number, topic: Topic = 'observations'): Promise<readonly StoredRecord[]> {
  const seen: StoredRecord[] = [];
  const ids = new Set<string>();
  let enough = (): void => undefined;
  const complete = new Promise<void>((resolve) => (enough = resolve));
  const subscription: Subscription = await log.follow(topic, { group: `distinct-${Math.random()}` }, async (batch) => {
    seen.push(...batch);
    for (const { id } of batch) ids.add(id);
    if (ids.size >= count) enough();
  });
  await complete;
  await subscription.stop();
  return seen;
}
