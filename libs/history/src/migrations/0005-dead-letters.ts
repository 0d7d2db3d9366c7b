import type { Migration } from '../history-store.js';

export const deadLettersTable: Migration = {
  number: 5,
  name: 'dead-letters',
  sql: `CREATE TABLE IF NOT EXISTS dead_letters (
  domain LowCardinality(String),
  at DateTime64(3, 'UTC'),
  id String,
  topic LowCardinality(String),
  offset UInt64,
  record_id String,
  error_class LowCardinality(String),
  error String,
  component LowCardinality(String),
  raw String CODEC(ZSTD(3)),
  recorded_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (domain, at, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
`,
};
