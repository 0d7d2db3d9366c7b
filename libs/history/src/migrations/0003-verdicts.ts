import type { Migration } from '../history-store.js';

export const verdictsTable: Migration = {
  number: 3,
  name: 'verdicts',
  sql: `CREATE TABLE IF NOT EXISTS verdicts (
  domain LowCardinality(String),
  at DateTime64(3, 'UTC'),
  id String,
  observation_id String,
  tap_id LowCardinality(String),
  epoch UInt64,
  call_id String,
  phase LowCardinality(String),
  agent LowCardinality(String),
  role LowCardinality(String),
  server LowCardinality(String),
  session String,
  tool LowCardinality(String),
  impact LowCardinality(String),
  tier LowCardinality(String),
  kind LowCardinality(String),
  mode LowCardinality(String),
  reason_codes Array(LowCardinality(String)),
  reasons String,
  finding_ids Array(String),
  missing Array(LowCardinality(String)),
  policy_version LowCardinality(String),
  action_digest String,
  waited_ms Float64,
  quarantine_id String,
  record String CODEC(ZSTD(3)),
  recorded_at DateTime64(3, 'UTC') DEFAULT now64(3),
  INDEX by_call call_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (domain, at, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
`,
};
