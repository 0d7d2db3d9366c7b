export { HistoryStore, type HistoryRow, type InsertBatch, type Migration } from './history-store.js';
export { migrations } from './migrations/index.js';
export { namedQueries } from './queries/index.js';
export type { NamedQuery } from './queries/named-query.js';
export { rowOf, tableOf } from './rows.js';
export { createRecorder, type Recorder, type RecorderOptions } from './recorder.js';
