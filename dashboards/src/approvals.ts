/** Are people asked well? From the view `approvals`: one row per call put before people in force. */
import { chosenDomain, type BoardSource, type PanelSource } from './grafana.js';

const chosen = `FROM approvals WHERE ${chosenDomain} AND $__timeFilter_ms(asked_at)`;
/** A decision this soon after the question was hardly read. */
const hastyMs = 1_500;

const figures: readonly PanelSource[] = [
  {
    title: 'Waiting now', description: 'View `approvals`: undecided and within the deadline.', kind: 'stat', width: 4, height: 4,
    sql: `SELECT countIf(outcome = 'pending') AS waiting ${chosen}`,
  },
  {
    title: 'Longest wait', description: 'View `approvals`: age of the oldest that waits.', kind: 'stat', width: 4, height: 4, unit: 's',
    sql: `SELECT if(countIf(outcome = 'pending') = 0, 0, maxIf(dateDiff('second', asked_at, now64(3)), outcome = 'pending')) AS seconds ${chosen}`,
  },
  {
    title: 'Asked', description: 'View `approvals`: how many in the chosen time; every share on this board is of these.', kind: 'stat', width: 4, height: 4,
    sql: `SELECT count() AS asked ${chosen}`,
  },
  {
    title: 'Expired or unanswered', description: 'View `approvals`: share of those whose time is over that nobody decided. Such a call is denied.', kind: 'stat', width: 4, height: 4, unit: 'percentunit',
    sql: `SELECT if(countIf(outcome != 'pending') = 0, 0, countIf(outcome IN ('expired', 'unanswered')) / countIf(outcome != 'pending')) AS share ${chosen}`,
  },
  {
    title: 'Denied by people', description: 'View `approvals`: share of what people decided. Near 0 over many decisions, people are asked for what they always allow, or do not look.', kind: 'stat', width: 4, height: 4, unit: 'percentunit',
    sql: `SELECT if(countIf(outcome IN ('approved', 'denied')) = 0, 0, countIf(outcome = 'denied') / countIf(outcome IN ('approved', 'denied'))) AS share ${chosen}`,
  },
  {
    title: 'Decided in haste', description: `View \`approvals\`: approved within ${hastyMs / 1000} s of the question. How long a page was open is not recorded; this is a lower bound.`, kind: 'stat', width: 4, height: 4,
    sql: `SELECT countIf(outcome = 'approved' AND waited_ms < ${hastyMs}) AS decisions ${chosen}`,
  },
];

const overTime: readonly PanelSource[] = [
  {
    title: 'What became of them', description: 'View `approvals` by the minute they were asked.', kind: 'timeseries', width: 12, height: 8,
    sql: `SELECT $__timeInterval_ms(asked_at) AS time, outcome, count() AS approvals ${chosen} GROUP BY time, outcome ORDER BY time`,
  },
  {
    title: 'How long people took', description: 'View `approvals`: from question to decision by a person, p50 and p95, by the minute they were asked.', kind: 'timeseries', width: 12, height: 8, unit: 'ms',
    sql: `SELECT $__timeInterval_ms(asked_at) AS time, quantile(0.5)(waited_ms) AS p50, quantile(0.95)(waited_ms) AS p95 ${chosen} AND outcome IN ('approved', 'denied') GROUP BY time ORDER BY time`,
  },
];

const tables: readonly PanelSource[] = [
  {
    row: 'Now', title: 'Before people', description: 'View `approvals`: undecided, the next to expire first. Decide in the console.', kind: 'table', width: 24, height: 7,
    sql: `SELECT deadline_at, asked_at, agent, server, tool, tier, reason, call_id ${chosen} AND outcome = 'pending' ORDER BY deadline_at LIMIT 50`,
  },
  {
    row: 'In the chosen time', title: 'By person', description: 'Table `decisions`: approvals that a person closed, and votes on the way there.', kind: 'table', width: 12, height: 8,
    sql: `SELECT person, uniqExactIf(id, kind = 'vote') AS votes, uniqExactIf(id, kind = 'approval') AS closed, uniqExactIf(id, kind = 'approval' AND outcome = 'approved') AS approved, uniqExactIf(id, kind = 'approval' AND outcome = 'denied') AS denied, max(at) AS last_at FROM decisions WHERE kind IN ('vote', 'approval') AND person != 'system' AND ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY person ORDER BY closed DESC, person`,
  },
  {
    title: 'Why they ended', description: 'View `approvals`: outcome, cause and way; `deadline` is time, `withdrawn` the tap.', kind: 'table', width: 12, height: 8,
    sql: `SELECT outcome, cause, via, count() AS approvals, quantile(0.5)(waited_ms) / 1000 AS seconds_p50 ${chosen} GROUP BY outcome, cause, via ORDER BY approvals DESC`,
  },
  {
    title: 'By reason', description: 'View `approvals`: the first reason of the verdict. A reason people always approve is one to settle by rule.', kind: 'table', width: 12, height: 8,
    sql: `SELECT reason, tier, count() AS asked, countIf(outcome = 'approved') AS approved, countIf(outcome = 'denied') AS denied, countIf(outcome IN ('expired', 'unanswered')) AS unanswered ${chosen} GROUP BY reason, tier ORDER BY asked DESC LIMIT 50`,
  },
  {
    title: 'By agent and tool', description: 'View `approvals`: who makes people work; `per_day` is asks of that agent and tool over the days on which it asked.', kind: 'table', width: 12, height: 8,
    sql: `SELECT agent, server, tool, count() AS asked, count() / uniqExact(toDate(asked_at)) AS per_day, countIf(outcome = 'approved') AS approved, countIf(outcome = 'denied') AS denied ${chosen} GROUP BY agent, server, tool ORDER BY asked DESC LIMIT 50`,
  },
  {
    title: 'Last decided', description: 'View `approvals`, newest first.', kind: 'table', width: 24, height: 9,
    sql: `SELECT decided_at, outcome, cause, person, via, agent, server, tool, tier, waited_ms / 1000 AS seconds, message, call_id ${chosen} AND outcome IN ('approved', 'denied', 'expired') ORDER BY decided_at DESC LIMIT 50`,
  },
];

export const approvalsBoard: BoardSource = {
  uid: 'countersign-approvals',
  title: 'Countersign · approvals',
  description: 'Are people asked well? What was put before people, what became of it, and how long it took.',
  panels: [...figures, ...overTime, ...tables],
};
