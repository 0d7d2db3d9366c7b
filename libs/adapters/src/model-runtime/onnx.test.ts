import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readActivation, standInArtefact, type ProbeArtefact } from '@countersign/detector-probe';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeModelRuntime } from './conformance.js';
import { metadataOf } from './onnx-metadata.js';
import { OnnxModelRuntime } from './onnx.js';

const card = JSON.parse(readFileSync(new URL('../../../detectors/probe/artefacts/stand-in.json', import.meta.url), 'utf8')) as {
  sha256: string;
  metadata: Record<string, string>;
  examples: { kind: string; activation: unknown; scores: number[] }[];
};
const exampleOf = (kind: string) => {
  const example = card.examples.find((entry) => entry.kind === kind);
  const read = readActivation(example?.activation);
  if (example === undefined || typeof read === 'string' || read.values === undefined) throw new Error(`no example of ${kind}`);
  return { input: read.values, scores: example.scores };
};

/** The same file with its output renamed, byte for byte as long. */
function renamed(artefact: ProbeArtefact): ProbeArtefact {
  const bytes = Buffer.from(Buffer.from(artefact.bytes).toString('latin1').replaceAll('ood', 'odd'), 'latin1');
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

describeModelRuntime('onnxruntime', () => new OnnxModelRuntime(), { artefact: standInArtefact, ...exampleOf('exfiltration_intent'), otherShape: renamed(standInArtefact) });

describe('the stand-in artefact', () => {
  it('is the same in the file, in the bundle and in its card', () => {
    const file = readFileSync(new URL('../../../detectors/probe/artefacts/stand-in.onnx', import.meta.url));
    expect(createHash('sha256').update(file).digest('hex')).toBe(card.sha256);
    expect(standInArtefact.sha256).toBe(card.sha256);
    expect(file.equals(standInArtefact.bytes)).toBe(true);
  });
  it('scores every example as training did', async () => {
    const runtime = new OnnxModelRuntime();
    const model = await runtime.load(standInArtefact);
    for (const { kind } of card.examples) {
      const { input, scores } = exampleOf(kind);
      const { score } = await runtime.run(model, input);
      scores.forEach((expected, n) => expect(score?.[n], kind).toBeCloseTo(expected, 3));
    }
    await runtime.close();
  });
});

describe('metadata of an ONNX file', () => {
  it('is read as training wrote it', () => {
    expect({ ...metadataOf(standInArtefact.bytes) }).toEqual(card.metadata);
  });
  it('never throws and always ends, on any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => typeof metadataOf(bytes) === 'object'));
    fc.assert(fc.property(fc.nat(standInArtefact.bytes.length), (end) => typeof metadataOf(standInArtefact.bytes.slice(0, end)) === 'object'));
  });
});
