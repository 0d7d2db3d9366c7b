import type { Migration } from '../history-store.js';

export const findingsTable: Migration = {
  number: 2,
  name: 'findings',
  sql: `CREATE TABLE IF NOT EXISTS findings (
  domain LowCardinality(String),
  at DateTime64(3, 'UTC'),
  id String,
  observation_id String,
  ordinal UInt64,
  of UInt64,
  call_id String,
  agent LowCardinality(String),
  role LowCardinality(String),
  server LowCardinality(String),
  session String,
  tool LowCardinality(String),
  detector LowCardinality(String),
  detector_version LowCardinality(String),
  kind LowCardinality(String),
  severity LowCardinality(String),
  gate LowCardinality(String),
  score Nullable(Float64),
  p_value Nullable(Float64),
  sample_size Nullable(UInt64),
  sentence String,
  would_pass String,
  evidence String,
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
