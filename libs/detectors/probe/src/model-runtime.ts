/**
 * Runs a small frozen model.
 * MR1. `load` refuses an artefact whose digest or input/output names differ from what the caller expects.
 * MR2. `run` is deterministic for one input row (batch 1).
 * MR3. Bounded: one model, one thread, `runMsMax` per call.
 */
export interface LoadedModel {
  readonly id: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly inputWidth: number;
}

export abstract class ModelRuntime {
  abstract load(artefact: { readonly bytes: Uint8Array; readonly sha256: string }): Promise<LoadedModel>;
  /** @returns named output tensors, flattened. */
  abstract run(model: LoadedModel, input: Float32Array): Promise<Readonly<Record<string, Float32Array>>>;
  abstract close(): Promise<void>;
}
