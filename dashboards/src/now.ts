/** Is everything well this minute? The first board a person opens. */
import { namedQueries } from '@countersign/history';
import { chosenDomain, type BoardSource } from './grafana.js';

/** The named query with its domain parameter taken from the board's variable. */
const completeness = namedQueries.completenessTotal.sql.replaceAll("({domain:String} = '' OR domain = {domain:String})", chosenDomain);

const waiting = `FROM approvals WHERE outcome = 'pending' AND ${chosenDomain} AND $__timeFilter_ms(asked_at)`;

export const nowBoard: BoardSource = {
  uid: 'countersign-now',
  title: 'Countersign · now',
  description: 'Is everything well this minute? Figures come from history, a quarter of a second to a few seconds behind the ledger.',
  panels: [
    {
      title: 'Missing observations', description: 'Query `completeness-total`: observations that taps numbered and history does not have. Must be 0.', kind: 'stat', width: 4, height: 4, alarmFrom: 1,
      sql: `SELECT gap AS missing FROM (${completeness})`,
    },
    {
      title: 'Failed open', description: 'Observations of kind `fail-open` in the chosen time: calls that went on without their verdict because a rule says so. 0 unless a rule allows it.', kind: 'stat', width: 4, height: 4, alarmFrom: 1,
      sql: `SELECT uniqExact(id) AS calls FROM observations WHERE kind = 'fail-open' AND ${chosenDomain} AND $__timeFilter_ms(at)`,
    },
    {
      title: 'Waiting for a person', description: 'View `approvals`: undecided and within the deadline.', kind: 'stat', width: 4, height: 4,
      sql: `SELECT count() AS waiting ${waiting}`,
    },
    {
      title: 'Longest wait', description: 'View `approvals`: age of the oldest that waits.', kind: 'stat', width: 4, height: 4, unit: 's',
      sql: `SELECT if(count() = 0, 0, max(dateDiff('second', asked_at, now64(3)))) AS seconds ${waiting}`,
    },
    {
      title: 'Taps seen', description: 'Distinct taps with an observation in the last five minutes.', kind: 'stat', width: 4, height: 4,
      sql: `SELECT uniqExact(domain, tap_id) AS taps FROM observations WHERE at > now64(3) - INTERVAL 5 MINUTE AND ${chosenDomain}`,
    },
    {
      title: 'Set aside', description: 'Dead letters in the chosen time, of every component.', kind: 'stat', width: 4, height: 4, alarmFrom: 1,
      sql: `SELECT uniqExact(id) AS records FROM dead_letters WHERE ${chosenDomain} AND $__timeFilter_ms(at)`,
    },
    {
      title: 'Calls per second', description: 'Table `calls_1m`, by server.', kind: 'timeseries', width: 12, height: 8, unit: 'reqps',
      sql: `SELECT $__timeInterval(minute) AS time, server, sum(n) / $__interval_s AS calls FROM calls_1m WHERE $__timeFilter(minute) AND ${chosenDomain} GROUP BY time, server ORDER BY time`,
    },
    {
      title: 'Verdicts', description: 'Table `calls_1m`: what was decided on calls, by kind.', kind: 'timeseries', width: 12, height: 8,
      sql: `SELECT $__timeInterval(minute) AS time, kind, sum(n) AS calls FROM calls_1m WHERE $__timeFilter(minute) AND ${chosenDomain} GROUP BY time, kind ORDER BY time`,
    },
    {
      title: 'Findings above info', description: 'Table `findings_1m`, by detector and severity.', kind: 'timeseries', width: 12, height: 8,
      sql: `SELECT $__timeInterval(minute) AS time, concat(detector, ' ', severity) AS finding, sum(n) AS findings FROM findings_1m WHERE severity NOT IN ('none', 'info') AND $__timeFilter(minute) AND ${chosenDomain} GROUP BY time, finding ORDER BY time`,
    },
    {
      title: 'From observation to history', description: 'Table `observations`: recorded_at − at, p50 and p95. Assumes the clocks of tap and recorder agree.', kind: 'timeseries', width: 12, height: 8, unit: 's',
      sql: `SELECT $__timeInterval_ms(at) AS time, quantile(0.5)(lag) AS p50, quantile(0.95)(lag) AS p95 FROM (SELECT at, dateDiff('millisecond', at, recorded_at) / 1000 AS lag FROM observations WHERE $__timeFilter_ms(at) AND ${chosenDomain}) GROUP BY time ORDER BY time`,
    },
    {
      title: 'Last stopped calls', description: 'Table `verdicts`: what was denied or put before a person, newest first.', kind: 'table', width: 24, height: 9,
      sql: `SELECT at, agent, server, tool, tier, kind, arrayStringConcat(reason_codes, ', ') AS reasons, call_id FROM verdicts FINAL WHERE kind IN ('deny', 'defer', 'step_up') AND ${chosenDomain} AND $__timeFilter_ms(at) ORDER BY at DESC LIMIT 50`,
    },
  ],
};
