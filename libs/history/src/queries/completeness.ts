/**
 * Is anything missing? A tap numbers its observations without a gap, so history can answer alone.
 * CO1. `gap` of an epoch = holes between its first and last seq, plus what a recovery says was written after the last one seen.
 * CO2. It must be 0 for every closed epoch, and for an open one too: its records arrive in seq order, so a hole is never just "not yet".
 * CO3. An epoch begins with `epoch-opened`; `headless` marks one whose beginning is not here.
 */
import type { NamedQuery } from './named-query.js';
import { ofDomain } from './named-query.js';

const epochs = `SELECT tap_id, epoch, agent, server, first_seq, last_seq, seen, opened = 0 AS headless, closed = 1 OR recovered_last_seq > 0 AS is_closed,
  last_seq - first_seq + 1 - seen + if(recovered_last_seq > last_seq, recovered_last_seq - last_seq, 0) AS gap, last_at
FROM (
  SELECT tap_id, epoch, any(o.agent) AS agent, any(o.server) AS server, min(seq) AS first_seq, max(seq) AS last_seq, uniqExact(seq) AS seen,
    max(kind = 'epoch-opened') AS opened, max(kind = 'epoch-closed') AS closed, max(at) AS last_at
  FROM observations AS o WHERE ${ofDomain} GROUP BY tap_id, epoch
) AS e
LEFT JOIN (
  SELECT tap_id, JSONExtractUInt(note, 'epoch') AS epoch, max(JSONExtractUInt(note, 'lastSeq')) AS recovered_last_seq
  FROM observations WHERE kind = 'epoch-recovered' AND ${ofDomain} GROUP BY tap_id, epoch
) AS r USING (tap_id, epoch)`;

/** One row per (tap, epoch), those with a gap first: `{tap_id, epoch, agent, server, first_seq, last_seq, seen, headless, is_closed, gap, last_at}`. */
export const completenessByTap: NamedQuery = {
  name: 'completeness-by-tap',
  sql: `SELECT * FROM (${epochs}) ORDER BY gap DESC, headless DESC, last_at DESC, tap_id, epoch DESC LIMIT {limit:UInt32}`,
  params: { domain: 'String', limit: 'UInt32' },
};

/** One row: `{taps, epochs, open_epochs, observations, gap, taps_with_gap, headless_epochs}`. */
export const completenessTotal: NamedQuery = {
  name: 'completeness-total',
  sql: `SELECT uniqExact(tap_id) AS taps, count() AS epochs, countIf(NOT is_closed) AS open_epochs, sum(e.seen) AS observations,
  sum(e.gap) AS gap, uniqExactIf(tap_id, e.gap > 0) AS taps_with_gap, countIf(e.headless) AS headless_epochs
FROM (${epochs}) AS e`,
  params: { domain: 'String' },
};
