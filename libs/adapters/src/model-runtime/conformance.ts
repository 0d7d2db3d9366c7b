/** What every `ModelRuntime` must do; each test cites the invariant it shows. */
import type { ModelRuntime, ProbeArtefact } from '@countersign/detector-probe';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

export interface ModelRuntimeCase {
  /** Any artefact the runtime should accept, and an input row with the first scores it must give. */
  readonly artefact: ProbeArtefact;
  readonly input: Float32Array;
  readonly scores: readonly number[];
  /** Well-formed bytes with other inputs or outputs than the port's callers expect, and their digest. */
  readonly otherShape: ProbeArtefact;
}

export function describeModelRuntime(name: string, makeAdapter: () => ModelRuntime, { artefact, input, scores, otherShape }: ModelRuntimeCase): void {
  describe(`ModelRuntime on ${name}`, () => {
    let runtime: ModelRuntime;
    beforeEach(() => {
      runtime = makeAdapter();
    });
    afterEach(() => runtime.close());

    it('MR1: loads the artefact it was promised, with its metadata', async () => {
      const model = await runtime.load(artefact);
      expect(model.inputWidth).toBe(input.length);
      expect(model.metadata['labels']).toBeTypeOf('string');
    });
    it('MR1: refuses an artefact of another digest', async () => {
      await expect(runtime.load({ ...artefact, sha256: '0'.repeat(64) })).rejects.toThrow(/digest/);
    });
    it('MR1: refuses one changed byte', async () => {
      const bytes = Uint8Array.from(artefact.bytes);
      bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      await expect(runtime.load({ ...artefact, bytes })).rejects.toThrow(/digest/);
    });
    it('MR1: refuses a model that reads or gives something else', async () => {
      await expect(runtime.load(otherShape)).rejects.toThrow(/not loaded/);
    });
    it('MR2: gives the same scores for the same row, the ones training computed', async () => {
      const model = await runtime.load(artefact);
      const first = await runtime.run(model, input);
      const second = await runtime.run(model, input);
      expect(Array.from(first['score'] ?? [])).toEqual(Array.from(second['score'] ?? []));
      scores.forEach((score, n) => expect(first['score']?.[n]).toBeCloseTo(score, 3));
      expect(first['ood']).toHaveLength(1);
    });
    it('MR2: refuses a row of another width', async () => {
      const model = await runtime.load(artefact);
      await expect(runtime.run(model, new Float32Array(input.length + 1))).rejects.toThrow(/numbers/);
    });
    it('MR3: holds one model; after `close` it runs none', async () => {
      const model = await runtime.load(artefact);
      await runtime.close();
      await expect(runtime.run(model, input)).rejects.toThrow(/load it first/);
    });
  });
}
