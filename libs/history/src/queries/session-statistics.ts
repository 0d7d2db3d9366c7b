import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/**
 * What drift is computed from, one row per session of an agent, oldest first:
 * `{agent, session, ended_at, calls, writes, errors, tools: string[] (server/tool, sorted), mean_surprise (null when never scored), log_duration_mean (of ms; null without results)}`.
 */
export const sessionStatistics: NamedQuery = {
  name: 'session-statistics',
  sql: `SELECT c.agent AS agent, c.session AS session, ended_at, calls, writes, errors, tools, if(s.scored = 0, NULL, s.mean_surprise) AS mean_surprise,
  if(answered = 0, NULL, log_duration_sum / answered) AS log_duration_mean
FROM (
  SELECT agent, session, max(last_at) AS ended_at, countIf(is_request) AS calls, countIf(is_request AND worst_impact != 'read') AS writes, countIf(failed) AS errors,
    arraySort(groupUniqArray(1000)(name)) AS tools, countIf(us > 0) AS answered, sumIf(log(us / 1000), us > 0) AS log_duration_sum
  FROM (
    SELECT agent, session, call_id, max(at) AS last_at, max(phase = 'request') AS is_request, argMax(impact, phase = 'request') AS worst_impact, max(is_error) AS failed,
      any(concat(server, '/', tool)) AS name, if(uniqExact(phase) = 2, greatest(1, max(monotonic_us) - min(monotonic_us)), 0) AS us
    FROM observations WHERE kind = 'message' AND call_id != '' AND agent = {agent:String} AND ${ofDomain} AND ${since} GROUP BY agent, session, call_id
  ) GROUP BY agent, session
) AS c
LEFT JOIN (
  SELECT session, count() AS scored, avg(assumeNotNull(score)) AS mean_surprise
  FROM findings FINAL WHERE detector = 'behaviour' AND kind = 'surprise' AND isNotNull(score) AND agent = {agent:String} AND ${ofDomain} AND ${since} GROUP BY session
) AS s ON s.session = c.session
WHERE calls > 0
ORDER BY ended_at, session LIMIT {limit:UInt32}`,
  params: { ...sinceParams, agent: 'String', limit: 'UInt32' },
};
