/** Opens a database file that belongs to this user alone. SQLite gives its side files (-wal, -shm) the mode of the file itself. */
import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';

/** @param busyMs how long one statement may block this thread for another process's transaction. */
export function openPrivately(file: string, busyMs: number): Database.Database {
  // Made first, and with its mode: between SQLite's own creation and a later chmod others could open it.
  if (file !== ':memory:') closeSync(openSync(file, 'a', 0o600));
  return new Database(file, { timeout: busyMs });
}
