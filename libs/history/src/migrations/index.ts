/** History's shape, in the order it grew. A migration that ran anywhere is never edited; its statements can be repeated. */
import type { Migration } from '../history-store.js';
import { observationsTable } from './0001-observations.js';
import { findingsTable } from './0002-findings.js';
import { verdictsTable } from './0003-verdicts.js';
import { decisionsTable } from './0004-decisions.js';
import { deadLettersTable } from './0005-dead-letters.js';
import { callsPerMinute } from './0006-calls-1m.js';
import { findingsPerMinute } from './0007-findings-1m.js';
import { approvalsView } from './0008-approvals.js';
import { retention } from './0009-retention.js';

export const migrations: readonly Migration[] = [
  observationsTable, findingsTable, verdictsTable, decisionsTable, deadLettersTable, callsPerMinute, findingsPerMinute,
  approvalsView, retention,
];
