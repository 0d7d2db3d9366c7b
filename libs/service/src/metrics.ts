/**
 * Metrics from telemetry events, by the table in `metric-rows`.
 * MT1. A label has at most 200 values per metric; further ones count as `other`, so traffic cannot grow the registry.
 * MT2. A row whose number is missing from an event changes nothing.
 */
import type { TelemetryEvent } from '@countersign/pipeline';
import { Instrument } from './instruments.js';
import { metricRows, type MetricRow } from './metric-rows.js';

const labelValuesMax = 200;

export interface Metrics {
  readonly contentType: string;
  record(event: TelemetryEvent, nowMs: number): void;
  /** All of them in Prometheus' text format. */
  text(): Promise<string>;
}

interface FedRow {
  readonly row: MetricRow;
  readonly instrument: Instrument;
  /** In the order of the instrument's labels. */
  readonly labels: readonly BoundedLabel[];
}

export function createMetrics(): Metrics {
  const events = new Instrument({ name: 'countersign_events_total', help: 'Telemetry events.', kind: 'counter', labelNames: ['event', 'level'] });
  const eventNames = new BoundedLabel('=');
  const instruments = new Map<string, Instrument>();
  const labelsOf = new Map<Instrument, readonly BoundedLabel[]>();
  const rows = new Map<string, FedRow[]>();
  for (const row of metricRows) {
    const instrument = instruments.get(row.metric) ?? instrumentOf(row);
    instruments.set(row.metric, instrument);
    const seen = labelsOf.get(instrument);
    const labels = Object.values(row.labels).map((source, index) => new BoundedLabel(source, seen?.[index]));
    labelsOf.set(instrument, labels);
    rows.set(row.event, [...(rows.get(row.event) ?? []), { row, instrument, labels }]);
  }

  function record(event: TelemetryEvent, nowMs: number): void {
    events.add([eventNames.bounded(event.event), event.level], 1);
    for (const fed of rows.get(event.event) ?? []) apply(fed, event, nowMs);
  }

  return {
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    record,
    text: async () => [events, ...instruments.values()].map((instrument) => `${instrument.text()}\n`).join('\n'),
  };
}

function apply({ row, instrument, labels }: FedRow, event: TelemetryEvent, nowMs: number): void {
  const field = row.field === undefined ? undefined : event.fields?.[row.field];
  // MT2, before a label is spent on it.
  if (row.field !== undefined && typeof field !== 'number') return;
  const amount = typeof field === 'number' ? field : 1;
  const values = labels.map((label) => label.valueOf(event));
  switch (row.effect) {
    case 'count':
    case 'up':
      return instrument.add(values, row.effect === 'up' ? 1 : amount);
    case 'down':
      return instrument.add(values, -1);
    case 'observe':
      return typeof field === 'number' ? instrument.observe(values, field) : undefined;
    case 'now':
      return instrument.set(values, nowMs / 1_000);
    case 'set':
      return typeof field === 'number' ? instrument.set(values, field) : undefined;
    case 'only':
      return instrument.only(values, 1);
  }
}

const kinds = { count: 'counter', observe: 'histogram', set: 'gauge', up: 'gauge', down: 'gauge', now: 'gauge', only: 'gauge' } as const;

function instrumentOf({ metric, help, labels, effect, buckets }: MetricRow): Instrument {
  const shape = { name: `countersign_${metric}`, help, kind: kinds[effect], labelNames: Object.keys(labels) };
  return new Instrument(buckets === undefined ? shape : { ...shape, buckets });
}

/** One label of one metric, and the values it has had (MT1). */
class BoundedLabel {
  readonly #source: string;
  readonly #seen: Set<string>;

  /** @param like the same label of the same metric, fed by another event. */
  constructor(source: string, like?: BoundedLabel) {
    this.#source = source;
    this.#seen = like === undefined ? new Set() : like.#seen;
  }

  valueOf(event: TelemetryEvent): string {
    return this.#source.startsWith('=') ? this.#source.slice(1) : this.bounded(String(event.fields?.[this.#source] ?? ''));
  }

  bounded(value: string): string {
    if (this.#seen.has(value)) return value;
    if (this.#seen.size >= labelValuesMax) return 'other';
    this.#seen.add(value);
    return value;
  }
}
