import type { Migration } from '../history-store.js';

export const observationsTable: Migration = {
  number: 1,
  name: 'observations',
  sql: `CREATE TABLE IF NOT EXISTS observations (
  domain LowCardinality(String),
  at DateTime64(3, 'UTC'),
  id String,
  kind LowCardinality(String),
  tap_id LowCardinality(String),
  epoch UInt64,
  seq UInt64,
  monotonic_us UInt64,
  agent LowCardinality(String),
  role LowCardinality(String),
  server LowCardinality(String),
  session String,
  session_rule LowCardinality(String),
  transport LowCardinality(String),
  era LowCardinality(String),
  direction LowCardinality(String),
  shape LowCardinality(String),
  method LowCardinality(String),
  bytes UInt64,
  digest String,
  flags Array(LowCardinality(String)),
  call_id String,
  phase LowCardinality(String),
  tool LowCardinality(String),
  impact LowCardinality(String),
  tier LowCardinality(String),
  tier_rule LowCardinality(String),
  policy_version LowCardinality(String),
  action_digest String,
  waits Bool,
  deadline_ms UInt64,
  is_error Bool,
  task String,
  note String,
  record String CODEC(ZSTD(3)),
  payload String ALIAS JSONExtractRaw(record, 'message', 'payload'),
  recorded_at DateTime64(3, 'UTC') DEFAULT now64(3),
  INDEX by_call call_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX by_session session TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (domain, at, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
`,
};
