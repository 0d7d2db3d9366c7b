/**
 * The recorder within an application: history's shape first, then the rows, then the question whether they are whole.
 * RH1. While history is away the application starts all the same and nothing is dropped: the ledger waits.
 * RH2. A defect makes the process unready and settles `Health.failed`.
 */
import type { HistoryStore} from '@countersign/history';
import { createRecorder, migrations, type Recorder } from '@countersign/history';
import type { Clock, EventLog} from '@countersign/pipeline';
import { createPatience, RetriableError, Stopped, type Telemetry } from '@countersign/pipeline';
import type { Health } from '@countersign/service';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { runCompleteness, sayCompleteness } from './completeness.js';

const part = 'record';
export const checkMs = 60_000;

export interface RecordParts {
  readonly eventLog: EventLog;
  readonly store: HistoryStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly health: Health;
  /** Rest of a topic after an insert; see `createRecorder`. */
  readonly flushMs?: number;
}

export class RecordHost implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #patience;
  readonly #recorder: Recorder;
  #isStopping = false;
  #starting: Promise<void> | undefined;
  #checking: Promise<void> | undefined;
  #cancelCheck: () => void = () => undefined;

  constructor(private readonly parts: RecordParts) {
    this.#patience = createPatience(parts.clock);
    this.#recorder = createRecorder({ ...parts, turn: () => new Promise((resolve) => setImmediate(resolve)) });
    parts.health.report(part, 'starting');
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#recorder.failed.catch((error: unknown) => this.parts.health.reportFailure(part, error));
    const started = this.#start();
    // The first answer is waited for; an absent history is not.
    await Promise.race([started, this.#firstRefusal]);
    this.#starting = started.catch((error: unknown) => {
      if (!(error instanceof Stopped)) this.parts.health.reportFailure(part, error);
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isStopping = true;
    this.#patience.stop();
    this.#cancelCheck();
    await this.#starting;
    await this.#recorder.stop();
    await this.#checking;
    this.parts.health.report(part, 'stopped');
  }

  #refused: () => void = () => undefined;
  readonly #firstRefusal = new Promise<void>((resolve) => (this.#refused = resolve));

  async #start(): Promise<void> {
    const { store, telemetry, health } = this.parts;
    await this.#patience.until(() => store.migrate(migrations), (error, pauseMs) => {
      telemetry({ event: 'HistoryAway', level: 'warn', message: `${error.message} Recording begins when history answers; the ledger keeps everything meanwhile.`, fields: { stage: part, pauseMs: Math.round(pauseMs) } });
      this.#refused();
    });
    if (this.#isStopping) return;
    await this.#recorder.start();
    health.report(part, 'running');
    telemetry({ event: 'ProcessorStarted', level: 'info', message: 'record follows every topic into history.', fields: { stage: part } });
    this.#scheduleCheck();
  }

  #scheduleCheck(): void {
    if (this.#isStopping) return;
    this.#cancelCheck = this.parts.clock.after(checkMs, () => {
      this.#checking = this.#check().finally(() => this.#scheduleCheck());
    });
  }

  async #check(): Promise<void> {
    const { store, telemetry } = this.parts;
    try {
      sayCompleteness(await runCompleteness(store), telemetry);
    } catch (error) {
      const level = error instanceof RetriableError ? 'warn' : 'error';
      telemetry({ event: 'CompletenessUnknown', level, message: `Whether history is whole could not be asked; it is asked again in a minute: ${error instanceof Error ? error.message : String(error)}`, fields: { stage: part } });
    }
  }
}
