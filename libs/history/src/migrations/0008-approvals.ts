import type { Migration } from '../history-store.js';

/**
 * One row per call that was put before people in force, with what became of it. `outcome` is `pending` within the deadline, and
 * `unanswered` after it while no decision is known. `waited_ms` and `decided_at` are null until somebody or a deadline decided.
 */
export const approvalsView: Migration = {
  number: 8,
  name: 'approvals',
  sql: `CREATE VIEW IF NOT EXISTS approvals AS
SELECT v.domain AS domain, v.asked_at AS asked_at, v.call_id AS call_id, v.agent AS agent, v.role AS role, v.server AS server, v.session AS session, v.tool AS tool,
  v.impact AS impact, v.tier AS tier, v.reason AS reason, v.deadline_at AS deadline_at,
  multiIf(d.id != '', d.outcome, v.deadline_at > now64(3), 'pending', 'unanswered') AS outcome,
  d.cause AS cause, d.person AS person, d.via AS via, d.message AS message, if(d.id = '', NULL, d.decided_at) AS decided_at,
  if(d.id = '', NULL, greatest(0, dateDiff('millisecond', v.asked_at, d.decided_at))) AS waited_ms, d.approval_id AS approval_id
FROM (
  SELECT domain, at AS asked_at, call_id, agent, role, server, session, tool, impact, tier, arrayElement(reason_codes, 1) AS reason,
    at + toIntervalMillisecond(JSONExtractUInt(record, 'ask', 'deadlineMs')) AS deadline_at
  FROM verdicts FINAL WHERE kind = 'step_up' AND mode = 'enforce' AND phase = 'request'
) AS v
LEFT JOIN (
  SELECT domain, call_id, argMin(c.id, c.at) AS id, argMin(c.outcome, c.at) AS outcome, argMin(c.cause, c.at) AS cause, argMin(c.person, c.at) AS person,
    argMin(c.via, c.at) AS via, argMin(c.message, c.at) AS message, argMin(c.approval_id, c.at) AS approval_id, min(c.at) AS decided_at
  FROM decisions AS c WHERE c.kind = 'approval' GROUP BY domain, call_id
) AS d ON d.domain = v.domain AND d.call_id = v.call_id;
`,
};
