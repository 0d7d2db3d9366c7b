import type { Migration } from '../history-store.js';

/** Findings per minute, `nothing` included: a detector that says nothing at all is silent, not satisfied. Counted as calls-1m is. */
export const findingsPerMinute: Migration = {
  number: 7,
  name: 'findings-1m',
  sql: `CREATE TABLE IF NOT EXISTS findings_1m_states (
  domain LowCardinality(String),
  minute DateTime('UTC'),
  detector LowCardinality(String),
  kind LowCardinality(String),
  severity LowCardinality(String),
  findings AggregateFunction(uniqExact, String)
) ENGINE = AggregatingMergeTree
PARTITION BY toYYYYMM(minute)
ORDER BY (domain, minute, detector, kind, severity);
CREATE MATERIALIZED VIEW IF NOT EXISTS findings_1m_fill TO findings_1m_states AS
SELECT domain, toDateTime(toStartOfMinute(at), 'UTC') AS minute, detector, kind, severity, uniqExactState(id) AS findings
FROM findings
GROUP BY domain, minute, detector, kind, severity;
CREATE VIEW IF NOT EXISTS findings_1m AS
SELECT domain, minute, detector, kind, severity, uniqExactMerge(findings) AS n
FROM findings_1m_states
GROUP BY domain, minute, detector, kind, severity;
`,
};
