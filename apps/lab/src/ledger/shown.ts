/** The ledgers' figures as a table for a terminal. */
import type { LedgerComparison } from './compare.js';

export function shownLedgers({ rows, notMeasured }: LedgerComparison): readonly string[] {
  const cells = rows.map(({ ledger, twoHopsP50Ms, twoHopsP99Ms, appendedPerSecond, handledPerSecond, cpuMs }) => [
    ledger.padEnd(8), twoHopsP50Ms.toFixed(2).padStart(9), twoHopsP99Ms.toFixed(2).padStart(9), cpuMs.trip.toFixed(2).padStart(9),
    appendedPerSecond.toFixed(0).padStart(11), cpuMs.thousandAppended.toFixed(1).padStart(9), handledPerSecond.toFixed(0).padStart(11), cpuMs.thousandHandled.toFixed(1).padStart(9),
  ].join(''));
  return ['ledger    two hops      p99   cpu ms appended/s   ms/1000  handled/s   ms/1000', ...cells, 'Wall times depend on what else the machine does: read the ratios within one run. Processor time is this process’s alone.', ...notMeasured];
}
