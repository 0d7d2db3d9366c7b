/**
 * Asks history whether it is whole, and says so once a minute.
 * CP1. The figure is a query's, never a counter's: what was lost on the way is counted too.
 */
import { namedQueries, type HistoryRow, type HistoryStore } from '@countersign/history';
import type { Telemetry } from '@countersign/pipeline';

const namedEpochsMax = 20;

export interface IncompleteEpoch {
  readonly tapId: string;
  readonly epoch: number;
  readonly agent: string;
  readonly server: string;
  readonly missing: number;
}

export interface CompletenessReport {
  /** Observations that taps numbered and history does not have; must be 0. */
  readonly missing: number;
  readonly taps: number;
  readonly epochs: number;
  /** Taps running now, or killed and not started again since. */
  readonly openEpochs: number;
  readonly observations: number;
  /** The worst first, at most 20. */
  readonly incomplete: readonly IncompleteEpoch[];
}

/** @param domain '' (default) asks over every domain. @throws what the store throws. */
export async function runCompleteness(store: HistoryStore, domain = ''): Promise<CompletenessReport> {
  const { completenessTotal, completenessByTap } = namedQueries;
  const [total] = await store.query(completenessTotal.sql, { domain });
  const missing = numberIn(total, 'gap');
  const worst = missing === 0 ? [] : await store.query(completenessByTap.sql, { domain, limit: namedEpochsMax });
  return {
    missing,
    taps: numberIn(total, 'taps'),
    epochs: numberIn(total, 'epochs'),
    openEpochs: numberIn(total, 'open_epochs'),
    observations: numberIn(total, 'observations'),
    incomplete: worst.filter((row) => numberIn(row, 'gap') > 0).map(incompleteEpoch),
  };
}

/** `GapFound` feeds a gauge, so it is said each time: at level error only when something is missing. */
export function sayCompleteness(report: CompletenessReport, telemetry: Telemetry): void {
  const { missing, incomplete, observations } = report;
  const where = incomplete.slice(0, 3).map(({ server, tapId, epoch, missing: count }) => `${count} of ${server} (tap ${tapId}, epoch ${epoch})`).join(', ');
  telemetry({
    event: 'GapFound', level: missing > 0 ? 'error' : 'debug', fields: { observations: missing, taps: new Set(incomplete.map(({ tapId }) => tapId)).size, stage: 'record' },
    message: missing > 0 ? `${missing} observations are missing from history: ${where}. Look for them in the dead letters and in the taps' spools.` : `History is whole: ${observations} observations, none missing.`,
  });
}

function incompleteEpoch(row: HistoryRow): IncompleteEpoch {
  return { tapId: String(row['tap_id']), epoch: numberIn(row, 'epoch'), agent: String(row['agent']), server: String(row['server']), missing: numberIn(row, 'gap') };
}

function numberIn(row: HistoryRow | undefined, name: string): number {
  const value = Number(row?.[name]);
  if (!Number.isFinite(value)) throw new TypeError(`history answered no number for ${name}`);
  return value;
}
