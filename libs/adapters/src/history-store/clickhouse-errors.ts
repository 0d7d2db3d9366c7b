/**
 * Which fate an error of the engine has, by its code, never by its text.
 * CE1. Only what the rows themselves caused is terminal; missing rights, tables or space are the installation's
 *      trouble and retriable: a person mends it and no good record is set aside meanwhile.
 * CE2. A code nobody thought about stays what it was: the caller stops and says so.
 */
import { ClickHouseError } from '@clickhouse/client';
import { RetriableError, TerminalError } from '@countersign/pipeline';

/** The world is away, full, busy or misconfigured. Names as the engine gives them; a test asks it. */
export const retriableCodes: Readonly<Record<string, string>> = {
  3: 'UNEXPECTED_END_OF_FILE',
  60: 'UNKNOWN_TABLE', 81: 'UNKNOWN_DATABASE', 218: 'TABLE_IS_DROPPED',
  159: 'TIMEOUT_EXCEEDED', 160: 'TOO_SLOW',
  198: 'DNS_ERROR', 209: 'SOCKET_TIMEOUT', 210: 'NETWORK_ERROR', 279: 'ALL_CONNECTION_TRIES_FAILED',
  202: 'TOO_MANY_SIMULTANEOUS_QUERIES', 203: 'NO_FREE_CONNECTION', 252: 'TOO_MANY_PARTS', 473: 'DEADLOCK_AVOIDED',
  // Replicated tables: who answers now, and whether the copies agree.
  225: 'NO_ZOOKEEPER', 242: 'TABLE_IS_READ_ONLY', 244: 'UNEXPECTED_ZOOKEEPER_ERROR', 254: 'NO_ACTIVE_REPLICAS', 285: 'TOO_FEW_LIVE_REPLICAS',
  286: 'UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE', 289: 'REPLICA_IS_NOT_IN_QUORUM', 319: 'UNKNOWN_STATUS_OF_INSERT', 369: 'ALL_REPLICAS_ARE_STALE', 999: 'KEEPER_EXCEPTION',
  236: 'ABORTED', 394: 'QUERY_WAS_CANCELLED', 734: 'CANNOT_WRITE_AFTER_BUFFER_CANCELED', 735: 'QUERY_WAS_CANCELLED_BY_CLIENT',
  241: 'MEMORY_LIMIT_EXCEEDED', 243: 'NOT_ENOUGH_SPACE', 439: 'CANNOT_SCHEDULE_TASK', 201: 'QUOTA_EXCEEDED',
  192: 'UNKNOWN_USER', 193: 'WRONG_PASSWORD', 194: 'REQUIRED_PASSWORD', 497: 'ACCESS_DENIED', 516: 'AUTHENTICATION_FAILED',
};

/** The rows cannot be stored, today or tomorrow. */
export const terminalCodes: Readonly<Record<string, string>> = {
  6: 'CANNOT_PARSE_TEXT', 25: 'CANNOT_PARSE_ESCAPE_SEQUENCE', 26: 'CANNOT_PARSE_QUOTED_STRING', 27: 'CANNOT_PARSE_INPUT_ASSERTION_FAILED', 33: 'CANNOT_READ_ALL_DATA',
  38: 'CANNOT_PARSE_DATE', 41: 'CANNOT_PARSE_DATETIME', 72: 'CANNOT_PARSE_NUMBER', 130: 'CANNOT_READ_ARRAY_FROM_TEXT',
  53: 'TYPE_MISMATCH', 69: 'ARGUMENT_OUT_OF_BOUND', 70: 'CANNOT_CONVERT_TYPE', 117: 'INCORRECT_DATA', 321: 'VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE',
  349: 'CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN', 407: 'DECIMAL_OVERFLOW', 467: 'CANNOT_PARSE_BOOL', 675: 'CANNOT_PARSE_IPV4', 676: 'CANNOT_PARSE_IPV6',
};

/** What was under way, and what its failure leaves behind, as two parts of a sentence. */
export interface Doing {
  readonly what: string;
  readonly after: string;
}

export const reading: Doing = { what: 'reading', after: 'Nothing was changed; ask again later.' };
export const writing = (what: string): Doing => ({ what, after: 'Nothing counts as written; it is tried again.' });

/** @returns the error to throw: `RetriableError`, `TerminalError` (class `history`), or the given one. */
export function classified(error: unknown, { what, after }: Doing): unknown {
  if (!(error instanceof ClickHouseError)) return isOfTheWire(error) ? new RetriableError(`history is away while ${what}: ${firstLine(error.message) || error.name}. ${after}`) : error;
  const said = `${error.type ?? 'error'} ${error.code}, ${firstLine(error.message)}`;
  if (error.code in retriableCodes) return new RetriableError(`history refused for now while ${what}: ${said}. ${after}`);
  if (error.code in terminalCodes) return new TerminalError('history', `history cannot do this while ${what}: ${said}.`);
  return error;
}

// The client reports a lost connection as a plain Error or one with a system code; defects are TypeErrors and the like.
function isOfTheWire(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof RetriableError || error instanceof TerminalError) return false;
  return error.constructor === Error || error instanceof AggregateError || typeof (error as NodeJS.ErrnoException).code === 'string';
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, 400).replace(/[.\s]+$/, '');
}
