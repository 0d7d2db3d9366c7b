/**
 * Which telemetry event feeds which metric. One table, so that a log line and a counter cannot drift apart.
 * MR1. Labels take their values from the event's fields of the same meaning; none of them is an agent, a session, a user or an address.
 * MR2. Every event here is told somewhere by a service, with the fields its rows read (`told-events.test`).
 */
const waitBuckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
const overheadBuckets = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.05, 0.2, 1];

export interface MetricRow {
  readonly event: string;
  /** Without the prefix `countersign_`. */
  readonly metric: string;
  readonly help: string;
  /** Label → field it is read from, or `=value` for a fixed one. */
  readonly labels: Readonly<Record<string, string>>;
  /** count: add `field` (or 1) · observe: `field` into a histogram · set: gauge to `field` · up, down: gauge by 1 · now: gauge to the present, seconds. · only: gauge to 1, others of the metric away. */
  readonly effect: 'count' | 'observe' | 'set' | 'up' | 'down' | 'now' | 'only';
  readonly field?: string;
  readonly buckets?: readonly number[];
}

const same = (...names: string[]): Record<string, string> => Object.fromEntries(names.map((name) => [name, name]));
const detector = same('detector', 'version');

export const metricRows: readonly MetricRow[] = [
  { event: 'MessagesObserved', metric: 'tap_messages_total', help: 'Messages that passed taps.', labels: same('direction', 'transport', 'era', 'shape'), effect: 'count', field: 'count' },
  { event: 'HoldEnded', metric: 'hold_seconds', help: 'How long a tap held a call.', labels: same('end', 'phase'), effect: 'observe', field: 'heldSeconds', buckets: waitBuckets },
  { event: 'FailOpenTaken', metric: 'fail_open_total', help: 'Calls that went on without a verdict because a rule allows it.', labels: same('tier', 'phase'), effect: 'count' },
  { event: 'CallLost', metric: 'calls_lost_total', help: 'Requests that will never be answered.', labels: {}, effect: 'count' },
  { event: 'GrantConsumed', metric: 'grants_consumed_total', help: 'Approvals that were used.', labels: {}, effect: 'count' },
  { event: 'CallJudged', metric: 'verdicts_total', help: 'Verdicts issued.', labels: same('kind', 'tier', 'phase', 'reason'), effect: 'count' },
  { event: 'CallJudged', metric: 'verdict_seconds', help: 'From first sight of an observation to its verdict.', labels: same('tier', 'phase'), effect: 'observe', field: 'waitedSeconds', buckets: waitBuckets },
  { event: 'CallJudged', metric: 'findings_missing_total', help: 'Required detectors that had not answered when a verdict was due.', labels: same('tier'), effect: 'count', field: 'missing' },
  { event: 'TapConnected', metric: 'gate_connected', help: 'Taps connected now.', labels: {}, effect: 'set', field: 'connected' },
  { event: 'TapDisconnected', metric: 'gate_connected', help: 'Taps connected now.', labels: {}, effect: 'set', field: 'connected' },
  { event: 'EnrolmentRefused', metric: 'gate_refusals_total', help: 'Taps the gate refused.', labels: same('reason'), effect: 'count' },
  { event: 'ObservationsAcked', metric: 'gate_ack_seconds', help: 'From a frame of observations to its acknowledgement.', labels: {}, effect: 'observe', field: 'seconds', buckets: overheadBuckets },
  { event: 'BatchHandled', metric: 'records_total', help: 'Records handled.', labels: same('stage', 'topic'), effect: 'count', field: 'records' },
  { event: 'BatchHandled', metric: 'batch_seconds', help: 'Time to handle one batch.', labels: same('stage', 'topic'), effect: 'observe', field: 'seconds', buckets: overheadBuckets },
  { event: 'BatchRetried', metric: 'retries_total', help: 'Batches tried again.', labels: same('stage'), effect: 'count' },
  { event: 'RecordDeadLettered', metric: 'dead_letters_total', help: 'Records set aside.', labels: { topic: 'topic', class: 'errorClass' }, effect: 'count' },
  { event: 'DetectorRan', metric: 'detector_seconds', help: 'Time a detector took for one observation.', labels: detector, effect: 'observe', field: 'seconds', buckets: overheadBuckets },
  { event: 'DetectorRan', metric: 'detector_last_run_seconds', help: 'When a detector last ran, seconds since 1970.', labels: detector, effect: 'now' },
  { event: 'FindingMade', metric: 'findings_total', help: 'Findings above severity none.', labels: { ...detector, severity: 'severity' }, effect: 'count' },
  { event: 'ApprovalOpened', metric: 'approvals_pending', help: 'Approvals waiting for a person.', labels: same('tier'), effect: 'up' },
  { event: 'ApprovalKept', metric: 'approvals_pending', help: 'Approvals waiting for a person.', labels: same('tier'), effect: 'up' },
  { event: 'ApprovalEnded', metric: 'approvals_pending', help: 'Approvals waiting for a person.', labels: same('tier'), effect: 'down' },
  { event: 'ApprovalClosed', metric: 'approval_wait_seconds', help: 'How long an approval was open.', labels: same('tier'), effect: 'observe', field: 'waitSeconds', buckets: waitBuckets },
  { event: 'ApprovalClosed', metric: 'approval_decisions_total', help: 'Approvals closed.', labels: same('outcome', 'cause', 'via'), effect: 'count' },
  { event: 'RowsInserted', metric: 'rows_total', help: 'Rows inserted into history.', labels: same('table'), effect: 'count', field: 'rows' },
  { event: 'RowsInserted', metric: 'ingest_lag_seconds', help: 'From the ledger to history.', labels: { stage: '=record' }, effect: 'observe', field: 'lagSeconds', buckets: waitBuckets },
  { event: 'GapFound', metric: 'observation_gap', help: 'Observations missing from a closed epoch; must be 0.', labels: {}, effect: 'set', field: 'observations' },
  { event: 'PolicyLoaded', metric: 'policy_version_info', help: 'The policy in force.', labels: same('version'), effect: 'only' },
  { event: 'ServiceStarted', metric: 'build_info', help: 'The release that runs.', labels: same('version', 'commit'), effect: 'only' },
];
