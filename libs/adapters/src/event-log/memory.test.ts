import { expect, it } from 'vitest';
import { collect, describeEventLog, records } from './conformance.js';
import { MemoryEventLog } from './memory.js';

describeEventLog(
  'memory',
  async () => {
    const log = new MemoryEventLog();
    return { log, reopen: async () => log, dispose: () => log.close() };
  },
  { isDurable: false },
);

it('a memory ledger over its limit forgets its oldest records and keeps its offsets', async () => {
  const log = new MemoryEventLog({ recordsMax: 10 });
  await log.append('observations', records('a', 0, 10));
  await log.append('observations', records('a', 10, 5));
  const seen = await collect(log, 10);
  expect(seen.map(({ id, offset }) => [id, offset])).toEqual(Array.from({ length: 10 }, (_, index) => [`a-${index + 5}`, index + 5]));
  await log.close();
});
