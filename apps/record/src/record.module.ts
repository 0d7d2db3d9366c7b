/** All topics → history. The ports come from `PortsModule`; without a `HistoryStore` among them the application does not start. */
import { HistoryStore } from '@countersign/history';
import { Clock, EventLog, type Telemetry } from '@countersign/pipeline';
import { Health, TELEMETRY } from '@countersign/service';
import { Module, type DynamicModule } from '@nestjs/common';
import { RecordHost } from './record-host.js';

export interface RecordOptions {
  /** Default 250. */
  readonly flushMs?: number;
}

@Module({})
export class RecordModule {
  static forRoot(options: RecordOptions = {}): DynamicModule {
    const host = {
      provide: RecordHost,
      inject: [EventLog, HistoryStore, Clock, TELEMETRY, Health],
      useFactory: (...[eventLog, store, clock, telemetry, health]: [EventLog, HistoryStore, Clock, Telemetry, Health]) => new RecordHost({ eventLog, store, clock, telemetry, health, ...options }),
    };
    return { module: RecordModule, providers: [host] };
  }
}
