import type { Migration } from '../history-store.js';

/**
 * Calls per minute by what was decided. The state keeps the ids themselves (16 bytes each), not a running sum:
 * a block that reaches the view twice, as a repeated insert does, still counts once.
 */
export const callsPerMinute: Migration = {
  number: 6,
  name: 'calls-1m',
  sql: `CREATE TABLE IF NOT EXISTS calls_1m_states (
  domain LowCardinality(String),
  minute DateTime('UTC'),
  profile LowCardinality(String),
  server LowCardinality(String),
  tool LowCardinality(String),
  tier LowCardinality(String),
  kind LowCardinality(String),
  calls AggregateFunction(uniqExact, String)
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (domain, minute, profile, server, tool, tier, kind);
CREATE MATERIALIZED VIEW IF NOT EXISTS calls_1m_fill TO calls_1m_states AS
SELECT domain, toDateTime(toStartOfMinute(at), 'UTC') AS minute, role AS profile, server, tool, tier, kind, uniqExactState(call_id) AS calls
FROM verdicts
WHERE phase = 'request'
GROUP BY domain, minute, profile, server, tool, tier, kind;
CREATE VIEW IF NOT EXISTS calls_1m AS
SELECT domain, minute, profile, server, tool, tier, kind, uniqExactMerge(calls) AS n
FROM calls_1m_states
GROUP BY domain, minute, profile, server, tool, tier, kind;
`,
};
