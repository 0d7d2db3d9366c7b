/** Step-ups → open approvals; deadlines → decisions. The store is a port; people come in through the console. */
import { ApprovalStore, createApprove } from '@countersign/approval';
import { Clock, EventLog, type Telemetry } from '@countersign/pipeline';
import { Health, provideProcessor, TELEMETRY, type ApprovalWakes } from '@countersign/service';
import { Module, type DynamicModule, type FactoryProvider } from '@nestjs/common';
import { DueWatch } from './due-watch.js';

export interface ApproveOptions {
  /** Where the store wakes by itself; without it the stage's own clock does all of it. */
  readonly wakes?: ApprovalWakes;
}

@Module({})
export class ApproveModule {
  static forRoot({ wakes }: ApproveOptions = {}): DynamicModule {
    const approve = provideProcessor('approve', (store: ApprovalStore, telemetry: Telemetry) => createApprove({ store, telemetry }), [ApprovalStore, TELEMETRY]);
    return { module: ApproveModule, providers: [approve, ...(wakes === undefined ? [] : [watchOf(wakes)])] };
  }
}

function watchOf(wakes: ApprovalWakes): FactoryProvider<DueWatch> {
  return {
    provide: DueWatch,
    inject: [ApprovalStore, EventLog, Clock, TELEMETRY, Health],
    useFactory: (...[store, eventLog, clock, telemetry, health]: [ApprovalStore, EventLog, Clock, Telemetry, Health]) => new DueWatch({ wakes, store, eventLog, clock, telemetry, health }),
  };
}
