/**
 * Which fate an error of the engine has, by its code, never by its text.
 * CE1. Only what the rows themselves caused is terminal; missing rights, tables or space are the installation's
 *      trouble and retriable: a person mends it and no good record is set aside meanwhile.
 * CE2. A code nobody thought about stays what it was: the caller stops and says so.
 */
import { ClickHouseError } from '@clickhouse/client';
import { RetriableError, TerminalError } from '@countersign/pipeline';

/** The world is away, full, busy or misconfigured. */
const retriableCodes = new Set([
  '3', // UNEXPECTED_END_OF_FILE
  '60', '81', // UNKNOWN_TABLE, UNKNOWN_DATABASE
  '159', '160', // TIMEOUT_EXCEEDED, TOO_SLOW
  '198', '209', '210', '279', // DNS_ERROR, SOCKET_TIMEOUT, NETWORK_ERROR, ALL_CONNECTION_TRIES_FAILED
  '202', '203', '252', // TOO_MANY_SIMULTANEOUS_QUERIES, NO_FREE_CONNECTION, TOO_MANY_PARTS
  '225', '242', '285', '319', '999', // NO_ZOOKEEPER, TABLE_IS_READ_ONLY, TOO_FEW_LIVE_REPLICAS, UNKNOWN_STATUS_OF_INSERT, KEEPER_EXCEPTION
  '236', '394', '734', // ABORTED, QUERY_WAS_CANCELLED (twice)
  '241', '243', '439', // MEMORY_LIMIT_EXCEEDED, NOT_ENOUGH_SPACE, CANNOT_SCHEDULE_TASK
  '192', '193', '194', '497', '516', // users, passwords and rights
]);

/** The rows cannot be stored, today or tomorrow. */
const terminalCodes = new Set([
  '6', '25', '26', '27', '33', '38', '41', '72', '130', // CANNOT_PARSE_… of every kind
  '53', '69', '70', '117', '321', '349', '407', '467', '470', '675', '676', // mismatches, ranges, nulls, incorrect data
]);

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
  if (retriableCodes.has(error.code)) return new RetriableError(`history refused for now while ${what}: ${said}. ${after}`);
  if (terminalCodes.has(error.code)) return new TerminalError('history', `history cannot do this while ${what}: ${said}.`);
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
