/** Does every stage live, keep up and lose nothing? From taps to history, in the order a record takes. */
import { namedQueries } from '@countersign/history';
import { chosenDomain, type BoardSource, type PanelSource } from './grafana.js';
import { answering, level, perSecond, quantile } from './metrics.js';

const gapByTap = namedQueries.completenessByTap.sql.replaceAll("({domain:String} = '' OR domain = {domain:String})", chosenDomain).replace('{limit:UInt32}', '20');

const tapsAndGate: readonly PanelSource[] = [
  {
    row: 'Taps and gate', title: 'Taps connected', description: 'Metric `countersign_gate_connected`, over all gates (event `TapConnected`).', kind: 'stat', width: 4, height: 7,
    metrics: [level('gate_connected')],
  },
  {
    title: 'Processes answering', description: 'Prometheus’ own `up`: replicas whose last scrape succeeded. A line that falls is a process that is gone.', kind: 'timeseries', width: 8, height: 7,
    metrics: [answering],
  },
  {
    title: 'Acknowledging taps', description: 'Metric `countersign_gate_ack_seconds`: from a frame of observations to the ledger’s answer (event `ObservationsAcked`).', kind: 'timeseries', width: 8, height: 7, unit: 's',
    metrics: [quantile(0.5, 'gate_ack_seconds'), quantile(0.99, 'gate_ack_seconds')],
  },
  {
    title: 'Taps turned away', description: 'Metric `countersign_gate_refusals_total` by reason (event `EnrolmentRefused`).', kind: 'timeseries', width: 4, height: 7, unit: 'reqps',
    metrics: [perSecond('gate_refusals_total', ['reason'])],
  },
];

const stages: readonly PanelSource[] = [
  {
    row: 'Stages', title: 'Records per second', description: 'Metric `countersign_records_total` by stage (event `BatchHandled`).', kind: 'timeseries', width: 8, height: 8, unit: 'reqps',
    metrics: [perSecond('records_total', ['stage'])],
  },
  {
    title: 'Seconds per batch, p95', description: 'Metric `countersign_batch_seconds` by stage (event `BatchHandled`).', kind: 'timeseries', width: 8, height: 8, unit: 's',
    metrics: [quantile(0.95, 'batch_seconds', ['stage'])],
  },
  {
    title: 'Tried again', description: 'Metric `countersign_retries_total` by stage (event `BatchRetried`): a neighbour is away or slow; nothing is lost by it.', kind: 'timeseries', width: 8, height: 8, unit: 'reqps',
    metrics: [perSecond('retries_total', ['stage'])],
  },
  {
    title: 'Seconds per observation, p95', description: 'Metric `countersign_detector_seconds` by detector (event `DetectorRan`).', kind: 'timeseries', width: 8, height: 8, unit: 's',
    metrics: [quantile(0.95, 'detector_seconds', ['detector'])],
  },
  {
    title: 'From sight to verdict', description: 'Table `verdicts`: `waited_ms` on the judge’s clock, p50 and p99 by tier. Few calls in a minute make the p99 the slowest of them.', kind: 'timeseries', width: 8, height: 8, unit: 'ms',
    sql: `SELECT $__timeInterval_ms(at) AS time, tier, quantile(0.5)(waited_ms) AS p50, quantile(0.99)(waited_ms) AS p99 FROM verdicts FINAL WHERE ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY time, tier ORDER BY time`,
  },
  {
    title: 'Errors told', description: 'Metric `countersign_events_total` of level error, by event: something was lost, or a person must act.', kind: 'timeseries', width: 8, height: 8, unit: 'reqps',
    metrics: [perSecond('events_total', ['event'], '{level="error"}')],
  },
  {
    title: 'Detectors', description: 'Table `findings`: when each detector last spoke, `nothing` included, and what it said in the chosen time. A detector that is silent while others speak is not satisfied, it is broken.', kind: 'table', width: 12, height: 8,
    sql: `SELECT detector, argMax(detector_version, at) AS version, dateDiff('second', max(at), now64(3)) AS seconds_ago, uniqExact(id) AS answers, uniqExactIf(id, kind != 'nothing') AS findings, uniqExactIf(id, severity IN ('high', 'critical')) AS high FROM findings WHERE ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY detector ORDER BY detector`,
  },
  {
    title: 'Judged without', description: 'Table `verdicts`: detectors that were required and did not answer before the deadline, of all verdicts of that tier in the chosen time.', kind: 'table', width: 12, height: 8,
    sql: `SELECT tier, detector, late, verdicts, late / verdicts AS share FROM (SELECT tier, arrayJoin(missing) AS detector, uniqExact(id) AS late FROM verdicts WHERE ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY tier, detector) AS l JOIN (SELECT tier, uniqExact(id) AS verdicts FROM verdicts WHERE ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY tier) AS a USING tier ORDER BY late DESC`,
  },
];

const history: readonly PanelSource[] = [
  {
    row: 'History', title: 'Seen twice', description: 'Table `observations`: rows whose id is there already and which are not merged yet. Delivery is at least once; named queries count each once.', kind: 'stat', width: 4, height: 7,
    sql: `SELECT count() - uniqExact(id) AS duplicates FROM observations WHERE ${chosenDomain} AND $__timeFilter_ms(at)`,
  },
  {
    title: 'Rows per second', description: 'Metric `countersign_rows_total` by table (event `RowsInserted`).', kind: 'timeseries', width: 10, height: 7, unit: 'wps',
    metrics: [perSecond('rows_total', ['table'])],
  },
  {
    title: 'Behind the ledger', description: 'Metric `countersign_ingest_lag_seconds` (event `RowsInserted`): age of the newest record of an insert when it is in. Assumes the clocks of tap and recorder agree.', kind: 'timeseries', width: 10, height: 7, unit: 's',
    metrics: [quantile(0.5, 'ingest_lag_seconds'), quantile(0.95, 'ingest_lag_seconds')],
  },
  {
    title: 'Observations by tap', description: 'Query `completeness-by-tap`: what each start of a tap numbered and history has; `gap` must be 0. The worst first.', kind: 'table', width: 12, height: 9,
    sql: gapByTap,
  },
  {
    title: 'Set aside', description: 'Table `dead_letters`: records that could not be handled, by class and component, with the last reason. They keep their bytes.', kind: 'table', width: 12, height: 9,
    sql: `SELECT component, topic, error_class, uniqExact(id) AS records, max(at) AS last_at, argMax(error, at) AS last_error FROM dead_letters WHERE ${chosenDomain} AND $__timeFilter_ms(at) GROUP BY component, topic, error_class ORDER BY records DESC`,
  },
];

export const pipelineHealthBoard: BoardSource = {
  uid: 'countersign-pipeline',
  title: 'Countersign · pipeline health',
  description: 'Does every stage live, keep up and lose nothing? Metrics are of all processes; what comes from history follows the chosen domain.',
  panels: [...tapsAndGate, ...stages, ...history],
};
