/**
 * Which observation holds what another one said before, as provenance saw it: one row per pair,
 * `{source, target, call_id, at, agent, session, server, tool, kinds, path, note}`; the first six behind it are of the target's call.
 * `source` and `target` are observation ids, `path` and `note` of the place in the source, `kinds` the findings that named it.
 * Parameter `ids` is a JSON array of observation ids.
 */
import { ofDomain, type NamedQuery } from './named-query.js';

const params = { domain: 'String', ids: 'String', limit: 'UInt32' } as const;
const given = "(SELECT arrayJoin(JSONExtract({ids:String}, 'Array(String)')))";

/** What was made of these observations, next step only. */
export const edgesFrom: NamedQuery = { name: 'edges-from', sql: edgesSql('', `source IN ${given}`), params };

/** What these observations were made of, next step only. */
export const edgesTo: NamedQuery = { name: 'edges-to', sql: edgesSql(` AND observation_id IN ${given}`, 'TRUE'), params };

function edgesSql(within: string, end: string): string {
  return `SELECT e.source AS source, e.target AS target, any(e.call_id) AS call_id, min(e.at) AS at, any(e.agent) AS agent, any(e.session) AS session, any(e.server) AS server,
  any(e.tool) AS tool, groupUniqArray(8)(e.kind) AS kinds, any(e.path) AS path, any(e.note) AS note
FROM (
  SELECT JSONExtractString(part, 'observationId') AS source, observation_id AS target, call_id, at, agent, session, server, tool, kind,
    JSONExtractString(part, 'path') AS path, JSONExtractString(part, 'note') AS note
  FROM (SELECT *, arrayJoin(JSONExtractArrayRaw(evidence)) AS part FROM findings WHERE detector = 'provenance' AND evidence != '[]' AND ${ofDomain}${within})
) AS e
WHERE source != '' AND source != target AND ${end}
GROUP BY source, target ORDER BY at, target LIMIT {limit:UInt32}`;
}
