/**
 * One typed event; log line and metric derive from it in `service`.
 * Levels by consequence: error = something was lost or a person must act; warn = degraded, nothing lost;
 * info = a state a reader of the day's log wants; debug = per-message detail and intentional drops.
 */
export type TelemetryLevel = 'error' | 'warn' | 'info' | 'debug';

export interface TelemetryEvent {
  /** `<Noun><Verb>[Error]`, past tense, e.g. `RecordDeadLettered`. */
  readonly event: string;
  readonly level: TelemetryLevel;
  /** A sentence for the log's reader. */
  readonly message: string;
  /** Units in the names. Never arguments, session ids or URLs. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

export type Telemetry = (event: TelemetryEvent) => void;
export const silentTelemetry: Telemetry = () => undefined;
