/**
 * A call with everything that was said of it. `recent-calls`, `session-calls` and `call` differ only in which calls, and in their order.
 * One row per call: `{call_id, at, domain, tap_id, epoch, seq, agent, role, session, server, tool, impact, tier, tier_rule, waits, task,
 * request_id, request, result_id, result_at, result, is_error, duration_ms, verdict, reasons, missing, waited_ms, mode, policy_version,
 * result_verdict, result_reasons, quarantine_id, ended, held_ms, outcome, person, cause, message, approval_id, findings}`.
 * `request` and `result` are the JSON texts of the observed copies; `reasons`, `result_reasons` JSON arrays of `Reason`;
 * `findings` an array of objects, `nothing` left out, worst first as the detectors' order gives it. Absent texts are '', absent numbers null.
 */
import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/** Newest first. */
export const recentCalls: NamedQuery = {
  name: 'recent-calls',
  sql: callsSql(`${ofDomain} AND ${since}`, 'DESC'),
  params: { ...sinceParams, limit: 'UInt32' },
};

/** In the order they were made. */
export const sessionCalls: NamedQuery = {
  name: 'session-calls',
  sql: callsSql(`${ofDomain} AND session = {session:String}`, 'ASC'),
  params: { domain: 'String', session: 'String', limit: 'UInt32' },
};

/** At most one row. */
export const oneCall: NamedQuery = {
  name: 'call',
  sql: callsSql('call_id = {callId:String}', 'ASC').replace('{limit:UInt32}', '1'),
  params: { callId: 'String' },
};

function callsSql(which: string, order: 'ASC' | 'DESC'): string {
  return `WITH requests AS (
  SELECT *, payload FROM observations FINAL
  WHERE kind = 'message' AND phase = 'request' AND ${which}
  ORDER BY at ${order}, tap_id ${order}, epoch ${order}, seq ${order} LIMIT {limit:UInt32}
)
SELECT r.call_id AS call_id, r.at AS at, r.domain AS domain, r.tap_id AS tap_id, r.epoch AS epoch, r.seq AS seq,
  r.agent AS agent, r.role AS role, r.session AS session, r.server AS server, r.tool AS tool,
  r.impact AS impact, r.tier AS tier, r.tier_rule AS tier_rule, r.waits AS waits, r.task AS task,
  r.id AS request_id, r.payload AS request,
  a.result_id AS result_id, if(a.result_id = '', NULL, a.result_at) AS result_at, a.result AS result, a.is_error AS is_error,
  if(a.result_id = '', NULL, (toInt64(a.result_us) - toInt64(r.monotonic_us)) / 1000) AS duration_ms,
  v.verdict AS verdict, v.reasons AS reasons, v.missing AS missing, if(v.verdict = '', NULL, v.waited_ms) AS waited_ms,
  v.mode AS mode, r.policy_version AS policy_version,
  v.result_verdict AS result_verdict, v.result_reasons AS result_reasons, v.quarantine_id AS quarantine_id,
  h.ended AS ended, if(h.ended = '', NULL, h.held_ms) AS held_ms,
  d.outcome AS outcome, d.person AS person, d.cause AS cause, d.message AS message, d.approval_id AS approval_id, f.findings AS findings
FROM requests AS r
LEFT JOIN (
  SELECT call_id, argMin(id, seq) AS result_id, argMin(at, seq) AS result_at, argMin(payload, seq) AS result,
    argMin(o.is_error, o.seq) AS is_error, min(monotonic_us) AS result_us
  FROM observations AS o WHERE kind = 'message' AND phase = 'result' AND call_id IN (SELECT call_id FROM requests) GROUP BY call_id
) AS a ON a.call_id = r.call_id
LEFT JOIN (
  SELECT call_id, anyIf(j.kind, phase = 'request') AS verdict, anyIf(j.reasons, phase = 'request') AS reasons, anyIf(j.missing, phase = 'request') AS missing,
    anyIf(j.waited_ms, phase = 'request') AS waited_ms, any(j.mode) AS mode,
    anyIf(j.kind, phase = 'result') AS result_verdict, anyIf(j.reasons, phase = 'result') AS result_reasons, max(j.quarantine_id) AS quarantine_id
  FROM verdicts AS j WHERE call_id IN (SELECT call_id FROM requests) GROUP BY call_id
) AS v ON v.call_id = r.call_id
LEFT JOIN (
  SELECT call_id, argMax(JSONExtractString(note, 'end'), seq) AS ended, argMax(JSONExtractFloat(note, 'heldMs'), seq) AS held_ms
  FROM observations WHERE kind = 'held-ended' AND call_id IN (SELECT call_id FROM requests) GROUP BY call_id
) AS h ON h.call_id = r.call_id
LEFT JOIN (
  SELECT call_id, argMin(c.outcome, at) AS outcome, argMin(c.person, at) AS person, argMin(c.cause, at) AS cause, argMin(c.message, at) AS message,
    argMin(c.approval_id, at) AS approval_id
  FROM decisions AS c WHERE kind = 'approval' AND call_id IN (SELECT call_id FROM requests) GROUP BY call_id
) AS d ON d.call_id = r.call_id
LEFT JOIN (
  SELECT call_id, groupArray(200)(CAST((id, observation_id, detector, kind, severity, gate, score, p_value, sample_size, sentence, would_pass, evidence),
    'Tuple(id String, observation_id String, detector String, kind String, severity String, gate String, score Nullable(Float64), p_value Nullable(Float64), sample_size Nullable(UInt64), sentence String, would_pass String, evidence String)')) AS findings
  FROM (SELECT * FROM findings FINAL WHERE kind != 'nothing' AND call_id IN (SELECT call_id FROM requests) ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info', 'none'], severity), id)
  GROUP BY call_id
) AS f ON f.call_id = r.call_id
ORDER BY at ${order}, tap_id ${order}, epoch ${order}, seq ${order}`;
}
