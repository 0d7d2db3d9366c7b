import type { Migration } from '../history-store.js';

export const decisionsTable: Migration = {
  number: 4,
  name: 'decisions',
  sql: `CREATE TABLE IF NOT EXISTS decisions (
  domain LowCardinality(String),
  at DateTime64(3, 'UTC'),
  id String,
  kind LowCardinality(String),
  person LowCardinality(String),
  via LowCardinality(String),
  outcome LowCardinality(String),
  cause LowCardinality(String),
  message String,
  approval_id String,
  call_id String,
  tap_id LowCardinality(String),
  action_digest String,
  display_digest String,
  subject String,
  subject_digest String,
  record String CODEC(ZSTD(3)),
  recorded_at DateTime64(3, 'UTC') DEFAULT now64(3),
  INDEX by_call call_id TYPE bloom_filter(0.01) GRANULARITY 1
) ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (domain, at, id)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
`,
};
