import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/** Last seen first: `{agent, role, servers, calls, sessions, first_seen_at, last_seen_at, stopped, stepped_up, top_tools: {server, tool, calls}[] ≤ 5}`. */
export const agents: NamedQuery = {
  name: 'agents',
  sql: `SELECT a.agent AS agent, a.role AS role, servers, calls, sessions, first_seen_at, last_seen_at, stopped, stepped_up, top_tools
FROM (
  SELECT agent, role, arraySort(groupUniqArray(16)(server)) AS servers, uniqExactIf(call_id, phase = 'request') AS calls, uniqExactIf(session, phase = 'request') AS sessions,
    min(at) AS first_seen_at, max(at) AS last_seen_at
  FROM observations WHERE ${ofDomain} AND ${since} GROUP BY agent, role ORDER BY last_seen_at DESC LIMIT {limit:UInt32}
) AS a
LEFT JOIN (
  SELECT agent, role, uniqExactIf(call_id, kind IN ('deny', 'defer')) AS stopped, uniqExactIf(call_id, kind = 'step_up') AS stepped_up
  FROM verdicts WHERE ${ofDomain} AND ${since} GROUP BY agent, role
) AS v ON v.agent = a.agent AND v.role = a.role
LEFT JOIN (
  SELECT agent, role, groupArray(5)(CAST((server, tool, n), 'Tuple(server String, tool String, calls UInt64)')) AS top_tools
  FROM (
    SELECT agent, role, server, tool, uniqExact(call_id) AS n
    FROM observations WHERE phase = 'request' AND ${ofDomain} AND ${since} GROUP BY agent, role, server, tool ORDER BY n DESC, server, tool
  ) GROUP BY agent, role
) AS t ON t.agent = a.agent AND t.role = a.role
ORDER BY last_seen_at DESC, agent`,
  params: { ...sinceParams, limit: 'UInt32' },
};
