import type { Migration } from '../history-store.js';

/**
 * How long contents are kept. What was said in a message goes; that it was said, by whom, and how it was judged stays, so that
 * completeness remains a query over whole epochs. The age counts from `recorded_at`, history's own clock: a tap that dates its
 * observations back cannot make them vanish. Decisions are kept whole. An operator's own `ALTER TABLE … MODIFY … TTL` stands,
 * because a migration runs once.
 */
export const retention: Migration = {
  number: 9,
  name: 'retention',
  sql: `ALTER TABLE observations
  MODIFY COLUMN record String CODEC(ZSTD(3)) TTL toDateTime(recorded_at) + INTERVAL 400 DAY,
  MODIFY COLUMN task String TTL toDateTime(recorded_at) + INTERVAL 400 DAY;
ALTER TABLE findings
  MODIFY COLUMN record String CODEC(ZSTD(3)) TTL toDateTime(recorded_at) + INTERVAL 400 DAY,
  MODIFY COLUMN evidence String TTL toDateTime(recorded_at) + INTERVAL 400 DAY,
  MODIFY COLUMN sentence String TTL toDateTime(recorded_at) + INTERVAL 400 DAY;
ALTER TABLE verdicts
  MODIFY COLUMN record String CODEC(ZSTD(3)) TTL toDateTime(recorded_at) + INTERVAL 400 DAY,
  MODIFY COLUMN reasons String TTL toDateTime(recorded_at) + INTERVAL 400 DAY;
ALTER TABLE dead_letters MODIFY TTL toDateTime(recorded_at) + INTERVAL 400 DAY;
ALTER TABLE calls_1m_states MODIFY TTL minute + INTERVAL 800 DAY;
ALTER TABLE findings_1m_states MODIFY TTL minute + INTERVAL 800 DAY;
`,
};
