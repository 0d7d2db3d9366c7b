/** The gate inside a NestJS application: open from bootstrap until shutdown begins. Needs `PortsModule`. */
import { Clock, EventLog, type Telemetry } from '@countersign/pipeline';
import { Health, openOperatorSocket, TELEMETRY } from '@countersign/service';
import { Module, type BeforeApplicationShutdown, type DynamicModule, type FactoryProvider, type OnApplicationBootstrap } from '@nestjs/common';
import { startGate, type Gate, type GateOptions, type TapFacts } from './gate.js';

/** What a gate needs beside the ports. */
export interface GateConfig extends Omit<GateOptions, 'eventLog' | 'clock' | 'telemetry'> {
  /** Where whoever runs the gate gets one-time enrolment tokens; absent: nowhere. */
  readonly enrolSocketPath?: string;
}

export class GateHost implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #gate: Gate | undefined;
  #enrolDoor: { stop(): Promise<void> } | undefined;

  constructor(
    private readonly options: GateOptions & Pick<GateConfig, 'enrolSocketPath'>,
    private readonly health: Health,
  ) {
    health.report('gate', 'starting');
  }

  connections(): readonly TapFacts[] {
    return this.#gate?.connections() ?? [];
  }

  async onApplicationBootstrap(): Promise<void> {
    this.#gate = await startGate(this.options);
    // Behind the gate: of two on one folder the second has failed by now, and the first keeps its door.
    const { enrolSocketPath, enrolments, clock } = this.options;
    if (enrolSocketPath !== undefined) this.#enrolDoor = await openOperatorSocket(enrolSocketPath, () => enrolments.newToken(clock.wallMs()));
    this.health.report('gate', 'running');
  }

  /** Before the processors stop: what taps sent last is still judged. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.#enrolDoor?.stop();
    await this.#gate?.stop();
    this.health.report('gate', 'stopped');
  }
}

@Module({})
export class GateModule {
  static forRoot(config: GateConfig): DynamicModule {
    const host: FactoryProvider<GateHost> = {
      provide: GateHost,
      inject: [EventLog, Clock, TELEMETRY, Health],
      useFactory: (...[eventLog, clock, telemetry, health]: [EventLog, Clock, Telemetry, Health]) => new GateHost({ ...config, eventLog, clock, telemetry }, health),
    };
    return { module: GateModule, providers: [host], exports: [GateHost] };
  }
}
