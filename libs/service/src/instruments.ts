/**
 * Counters, gauges and histograms that are cheap to touch: a held call passes some fifty of them, a scrape comes every few seconds.
 * IN1. A series is found by its label values alone; nothing is sorted, hashed or formatted before somebody asks for the text.
 * IN2. A metric without labels is there from the start, at 0; others appear with their first value.
 */
export type InstrumentKind = 'counter' | 'gauge' | 'histogram';

export interface InstrumentShape {
  readonly name: string;
  readonly help: string;
  readonly kind: InstrumentKind;
  readonly labelNames: readonly string[];
  /** Upper bounds, ascending; of a histogram. */
  readonly buckets?: readonly number[];
}

interface Series {
  readonly values: readonly string[];
  /** Of a counter or a gauge; of a histogram the sum. */
  value: number;
  count: number;
  readonly bucketCounts: number[];
}

export class Instrument {
  readonly shape: InstrumentShape;
  readonly #series = new Map<string, Series>();

  constructor(shape: InstrumentShape) {
    this.shape = shape;
    if (shape.labelNames.length === 0) this.#of([]);
  }

  /** @param values of the labels, in the order of the shape. */
  add(values: readonly string[], amount: number): void {
    this.#of(values).value += amount;
  }

  set(values: readonly string[], value: number): void {
    this.#of(values).value = value;
  }

  /** The series that is left. */
  only(values: readonly string[], value: number): void {
    this.#series.clear();
    this.set(values, value);
  }

  observe(values: readonly string[], value: number): void {
    const series = this.#of(values);
    series.value += value;
    series.count += 1;
    const bucket = (this.shape.buckets ?? []).findIndex((bound) => value <= bound);
    if (bucket >= 0) series.bucketCounts[bucket] = (series.bucketCounts[bucket] ?? 0) + 1;
  }

  /** In Prometheus' text format, with its heading. */
  text(): string {
    const { name, help, kind } = this.shape;
    const samples = [...this.#series.values()].flatMap((series) => (kind === 'histogram' ? this.#histogram(series) : [sample(name, this.#labels(series), series.value)]));
    return [`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${kind}`, ...samples].join('\n');
  }

  #of(values: readonly string[]): Series {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0');
    const known = this.#series.get(key);
    if (known !== undefined) return known;
    const series: Series = { values: [...values], value: 0, count: 0, bucketCounts: (this.shape.buckets ?? []).map(() => 0) };
    this.#series.set(key, series);
    return series;
  }

  #histogram(series: Series): readonly string[] {
    const { name, buckets = [] } = this.shape;
    const labels = this.#labels(series);
    let below = 0;
    const counted = buckets.map((bound, index) => sample(`${name}_bucket`, [`le="${bound}"`, ...labels], (below += series.bucketCounts[index] ?? 0)));
    return [...counted, sample(`${name}_bucket`, ['le="+Inf"', ...labels], series.count), sample(`${name}_sum`, labels, series.value), sample(`${name}_count`, labels, series.count)];
  }

  #labels({ values }: Series): readonly string[] {
    return this.shape.labelNames.map((label, index) => `${label}="${escaped(values[index] ?? '')}"`);
  }
}

function sample(name: string, labels: readonly string[], value: number): string {
  return labels.length === 0 ? `${name} ${value}` : `${name}{${labels.join(',')}} ${value}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
