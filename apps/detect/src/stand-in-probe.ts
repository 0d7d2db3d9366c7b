/** The probe that ships: a small stand-in on synthetic activations, so that the path exists and is exercised; it can only advise. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ModelRuntime, ProbeArtefact } from '@countersign/detector-probe';

const artefacts = join(dirname(createRequire(import.meta.url).resolve('@countersign/detector-probe')), '..', 'artefacts');

/** @throws a sentence when the artefact or its digest file is missing. The runtime refuses bytes that do not match the digest. */
export async function standInProbe(): Promise<{ readonly runtime: ModelRuntime; readonly artefact: ProbeArtefact }> {
  const { OnnxModelRuntime } = await import('@countersign/adapters/model-runtime/onnx');
  const bytes = readFileSync(join(artefacts, 'stand-in.onnx'));
  const { sha256 } = JSON.parse(readFileSync(join(artefacts, 'stand-in.json'), 'utf8')) as { sha256: string };
  return { runtime: new OnnxModelRuntime(), artefact: { bytes, sha256 } };
}
