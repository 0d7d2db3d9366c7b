import { ofDomain, since, sinceParams, type NamedQuery } from './named-query.js';

/**
 * By server and name: `{server, tool, impact, calls, agents, errors, stopped, last_called_at, definitions, first_defined_at, definition, changes, last_change_at, approved_by, approved_at}`.
 * `definitions` counts distinct texts a server gave under this name; `definition` is the latest; `changes` counts findings `pin-changed`;
 * `approved_*` is the last time a person accepted one (decision `pin-approved` on `server/tool`).
 */
export const tools: NamedQuery = {
  name: 'tools',
  sql: `SELECT n.server AS server, n.tool AS tool, c.impact AS impact, c.calls AS calls, c.agents AS agents, c.errors AS errors, v.stopped AS stopped,
  if(c.calls = 0, NULL, c.last_at) AS last_called_at, p.definitions AS definitions, if(p.definitions = 0, NULL, p.first_at) AS first_defined_at, p.definition AS definition,
  f.changes AS changes, if(f.changes = 0, NULL, f.changed_at) AS last_change_at, d.approved_by AS approved_by, if(d.approved_by = '', NULL, d.approved_at) AS approved_at
FROM (SELECT DISTINCT server, tool FROM (SELECT server, tool FROM (${definedTools()}) UNION ALL SELECT server, tool FROM observations WHERE phase = 'request' AND ${ofDomain} AND ${since})) AS n
LEFT JOIN (
  SELECT server, tool, argMaxIf(o.impact, at, phase = 'request') AS impact, uniqExactIf(call_id, phase = 'request') AS calls, uniqExactIf(agent, phase = 'request') AS agents,
    uniqExactIf(call_id, is_error) AS errors, maxIf(at, phase = 'request') AS last_at
  FROM observations AS o WHERE tool != '' AND ${ofDomain} AND ${since} GROUP BY server, tool
) AS c ON c.server = n.server AND c.tool = n.tool
LEFT JOIN (
  SELECT server, tool, uniqExactIf(call_id, kind IN ('deny', 'defer')) AS stopped FROM verdicts WHERE phase = 'request' AND ${ofDomain} AND ${since} GROUP BY server, tool
) AS v ON v.server = n.server AND v.tool = n.tool
LEFT JOIN (
  SELECT t.server AS server, t.tool AS tool, uniqExact(t.definition) AS definitions, min(t.at) AS first_at, argMax(t.definition, t.at) AS definition
  FROM (${definedTools()}) AS t GROUP BY t.server, t.tool
) AS p ON p.server = n.server AND p.tool = n.tool
LEFT JOIN (
  SELECT server, tool, uniqExact(id) AS changes, max(at) AS changed_at FROM findings WHERE kind = 'pin-changed' AND ${ofDomain} AND ${since} GROUP BY server, tool
) AS f ON f.server = n.server AND f.tool = n.tool
LEFT JOIN (
  SELECT subject, argMax(person, at) AS approved_by, max(at) AS approved_at FROM decisions WHERE kind = 'pin-approved' AND ${ofDomain} GROUP BY subject
) AS d ON d.subject = concat(n.server, '/', n.tool)
ORDER BY server, tool LIMIT {limit:UInt32}`,
  params: { ...sinceParams, limit: 'UInt32' },
};

function definedTools(): string {
  return `SELECT server, at, definition, JSONExtractString(definition, 'name') AS tool FROM (
  SELECT server, at, arrayJoin(JSONExtractArrayRaw(payload, 'tools')) AS definition
  FROM observations WHERE shape = 'response' AND method = 'tools/list' AND ${ofDomain} AND ${since}
) WHERE tool != ''`;
}
