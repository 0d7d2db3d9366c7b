/**
 * A probe as a file: ONNX whose own metadata says for which model, layer and pooling it was made and how good it is.
 * PA1. Metadata that cannot be read makes the artefact unusable; nothing is filled in.
 * PA2. A probe is advisory unless its metadata shows both quality figures over their bounds.
 */
import type { LoadedModel } from './model-runtime.js';

export interface ProbeArtefact {
  readonly bytes: Uint8Array;
  /** Lower-case hex; the runtime refuses other bytes. */
  readonly sha256: string;
}

export interface ProbeCard {
  readonly name: string;
  readonly weightsDigest: string;
  readonly layer: number;
  readonly pool: string;
  readonly labels: readonly string[];
  /** Score at 1 % false alarms, one per label. */
  readonly thresholds: readonly number[];
  /** Squared distance above which the probe has never seen anything alike. */
  readonly oodMax: number;
  readonly advisory: boolean;
}

/** Bounds of the quality gate: worst left-out source, true alarms at 1 % false ones; and the lead over n-grams in AUROC on every fold. */
export const qualityGate = { worstSourceTprAt1Min: 0.6, leadOverNgramsMin: 0.05 } as const;

/** @throws Error naming the member that is missing or wrong. */
export function readCard({ metadata }: LoadedModel): ProbeCard {
  const labels = list(metadata, 'labels');
  const thresholds = list(metadata, 'thresholds').map(Number);
  if (labels.length === 0 || labels.length !== thresholds.length || !thresholds.every(Number.isFinite)) {
    throw new Error('The probe names other labels than it has thresholds for.');
  }
  const worst = optionalNumber(metadata['worstSourceTprAt1']);
  const lead = optionalNumber(metadata['leadOverNgrams']);
  return {
    name: text(metadata, 'name'),
    weightsDigest: text(metadata, 'weightsDigest'),
    layer: number(metadata, 'layer'),
    pool: text(metadata, 'pool'),
    labels,
    thresholds,
    oodMax: number(metadata, 'oodMax'),
    advisory: !(worst >= qualityGate.worstSourceTprAt1Min && lead >= qualityGate.leadOverNgramsMin),
  };
}

function text(metadata: LoadedModel['metadata'], name: string): string {
  const value = metadata[name];
  if (value === undefined || value === '') throw new Error(`The probe's metadata lacks \`${name}\`.`);
  return value;
}

function number(metadata: LoadedModel['metadata'], name: string): number {
  const value = Number(text(metadata, name));
  if (!Number.isFinite(value)) throw new Error(`The probe's \`${name}\` is not a number.`);
  return value;
}

function list(metadata: LoadedModel['metadata'], name: string): string[] {
  return text(metadata, name).split(',');
}

/** Absent or unreadable figures compare as false with any bound. */
function optionalNumber(value: string | undefined): number {
  return value === undefined || value === '' ? NaN : Number(value);
}
