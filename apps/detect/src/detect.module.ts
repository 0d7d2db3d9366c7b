/** Observations → findings, by the detectors named: all of them in one process, or one alone where it needs its own cores. */
import type { Detector, DetectorName } from '@countersign/contracts';
import { createAttestation } from '@countersign/detector-attestation';
import { createBehaviour } from '@countersign/detector-behaviour';
import { createInjection, type Observer } from '@countersign/detector-injection';
import { createProbe, type ModelRuntime, type ProbeArtefact } from '@countersign/detector-probe';
import { createProvenance } from '@countersign/detector-provenance';
import { Clock, createDetect, type Telemetry } from '@countersign/pipeline';
import type { CompiledPolicy } from '@countersign/policy';
import { provideProcessor, TELEMETRY } from '@countersign/service';
import { Module, type DynamicModule } from '@nestjs/common';

export interface DetectOptions {
  readonly policy: () => CompiledPolicy;
  /** Which detectors run here; every one named in a tier's `requires` must run somewhere. */
  readonly detectors: readonly DetectorName[];
  /** Consumer group and snapshot name; `detect`. */
  readonly name?: string;
  readonly probe: { readonly runtime: ModelRuntime; readonly artefact: ProbeArtefact };
  /** Reads what the injection detector's text model is unsure of; absent: findings say so. */
  readonly observer?: Observer | undefined;
}

@Module({})
export class DetectModule {
  static forRoot(options: DetectOptions): DynamicModule {
    const { name = 'detect' } = options;
    const detect = provideProcessor(name, (telemetry: Telemetry, clock: Clock) => createDetect({ detectors: detectorsOf(options), telemetry, clock, name }), [TELEMETRY, Clock]);
    return { module: DetectModule, providers: [detect] };
  }
}

function detectorsOf({ policy, detectors, probe, observer }: DetectOptions): readonly Detector<unknown>[] {
  const makers: Record<DetectorName, () => Detector<unknown>> = {
    behaviour: () => createBehaviour({ policy }) as Detector<unknown>,
    provenance: () => createProvenance({ policy }) as Detector<unknown>,
    injection: () => createInjection({ policy, observer }) as Detector<unknown>,
    attestation: () => createAttestation({ policy }) as Detector<unknown>,
    probe: () => createProbe({ policy, ...probe }) as Detector<unknown>,
  };
  return detectors.map((name) => makers[name]());
}
