import type { NamedQuery } from './named-query.js';

const given = "(SELECT arrayJoin(JSONExtract({ids:String}, 'Array(String)')))";

/** Observations by their own ids or those of their calls: `{id, call_id, phase, at, domain, agent, session, server, tool, method}`. Parameter `ids` is a JSON array of both. */
export const namedObservations: NamedQuery = {
  name: 'named-observations',
  sql: `SELECT id, call_id, phase, at, domain, agent, session, server, tool, method FROM observations FINAL
WHERE kind = 'message' AND (id IN ${given} OR call_id IN ${given}) ORDER BY at, seq LIMIT {limit:UInt32}`,
  params: { ids: 'String', limit: 'UInt32' },
};
