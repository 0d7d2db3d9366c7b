/**
 * Moves what the ledger's log (WAL) holds into its file, in a thread of its own: writers and readers go on meanwhile, while a checkpoint
 * by the thread that commits would make a held call wait for the disk. Asked by any message; answers each with undefined or an error's text.
 */
import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

const { file, busyMs } = workerData as { readonly file: string; readonly busyMs: number };
const db = new Database(file, { timeout: busyMs });
db.pragma('synchronous = NORMAL');

parentPort?.on('message', () => {
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
    parentPort?.postMessage(undefined);
  } catch (error) {
    parentPort?.postMessage(error instanceof Error ? error.message : String(error));
  }
});
