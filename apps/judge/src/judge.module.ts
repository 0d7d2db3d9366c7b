/** Findings → verdicts, as a NestJS module. The rule in force is asked for at each verdict. */
import type { Telemetry } from '@countersign/pipeline';
import { createJudge, type CompiledPolicy } from '@countersign/policy';
import { provideProcessor, TELEMETRY } from '@countersign/service';
import { Module, type DynamicModule } from '@nestjs/common';

@Module({})
export class JudgeModule {
  static forRoot(options: { readonly policy: () => CompiledPolicy }): DynamicModule {
    const judge = provideProcessor('judge', (telemetry: Telemetry) => createJudge({ ...options, telemetry }), [TELEMETRY]);
    return { module: JudgeModule, providers: [judge] };
  }
}
