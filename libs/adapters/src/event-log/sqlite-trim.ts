/** Retention of the embedded ledger: which of its oldest records may go now (SQ5). Pure but for the tables it is given. */
import { topics } from '@countersign/contracts';
import type { SqliteTables } from './sqlite-tables.js';

/** A snapshot may lie a little behind its group's position; what is younger than this is never trimmed. */
const keepMsMin = 10 * 60_000;
const idleGroupMsMax = 30 * 86_400_000;
/** One pass holds the file's write lock, so it is short; the next comes a minute later. */
const passRecordsMax = 10_000;

export interface Retention {
  /** Bytes of the file in use; above it the oldest tenth of each topic may go, at most 10 000 records a pass. */
  readonly bytesMax?: number;
  /** Records older than this may go. */
  readonly ageMsMax?: number;
}

/** @returns how many records were deleted. */
export function trimOnce(tables: SqliteTables, retention: Retention, nowMs: number): number {
  const isOverSize = retention.bytesMax !== undefined && tables.usedBytes() > retention.bytesMax;
  if (!isOverSize && retention.ageMsMax === undefined) return 0;
  let deleted = 0;
  for (const topic of topics) {
    const offset = tables.slowestPosition(topic, nowMs - idleGroupMsMax) ?? Number.MAX_SAFE_INTEGER;
    if (retention.ageMsMax !== undefined) {
      deleted += tables.trim(topic, { offset, beforeMs: nowMs - Math.max(keepMsMin, retention.ageMsMax), recordsMax: passRecordsMax });
    }
    if (isOverSize) {
      const recordsMax = Math.min(passRecordsMax, Math.ceil(tables.span(topic) / 10));
      deleted += tables.trim(topic, { offset, beforeMs: nowMs - keepMsMin, recordsMax });
    }
  }
  return deleted;
}
