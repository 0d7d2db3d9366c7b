/** What one session of one agent amounts to, as drift sees it; made from a row of the query `session-statistics`. */
import type { HistoryRow } from '../history-store.js';

export interface SessionStatistics {
  readonly session: string;
  readonly calls: number;
  /** Unit interval. */
  readonly writeShare: number;
  /** Unit interval. */
  readonly errorRate: number;
  /** Bits or whatever the behaviour detector scores in; undefined when it never scored. */
  readonly meanSurprise: number | undefined;
  /** Mean of ln(milliseconds) from call to answer; undefined without answers. */
  readonly logDuration: number | undefined;
  /** `server/tool`, distinct. */
  readonly tools: readonly string[];
}

export const measures = ['meanSurprise', 'calls', 'writeShare', 'errorRate', 'logDuration'] as const;
export type Measure = (typeof measures)[number];

/** @param row of `session-statistics`; a session has at least one call. */
export function sessionStatisticsOf(row: HistoryRow): SessionStatistics {
  const calls = Math.max(1, Number(row['calls']));
  const present = (value: unknown): number | undefined => (typeof value === 'number' && Number.isFinite(value) ? value : undefined);
  return {
    session: String(row['session']),
    calls,
    writeShare: Number(row['writes'] ?? 0) / calls,
    errorRate: Number(row['errors'] ?? 0) / calls,
    meanSurprise: present(row['mean_surprise']),
    logDuration: present(row['log_duration_mean']),
    tools: Array.isArray(row['tools']) ? row['tools'].map(String) : [],
  };
}
