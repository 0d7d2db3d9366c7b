export { RecordModule, type RecordOptions } from './record.module.js';
export { runCompleteness, type CompletenessReport, type IncompleteEpoch } from './completeness.js';
export { startRecord } from './start-record.js';
