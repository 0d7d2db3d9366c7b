import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/** Sessions with calls, last active first: `{session, task, agent, role, servers, session_rule, started_at, last_at, calls, stopped, stepped_up, worst}`; `worst` is the gravest severity found, 'none' when nothing was. */
export const sessions: NamedQuery = {
  name: 'sessions',
  sql: `SELECT s.session AS session, task, s.agent AS agent, s.role AS role, servers, session_rule, started_at, last_at, calls, stopped, stepped_up,
  if(f.gravity = 0, 'none', ['none', 'info', 'low', 'medium', 'high', 'critical'][f.gravity]) AS worst
FROM (
  SELECT session, any(o.agent) AS agent, any(o.role) AS role, arraySort(groupUniqArray(16)(server)) AS servers, any(o.session_rule) AS session_rule, anyIf(o.task, o.task != '') AS task,
    min(at) AS started_at, max(at) AS last_at, uniqExactIf(call_id, phase = 'request') AS calls
  FROM observations AS o WHERE ${ofDomain} AND ${since} GROUP BY session HAVING calls > 0 ORDER BY last_at DESC LIMIT {limit:UInt32}
) AS s
LEFT JOIN (
  SELECT session, uniqExactIf(call_id, kind IN ('deny', 'defer')) AS stopped, uniqExactIf(call_id, kind = 'step_up') AS stepped_up
  FROM verdicts WHERE ${ofDomain} AND ${since} GROUP BY session
) AS v ON v.session = s.session
LEFT JOIN (
  SELECT session, max(indexOf(['none', 'info', 'low', 'medium', 'high', 'critical'], severity)) AS gravity
  FROM findings WHERE ${ofDomain} AND ${since} GROUP BY session
) AS f ON f.session = s.session
ORDER BY last_at DESC, session`,
  params: { ...sinceParams, limit: 'UInt32' },
};
