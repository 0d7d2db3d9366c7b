/** Ledger → history as a table for a terminal. */
import type { IngestComparison, IngestRow } from './compare-ingest.js';

export function shownIngest({ rows, notMeasured }: IngestComparison): readonly string[] {
  return [...rows.flatMap(shownRow), 'Read the ratios within one run. Per core: of this process’s and the engine’s time together, a broker’s not counted.', ...notMeasured];
}

function shownRow({ ledger, partitions, backlog, freshness }: IngestRow): readonly string[] {
  const engine = backlog.engineCpuSeconds === undefined ? 'not known' : `${backlog.engineCpuSeconds.toFixed(2)} s`;
  return [
    `${ledger}, ${partitions === 1 ? 'one partition' : `${partitions} partitions`}: ${backlog.records} records in ${backlog.inserts} inserts, ${backlog.perSecondAndCore.toFixed(0)} records/s and core`,
    `  wall ${backlog.wallSeconds.toFixed(2)} s, this process ${backlog.nodeCpuSeconds.toFixed(2)} s, engine ${engine}, written again ${backlog.writtenAgain}`,
    '  offered/s   p50 ms   p95 ms   p99 ms  cpu s/1000  MiB before  MiB at most  again',
    ...freshness.map((row) => [
      String(row.offeredPerSecond).padStart(11), row.p50Ms.toFixed(0).padStart(9), row.p95Ms.toFixed(0).padStart(9), row.p99Ms.toFixed(0).padStart(9), row.cpuSecondsPerThousand.toFixed(3).padStart(12),
      row.residentMiBBefore.toFixed(0).padStart(12), row.residentMiBMax.toFixed(0).padStart(13), String(row.writtenAgain).padStart(7),
    ].join('')),
    '  The last offer is ten times what the recorder can take: it is late, and memory must stay where it is.', '',
  ];
}
