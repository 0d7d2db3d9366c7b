/**
 * What became of calls that are given by name: `{call_id, request_id, at, domain, agent, role, session, server, tool, impact, tier, waits, verdict, ended, answered, outcome}`,
 * in the order they were made. `ended` is how the hold ended, '' when there was none; `answered` whether a result came back. Parameter `ids` is a JSON array of call ids.
 */
import type { NamedQuery } from './named-query.js';

const given = "(SELECT arrayJoin(JSONExtract({ids:String}, 'Array(String)')))";

export const reachedCalls: NamedQuery = {
  name: 'reached-calls',
  sql: `SELECT r.call_id AS call_id, r.id AS request_id, r.at AS at, r.domain AS domain, r.agent AS agent, r.role AS role, r.session AS session, r.server AS server, r.tool AS tool,
  r.impact AS impact, r.tier AS tier, r.waits AS waits, v.verdict AS verdict, h.ended AS ended, a.answered > 0 AS answered, d.outcome AS outcome
FROM (SELECT * FROM observations FINAL WHERE kind = 'message' AND phase = 'request' AND call_id IN ${given} ORDER BY at LIMIT {limit:UInt32}) AS r
LEFT JOIN (SELECT call_id, count() AS answered FROM observations WHERE kind = 'message' AND phase = 'result' AND call_id IN ${given} GROUP BY call_id) AS a ON a.call_id = r.call_id
LEFT JOIN (SELECT call_id, argMax(j.kind, at) AS verdict FROM verdicts AS j WHERE phase = 'request' AND call_id IN ${given} GROUP BY call_id) AS v ON v.call_id = r.call_id
LEFT JOIN (SELECT call_id, argMax(JSONExtractString(note, 'end'), seq) AS ended FROM observations WHERE kind = 'held-ended' AND call_id IN ${given} GROUP BY call_id) AS h ON h.call_id = r.call_id
LEFT JOIN (SELECT call_id, argMin(c.outcome, at) AS outcome FROM decisions AS c WHERE kind = 'approval' AND call_id IN ${given} GROUP BY call_id) AS d ON d.call_id = r.call_id
ORDER BY at, r.tap_id, r.epoch, r.seq`,
  params: { ids: 'String', limit: 'UInt32' },
};
