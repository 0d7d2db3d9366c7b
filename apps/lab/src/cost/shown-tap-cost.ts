/** The figures of `tapCost` as a table for people, each with the goal it is held against. */
import type { TapCostRow } from './rounds.js';
import type { TapCost } from './tap-cost.js';

const mb = (value: number | undefined): string => (value === undefined ? 'unknown' : `${value.toFixed(0)} MB`);

export function shownTapCost({ rows, longMessages, coldStartMs, memory, leaks, refused }: TapCost): string {
  const starts = Object.entries(coldStartMs).map(([path, ms]) => `${path} ${ms.toFixed(0)}`).join(' · ');
  const over = (coldStartMs['tap'] ?? 0) - (coldStartMs['direct'] ?? 0);
  return [
    'payload  path                    p50 ms   p99 ms   p50 ×   p99 ×   by round   CPU µs/call        n',
    ...rows.map(shownRow),
    `goals: tap, low tier ≤ 1.5× and ≤ 2× the bare relay's p50 and p99; HTTP tap ≤ 1.3× the bare HTTP proxy's p50`,
    `${longMessages.bytes / 1e6} MB message: ${longMessages.addedMs.toFixed(2)} ms more than the bare relay; JSON.parse ${longMessages.parseMs.toFixed(2)} ms (goal ≤ 2×: ${(longMessages.addedMs / longMessages.parseMs).toFixed(2)}×)`,
    `first answer after spawn, ms: ${starts} (goal ≤ 120 over direct: ${over.toFixed(0)})`,
    `tap resident memory: idle ${mb(memory.idleMb)} (goal ≤ 80), at 100 messages/s of 10 KB ${mb(memory.loadedMbMax)} (goal ≤ 150)`,
    leaks === undefined ? 'start, stop and kill cycles: left out' : `start, stop and kill cycles: ${leaks.cycles}, servers left over: ${leaks.leaked ?? 'cannot be counted here'} (goal 0)`,
    `refused calls: ${refused}`,
    '',
  ].join('\n');
}

function shownRow({ path, payloadBytes, p50Ms, p99Ms, p50Ratio, p99Ratio, roundRatio, cpuUsPerCall, n }: TapCostRow): string {
  const cells = [p50Ms.toFixed(3).padStart(9), p99Ms.toFixed(3).padStart(9), `${p50Ratio.toFixed(2)}`.padStart(8), `${p99Ratio.toFixed(2)}`.padStart(8), roundRatio.toFixed(2).padStart(11)];
  return `${String(payloadBytes).padStart(7)}  ${path.padEnd(20)}${cells.join('')}${(cpuUsPerCall?.toFixed(0) ?? '–').padStart(14)}${String(n).padStart(9)}`;
}
