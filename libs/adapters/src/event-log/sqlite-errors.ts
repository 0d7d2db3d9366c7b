/** Which of SQLite's errors pass with time. Classified by code, never by message. */
import Database from 'better-sqlite3';
import { RetriableError } from '@countersign/pipeline';

const passing = ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_FULL', 'SQLITE_IOERR', 'SQLITE_CANTOPEN', 'SQLITE_PROTOCOL', 'SQLITE_NOMEM', 'SQLITE_INTERRUPT'];

/** @param what what was attempted and what stands, as the sentence's beginning. @returns a `RetriableError` for errors that pass, else the error itself. */
export function classified(error: unknown, what: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  // Extended codes add a suffix: SQLITE_BUSY_SNAPSHOT is a kind of SQLITE_BUSY.
  const isPassing = passing.some((code) => error.code === code || error.code.startsWith(`${code}_`));
  return isPassing ? new RetriableError(`${what} (${error.code}); try again.`, { cause: error }) : error;
}
