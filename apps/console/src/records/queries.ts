/**
 * What people's pages ask of history beyond its named queries; the same shape, so that one can move there when another room needs it.
 * Every count is of distinct ids or over `FINAL`, so repeated rows count once.
 */
import { sessionKeySql } from './session-key.js';

/** `{stops}` since an instant: what was really stopped, observed verdicts left out. */
export const stopsSince = `SELECT uniqExact(call_id, phase) AS stops FROM verdicts
WHERE domain = {domain:String} AND at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC') AND kind IN ('deny', 'defer') AND mode = 'enforce'`;

/** `{session}`; at most one row. */
export const sessionByKey = `SELECT session FROM (SELECT DISTINCT domain, session FROM observations WHERE domain = {domain:String}) WHERE ${sessionKeySql} = {key:String} LIMIT 1`;

/** Last word on each agent's state: `{agent, kind, sentence, state, at, registered}`; `registered` = a person vouched for `state`. */
export const attestations = `SELECT f.agent AS agent, f.last_kind AS kind, f.last_sentence AS sentence, f.state AS state, f.last_at AS at,
  (f.agent, f.state) IN (SELECT subject, subject_digest FROM decisions WHERE kind = 'state-registered' AND domain = {domain:String}) AS registered
FROM (
  SELECT agent, argMax(kind, (at, id)) AS last_kind, argMax(sentence, (at, id)) AS last_sentence, argMax(JSONExtractString(evidence, 1, 'note'), (at, id)) AS state, max(at) AS last_at
  FROM findings WHERE detector = 'attestation' AND kind != 'nothing' AND domain = {domain:String} AND at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
  GROUP BY agent
) AS f`;

/** Distinct descriptions of each tool, newest first: `{server, tool, definition, first_at, last_at}`. */
export const definitions = `SELECT server, JSONExtractString(definition, 'name') AS tool, definition, min(seen_at) AS first_at, max(seen_at) AS last_at
FROM (
  SELECT server, at AS seen_at, arrayJoin(JSONExtractArrayRaw(payload, 'tools')) AS definition
  FROM observations WHERE shape = 'response' AND method = 'tools/list' AND domain = {domain:String} AND at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
)
WHERE tool != '' GROUP BY server, tool, definition
ORDER BY server, tool, first_at DESC LIMIT 4 BY server, tool LIMIT {limit:UInt32}`;

/**
 * The last change of each tool that nobody approved since: `{subject, sentence, evidence, at}`; `subject` is `server/tool`.
 * A change found in a tool list is about the list's observation, which has no one tool: its finding names the tool in its sentence only.
 */
export const pendingChanges = `SELECT c.subject AS subject, c.last_sentence AS sentence, c.last_evidence AS evidence, c.last_at AS at
FROM (
  SELECT if(tool = '', extract(sentence, '^The definition of (.+) is not the one'), concat(server, '/', tool)) AS subject,
    argMax(sentence, (at, id)) AS last_sentence, argMax(evidence, (at, id)) AS last_evidence, max(at) AS last_at
  FROM findings WHERE kind = 'pin-changed' AND domain = {domain:String} AND at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
  GROUP BY subject
) AS c
LEFT JOIN (SELECT subject, max(at) AS approved_at FROM decisions WHERE kind = 'pin-approved' AND domain = {domain:String} GROUP BY subject) AS d ON d.subject = c.subject
WHERE d.subject = '' OR c.last_at > d.approved_at`;

/**
 * Withheld results, newest first, one row per quarantine id:
 * `{quarantine_id, at, agent, role, session, server, tool, reasons, evidence: string[], released_by, released_at, message}`.
 */
export const withheld = `SELECT v.quarantine_id AS quarantine_id, v.last_at AS at, v.verdict.1 AS agent, v.verdict.2 AS role, v.verdict.3 AS session, v.verdict.4 AS server, v.verdict.5 AS tool,
  v.verdict.6 AS reasons, f.evidences AS evidence, d.released_by AS released_by, if(d.released_by = '', NULL, d.released_at) AS released_at, d.released_message AS message
FROM (
  SELECT quarantine_id, max(at) AS last_at, argMax((agent, role, session, server, tool, reasons, observation_id), (at, id)) AS verdict
  FROM verdicts WHERE quarantine_id != '' AND domain = {domain:String} AND at >= fromUnixTimestamp64Milli({sinceMs:Int64}, 'UTC')
  GROUP BY quarantine_id ORDER BY last_at DESC LIMIT {limit:UInt32}
) AS v
LEFT JOIN (
  SELECT observation_id, groupUniqArray(8)(evidence) AS evidences FROM findings WHERE kind != 'nothing' AND domain = {domain:String} GROUP BY observation_id
) AS f ON f.observation_id = v.verdict.7
LEFT JOIN (
  SELECT subject, argMin(person, at) AS released_by, min(at) AS released_at, argMin(message, at) AS released_message FROM decisions WHERE kind = 'release' AND domain = {domain:String} GROUP BY subject
) AS d ON d.subject = v.quarantine_id
ORDER BY at DESC`;
