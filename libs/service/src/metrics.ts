/**
 * Metrics from telemetry events, by the table in `metric-rows`.
 * MT1. A label has at most 200 values per metric; further ones count as `other`, so traffic cannot grow the registry.
 * MT2. A row whose number is missing from an event changes nothing.
 */
import type { TelemetryEvent } from '@countersign/pipeline';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metricRows, type MetricRow } from './metric-rows.js';

const labelValuesMax = 200;

export interface Metrics {
  readonly contentType: string;
  record(event: TelemetryEvent, nowMs: number): void;
  /** The registry in Prometheus' text format. */
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const events = new Counter({ name: 'countersign_events_total', help: 'Telemetry events.', labelNames: ['event', 'level'], registers: [registry] });
  const rows = new Map<string, { readonly row: MetricRow; readonly instrument: Instrument }[]>();
  const instruments = new Map<string, Instrument>();
  for (const row of metricRows) {
    const instrument = instruments.get(row.metric) ?? instrumentOf(row, registry);
    instruments.set(row.metric, instrument);
    rows.set(row.event, [...(rows.get(row.event) ?? []), { row, instrument }]);
  }
  const bounded = createBoundedLabels();

  function record(event: TelemetryEvent, nowMs: number): void {
    events.inc({ event: bounded('events_total', 'event', event.event), level: event.level });
    for (const { row, instrument } of rows.get(event.event) ?? []) {
      const labels = Object.fromEntries(Object.entries(row.labels).map(([label, source]) => [label, bounded(row.metric, label, valueOf(event, source))]));
      apply({ row, instrument, labels, event, nowMs });
    }
  }

  return { contentType: registry.contentType, record, text: () => registry.metrics() };
}

type Instrument = Counter | Gauge | Histogram;

interface Effect {
  readonly row: MetricRow;
  readonly instrument: Instrument;
  readonly labels: Record<string, string>;
  readonly event: TelemetryEvent;
  readonly nowMs: number;
}

function apply({ row, instrument, labels, event, nowMs }: Effect): void {
  const field = row.field === undefined ? undefined : event.fields?.[row.field];
  if (instrument instanceof Histogram) {
    if (typeof field === 'number') instrument.observe(labels, field);
  } else if (instrument instanceof Counter) {
    if (row.field === undefined || typeof field === 'number') instrument.inc(labels, typeof field === 'number' ? field : 1);
  } else {
    applyToGauge(instrument, { row, labels, field, nowMs });
  }
}

function applyToGauge(gauge: Gauge, { row, labels, field, nowMs }: Pick<Effect, 'row' | 'labels' | 'nowMs'> & { readonly field: unknown }): void {
  if (row.effect === 'up') gauge.inc(labels);
  if (row.effect === 'down') gauge.dec(labels);
  if (row.effect === 'now') gauge.set(labels, nowMs / 1_000);
  if (row.effect === 'set' && typeof field === 'number') gauge.set(labels, field);
  if (row.effect !== 'only') return;
  gauge.reset();
  gauge.set(labels, 1);
}

function instrumentOf(row: MetricRow, registry: Registry): Instrument {
  const configuration = { name: `countersign_${row.metric}`, help: row.help, labelNames: Object.keys(row.labels), registers: [registry] };
  if (row.effect === 'count') return new Counter(configuration);
  if (row.effect === 'observe') return new Histogram({ ...configuration, buckets: [...(row.buckets ?? [])] });
  return new Gauge(configuration);
}

function valueOf(event: TelemetryEvent, source: string): string {
  return source.startsWith('=') ? source.slice(1) : String(event.fields?.[source] ?? '');
}

function createBoundedLabels(): (metric: string, label: string, value: string) => string {
  const seen = new Map<string, Set<string>>();
  return (metric, label, value) => {
    const place = `${metric}/${label}`;
    const values = seen.get(place) ?? new Set<string>();
    seen.set(place, values);
    if (!values.has(value) && values.size >= labelValuesMax) return 'other';
    values.add(value);
    return value;
  };
}
