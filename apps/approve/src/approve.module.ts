/** Step-ups → open approvals; deadlines → decisions. The store is a port; people come in through the console. */
import { ApprovalStore, createApprove } from '@countersign/approval';
import type { Telemetry } from '@countersign/pipeline';
import { provideProcessor, TELEMETRY } from '@countersign/service';
import { Module, type DynamicModule } from '@nestjs/common';

@Module({})
export class ApproveModule {
  static forRoot(): DynamicModule {
    const approve = provideProcessor('approve', (store: ApprovalStore, telemetry: Telemetry) => createApprove({ store, telemetry }), [ApprovalStore, TELEMETRY]);
    return { module: ApproveModule, providers: [approve] };
  }
}
