/** One stage alone on an embedded data folder. Several processes may share the folder; SQLite's locks keep them apart. */
import type { EnrolmentRule } from '@countersign/gate';
import { createService, type Service } from '@countersign/service';
import { openInstallation, version } from './installation.js';
import { moduleOf, type Stage } from './stage-modules.js';

export type { Stage } from './stage-modules.js';

export interface StageOptions {
  readonly dataDir: string;
  readonly policyFile?: string;
  /** Of the gate. Default: `first-use`. */
  readonly enrolment?: EnrolmentRule;
}

export interface RunningStage {
  /** Where `/healthz`, `/readyz` and `/metrics` answer. */
  readonly url: string;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

export async function startStage(stage: Stage, { dataDir, policyFile, enrolment }: StageOptions): Promise<RunningStage> {
  const installation = await openInstallation({ dataDir, name: stage, ...(policyFile && { policyFile }) });
  const service: Service = await createService({ name: stage, version, ports: installation.embedded.ports, imports: [await moduleOf(stage, installation, enrolment)] });
  return {
    url: service.url,
    failed: service.health.failed,
    stop: async () => {
      await service.stop();
      await installation.close();
    },
  };
}
