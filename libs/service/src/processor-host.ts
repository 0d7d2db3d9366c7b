/**
 * A processor inside a NestJS application.
 * PH1. It runs from the application's bootstrap to its shutdown; shutdown resolves after its batch in hand and its last snapshot.
 * PH2. A processor that ends by a defect makes the process unready and settles `Health.failed`.
 */
import { Clock, EventLog, runProcessor, SnapshotStore, type Processor, type ProcessorRun, type RunOptions, type Telemetry } from '@countersign/pipeline';
import type { FactoryProvider, InjectionToken, OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Health } from './health.js';
import { TELEMETRY } from './ports-module.js';

export class ProcessorHost implements OnApplicationBootstrap, OnApplicationShutdown {
  #run: ProcessorRun | undefined;

  constructor(
    readonly name: string,
    readonly options: RunOptions,
    private readonly health: Health,
  ) {
    health.report(name, 'starting');
  }

  async onApplicationBootstrap(): Promise<void> {
    const { name } = this;
    this.#run = await runProcessor(this.options);
    this.#run.failed.catch((error: unknown) => this.health.reportFailure(name, error));
    this.health.report(name, 'running');
    this.options.telemetry({ event: 'ProcessorStarted', level: 'info', message: `${name} follows ${this.#run.reads.join(', ')}.`, fields: { stage: name } });
  }

  async onApplicationShutdown(): Promise<void> {
    const { name } = this;
    await this.#run?.stop();
    this.health.report(name, 'stopped');
    this.options.telemetry({ event: 'ProcessorStopped', level: 'info', message: `${name} stopped in order.`, fields: { stage: name } });
  }
}

/** Token under which the host of this processor is provided. */
export function processorToken(name: string): string {
  return `countersign processor ${name}`;
}

/**
 * A provider that runs a processor for the life of the application. Needs `PortsModule` in it.
 * @param factory gets what `inject` names, in that order, and makes the processor of one partition, with a memory of its own.
 */
export function provideProcessor<Injected extends readonly unknown[]>(
  name: string,
  factory: (...injected: Injected) => Processor,
  inject: readonly InjectionToken[] = [],
): FactoryProvider<ProcessorHost> {
  return {
    provide: processorToken(name),
    inject: [EventLog, SnapshotStore, Clock, TELEMETRY, Health, ...inject],
    useFactory: (...tokens: readonly unknown[]) => {
      const [eventLog, snapshotStore, clock, telemetry, health] = tokens as readonly [EventLog, SnapshotStore, Clock, Telemetry, Health];
      const createProcessor = (): Processor => factory(...(tokens.slice(5) as readonly unknown[] as Injected));
      return new ProcessorHost(name, { createProcessor, eventLog, snapshotStore, clock, telemetry }, health);
    },
  };
}
