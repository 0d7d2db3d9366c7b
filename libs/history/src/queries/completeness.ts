/**
 * Is anything missing? A tap numbers the observations of an epoch 0, 1, 2 … without a gap, so history can answer alone.
 * CO1. `gap` of an epoch = last seq known + 1 − distinct seqs seen. The last seq known is the highest seen, or the one a
 *      recovery read from the killed tap's spool.
 * CO2. It must be 0 for every closed epoch, and for an open one too: records arrive in seq order, so a hole is never just "not yet".
 * CO3. A tap's id names its configuration; two machines with the same one are told apart by their domains.
 * Does not see: an epoch of which nothing at all arrived and that nobody recovered.
 */
import { ofDomain, type NamedQuery } from './named-query.js';

const epochs = `SELECT domain, tap_id, epoch, any(agent) AS agent, any(server) AS server, uniqExactIf(seq, has_seq) AS seen, max(seq) AS last_seq,
  CAST(max(ends), 'Bool') AS is_closed, last_seq + 1 - seen AS gap, max(at) AS last_at
FROM (
  SELECT domain, tap_id, epoch, agent, server, seq, true AS has_seq, kind = 'epoch-closed' AS ends, at FROM observations WHERE ${ofDomain}
  UNION ALL
  SELECT domain, tap_id, JSONExtractUInt(note, 'epoch') AS epoch, agent, server, JSONExtractUInt(note, 'lastSeq') AS seq, false AS has_seq, true AS ends, at
  FROM observations WHERE kind = 'epoch-recovered' AND JSONHas(note, 'epoch') AND JSONHas(note, 'lastSeq') AND ${ofDomain}
) GROUP BY domain, tap_id, epoch`;

/** One row per (domain, tap, epoch), those with a gap first: `{domain, tap_id, epoch, agent, server, seen, last_seq, is_closed, gap, last_at}`. */
export const completenessByTap: NamedQuery = {
  name: 'completeness-by-tap',
  sql: `SELECT * FROM (${epochs}) ORDER BY gap DESC, last_at DESC, domain, tap_id, epoch DESC LIMIT {limit:UInt32}`,
  params: { domain: 'String', limit: 'UInt32' },
};

/** One row: `{taps, epochs, open_epochs, observations, gap, taps_with_gap}`. */
export const completenessTotal: NamedQuery = {
  name: 'completeness-total',
  sql: `SELECT uniqExact(domain, tap_id) AS taps, count() AS epochs, countIf(NOT e.is_closed) AS open_epochs, sum(e.seen) AS observations, sum(e.gap) AS gap, uniqExactIf((domain, tap_id), e.gap > 0) AS taps_with_gap
FROM (${epochs}) AS e`,
  params: { domain: 'String' },
};
