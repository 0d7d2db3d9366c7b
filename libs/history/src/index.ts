export { HistoryStore, type HistoryRow, type InsertBatch, type Migration } from './history-store.js';
