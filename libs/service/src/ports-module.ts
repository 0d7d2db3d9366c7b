/** The ports of one process, for every module in it, under the abstract classes that name them. */
import { ApprovalStore } from '@countersign/approval';
import { HistoryStore } from '@countersign/history';
import { Clock, EventLog, SnapshotStore } from '@countersign/pipeline';
import { Global, Module, type DynamicModule, type Provider } from '@nestjs/common';
import { Health } from './health.js';
import type { TelemetrySink } from './telemetry.js';

/** Token of `Telemetry`, a function type. */
export const TELEMETRY = Symbol('countersign telemetry');
/** Token of `Metrics`. */
export const METRICS = Symbol('countersign metrics');

export interface Ports extends TelemetrySink {
  readonly eventLog: EventLog;
  readonly snapshotStore: SnapshotStore;
  readonly clock: Clock;
  readonly historyStore?: HistoryStore;
  readonly approvalStore?: ApprovalStore;
}

@Global()
@Module({})
export class PortsModule {
  /** Whoever opened the ports closes them, after the application is closed: processors write to them until then. */
  static forRoot(ports: Ports): DynamicModule {
    const providers: Provider[] = [
      { provide: EventLog, useValue: ports.eventLog },
      { provide: SnapshotStore, useValue: ports.snapshotStore },
      { provide: Clock, useValue: ports.clock },
      { provide: TELEMETRY, useValue: ports.telemetry },
      { provide: METRICS, useValue: ports.metrics },
      { provide: Health, useValue: new Health() },
      ...(ports.historyStore === undefined ? [] : [{ provide: HistoryStore, useValue: ports.historyStore }]),
      ...(ports.approvalStore === undefined ? [] : [{ provide: ApprovalStore, useValue: ports.approvalStore }]),
    ];
    return { module: PortsModule, providers, exports: providers };
  }
}
