/** The way to a verdict as a table for a terminal: where the time goes, by ledger and load. */
import type { VerdictComparison } from './compare-verdict.js';
import type { VerdictFigures } from './measure-verdict.js';

export function shownVerdicts({ rows, notMeasured }: VerdictComparison): readonly string[] {
  return [...rows.flatMap(shownRow), 'Writer, detect, judge and reader share one process here. Read the ratios within one run; processor time is this process’s alone.', ...notMeasured];
}

function shownRow(row: VerdictFigures): readonly string[] {
  const { ledger, load, trips, late, hops, acknowledged, parts, cpuMsPerCall, residentMiBMax } = row;
  const how = load.callsPerSecond === undefined ? 'one after the other' : `${load.callsPerSecond} calls/s`;
  const line = (name: string, { p50Ms, p99Ms }: { readonly p50Ms: number; readonly p99Ms: number }): string => `  ${name.padEnd(30)} ${p50Ms.toFixed(2).padStart(9)} ${p99Ms.toFixed(2).padStart(9)}`;
  return [
    `${ledger}, ${how}: ${trips} calls, ${late} judged late, ${cpuMsPerCall.toFixed(2)} ms of processor a call, ${residentMiBMax.toFixed(0)} MiB`,
    `  ${'milliseconds'.padEnd(30)} ${'p50'.padStart(9)} ${'p99'.padStart(9)}`,
    line('observation → verdict seen', row), line('of it the three hops', hops), ...parts.map((part) => line(`  ${part.name}`, part)), line('writer told it is kept', acknowledged), '',
  ];
}
