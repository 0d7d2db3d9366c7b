/**
 * Where telemetry events end: one JSON line in the log, and the metrics they feed.
 * TE1. Both derive from the same event; nobody above or below calls a logger or a counter directly.
 * TE2. An event under the level makes no line, but still counts.
 */
import type { Telemetry, TelemetryLevel } from '@countersign/pipeline';
import { destination, pino, stdTimeFunctions, type DestinationStream } from 'pino';
import { createMetrics, type Metrics } from './metrics.js';

export interface TelemetryOptions {
  /** The component, as it appears on every line. */
  readonly name: string;
  readonly version: string;
  readonly level: TelemetryLevel | 'silent';
  /** Where lines go: anything with `write(line)`, or a file's path (made with mode 0600). Default: standard error. */
  readonly stream?: DestinationStream | string;
}

export interface TelemetrySink {
  readonly telemetry: Telemetry;
  readonly metrics: Metrics;
}

/** One log line: `{level, time, component, version, event, …fields, message}`. */
export function createTelemetry({ name, version, level, stream }: TelemetryOptions): TelemetrySink {
  const log = pino(
    {
      level,
      base: { component: name, version },
      messageKey: 'message',
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    typeof stream === 'object' ? stream : destination(stream === undefined ? { dest: 2, sync: true } : { dest: stream, sync: true, mkdir: true, mode: 0o600 }),
  );
  const metrics = createMetrics();
  const telemetry: Telemetry = (event) => {
    metrics.record(event, Date.now());
    // The event's own words last: no field may take their place.
    log[event.level]({ ...event.fields, event: event.event }, event.message);
  };
  return { telemetry, metrics };
}
