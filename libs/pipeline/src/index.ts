export { EventLog, type FollowOptions, type HandleBatch, type LedgerRecord, type StoredRecord, type Subscription } from './event-log.js';
export { SnapshotStore, type Snapshot } from './snapshot-store.js';
export { Clock } from './clock.js';
export { silentTelemetry, type Telemetry, type TelemetryEvent, type TelemetryLevel } from './telemetry.js';
export { RetriableError, TerminalError, type Output, type Processor } from './processor.js';
export { parseRecord } from './parse-record.js';
export { createPatience, Stopped, type Patience } from './patience.js';
export { createDetect, type DetectOptions } from './detect.js';
export { runProcessor, type ProcessorRun, type RunOptions } from './run-processor.js';
