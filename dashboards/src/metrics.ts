/**
 * Queries over the services' metrics, typed enough that a board cannot ask for what nobody exposes.
 * ME1. A metric, its kind and its labels are those of `metric-rows`; anything else throws when the board is made.
 */
import { metricRows } from '../../libs/service/src/metric-rows.js';
import type { MetricQuery } from './grafana.js';

type MetricKind = 'counter' | 'gauge' | 'histogram';

interface Exposed {
  readonly kind: MetricKind;
  readonly labels: readonly string[];
}

/** By name without prefix. `events_total` counts every telemetry event beside the table. */
export const exposedMetrics: ReadonlyMap<string, Exposed> = new Map([
  ['events_total', { kind: 'counter', labels: ['event', 'level'] }],
  ...metricRows.map(({ metric, effect, labels }): [string, Exposed] => [metric, { kind: effect === 'count' ? 'counter' : effect === 'observe' ? 'histogram' : 'gauge', labels: Object.keys(labels) }]),
]);

/** Per second, over all replicas. */
export function perSecond(metric: string, by: readonly string[] = [], only = ''): MetricQuery {
  const name = nameOf(metric, 'counter', by);
  return { expr: `sum${grouping(by)}(rate(${name}${only}[$__rate_interval]))`, legend: legendOf(by, 'per second') };
}

/** One quantile over all replicas; Prometheus interpolates within a bucket. */
export function quantile(share: number, metric: string, by: readonly string[] = []): MetricQuery {
  const name = nameOf(metric, 'histogram', by);
  return { expr: `histogram_quantile(${share}, sum${grouping(['le', ...by])}(rate(${name}_bucket[$__rate_interval])))`, legend: legendOf(by, '').concat(` p${share * 100}`).trim() };
}

/** The present value, summed over all replicas. */
export function level(metric: string, by: readonly string[] = []): MetricQuery {
  return { expr: `sum${grouping(by)}(${nameOf(metric, 'gauge', by)})`, legend: legendOf(by, 'now') };
}

/** Processes that answered their last scrape, by job; `up` is Prometheus' own. */
export const answering: MetricQuery = { expr: 'sum by (job) (up{job=~"countersign-.+"})', legend: '{{job}}' };

function nameOf(metric: string, kind: MetricKind, by: readonly string[]): string {
  const exposed = exposedMetrics.get(metric);
  if (exposed?.kind !== kind) throw new RangeError(`no service exposes a ${kind} countersign_${metric}`);
  const unknown = by.filter((label) => !exposed.labels.includes(label));
  if (unknown.length > 0) throw new RangeError(`countersign_${metric} has no label ${unknown.join(', ')}`);
  return `countersign_${metric}`;
}

function grouping(by: readonly string[]): string {
  return by.length === 0 ? ' ' : ` by (${by.join(', ')}) `;
}

function legendOf(by: readonly string[], otherwise: string): string {
  return by.length === 0 ? otherwise : by.map((label) => `{{${label}}}`).join(' ');
}
