/** The probe detector on the runtime it is shipped with: the room of the detector may not import an adapter, so the two meet here. */
import { readFileSync } from 'node:fs';
import type { FindingDraft, Observation } from '@countersign/contracts';
import { createProbe, standInArtefact, standInModel, writeActivation, type ProbeArtefact } from '@countersign/detector-probe';
import { compilePolicy, defaultPolicy } from '@countersign/policy';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { OnnxModelRuntime } from './onnx.js';

const card = JSON.parse(readFileSync(new URL('../../../detectors/probe/artefacts/stand-in.json', import.meta.url), 'utf8')) as { examples: { kind: string; activation: Record<string, unknown> }[] };
const activationOf = (kind: string, nonce = `${kind}-${seq}`) => ({ ...card.examples.find((example) => example.kind === kind)?.activation, nonce });
const policy = compilePolicy(defaultPolicy);

let seq = 0;
function call(activation: unknown, phase: 'request' | 'result' = 'request'): Observation {
  seq += 1;
  return {
    v: 1, id: `tap/1/${seq}`, kind: 'message', domain: 'local', tapId: 'tap', epoch: 1, seq, at: '2026-01-05T10:00:00.000Z', monotonicUs: seq, agent: { name: 'a', role: 'r' },
    server: 'mail', session: 's', sessionRule: 'task', transport: 'stdio', era: 'modern', direction: phase === 'request' ? 'client-to-server' : 'server-to-client',
    call: { callId: 'c', phase, tool: 'send', impact: 'egress', tier: 'high', tierRule: 'r', policyVersion: 'p', actionDigest: 'e', waits: true, deadlineMs: 100 },
    ...(activation !== undefined && { metadata: { activation } }),
  };
}

const runtimes: OnnxModelRuntime[] = [];
function room(artefact: ProbeArtefact | undefined = standInArtefact, limits: { modelBytesMax?: number } = {}) {
  const runtime = new OnnxModelRuntime(limits);
  runtimes.push(runtime);
  const detector = createProbe({ policy: () => policy, runtime, artefact });
  let memory = detector.empty();
  return {
    detector,
    async see(observation: Observation): Promise<FindingDraft> {
      const detection = await detector.detect(observation, memory);
      memory = detector.restore(detector.snapshot(detection.memory));
      const [first, ...more] = detection.findings;
      if (first === undefined || more.length > 0) throw new Error('a call is answered with one finding');
      return first;
    },
  };
}
afterAll(async () => {
  for (const runtime of runtimes) await runtime.close();
});

describe('the probe detector', () => {
  it('scores an activation, names the label and stays advisory, because the stand-in never showed its quality', async () => {
    const { see } = room();
    const found = await see(call(activationOf('exfiltration_intent')));
    expect(found).toMatchObject({ kind: 'intent', severity: 'info', features: { advisory: 1, overThreshold: 1, outOfDistribution: 0 } });
    expect(found.sentence).toMatch(/exfiltration_intent.*advisory/);
    expect(found.gate).toBeUndefined();
    expect(await see(call(activationOf('none')))).toMatchObject({ kind: 'intent', features: { overThreshold: 0 } });
  });
  it('says so when nothing was shown, and answers results with nothing', async () => {
    const { see } = room();
    expect((await see(call(undefined))).kind).toBe('activation-absent');
    expect((await see(call(undefined, 'result'))).kind).toBe('nothing');
  });
  const values = new Float32Array(standInModel.d);
  const refusals: [string, unknown, RegExp][] = [
    ['another model', writeActivation({ ...standInModel, weightsDigest: 'f'.repeat(64) }, values, 'n1'), /of model ffffffffffff/],
    ['another layer', writeActivation({ ...standInModel, layer: 9 }, values, 'n2'), /layer 9/],
    ['another pooling', writeActivation({ ...standInModel, pool: 'last' }, values, 'n3'), /pooled by last/],
    ['another width', writeActivation(standInModel, new Float32Array(32), 'n4'), /32 wide/],
    ['infinite numbers', { ...writeActivation(standInModel, values, 'n5'), data: infinite() }, /not finite/],
    ['fewer bytes than announced', { ...writeActivation(standInModel, values, 'n6'), d: 65 }, /bytes where/],
    ['no object', 'activation', /not an object/],
  ];
  for (const [name, activation, sentence] of refusals) {
    it(`refuses ${name}`, async () => {
      const found = await room().see(call(activation));
      expect(found.kind).toBe('activation-refused');
      expect(found.sentence).toMatch(sentence);
    });
  }
  it('[P15] refuses an activation that came with another call before', async () => {
    const { see } = room();
    await see(call(activationOf('none', 'once')));
    expect(await see(call(activationOf('none', 'once')))).toMatchObject({ kind: 'activation-refused', severity: 'medium' });
  });
  it('a far-away vector is out of distribution and its score says little', async () => {
    const far = new Float32Array(standInModel.d).map((_, n) => (n % 2 ? 40 : -40));
    expect(await room().see(call(writeActivation(standInModel, far, 'far')))).toMatchObject({ kind: 'intent', severity: 'info', features: { outOfDistribution: 1, overThreshold: 0 } });
  });
  it('says why when the probe is absent, broken, too big, or only referred to', async () => {
    expect((await createdWithout().see(call(activationOf('none')))).sentence).toMatch(/No probe is installed/);
    expect((await room({ ...standInArtefact, sha256: '0' }).see(call(activationOf('none')))).kind).toBe('activation-unavailable');
    expect((await room(standInArtefact, { modelBytesMax: 10 }).see(call(activationOf('none')))).sentence).toMatch(/at most 10/);
    const referred = { ...activationOf('none'), data: undefined, ref: 'activation-7' };
    expect(await room().see(call(referred))).toMatchObject({ kind: 'activation-unavailable', severity: 'info' });
  });
  it('never throws, whatever an agent sends', async () => {
    const { see } = room();
    await fc.assert(fc.asyncProperty(fc.anything(), async (activation) => (await see(call(activation === undefined ? null : activation))).kind.startsWith('activation-')));
  });
});

function createdWithout() {
  const runtime = new OnnxModelRuntime();
  runtimes.push(runtime);
  const detector = createProbe({ policy: () => policy, runtime });
  return {
    async see(observation: Observation): Promise<FindingDraft> {
      const [found] = (await detector.detect(observation, detector.empty())).findings;
      if (found === undefined) throw new Error('a call is always answered');
      return found;
    },
  };
}

function infinite(): string {
  const bytes = Buffer.alloc(2 * standInModel.d);
  for (let n = 0; n < standInModel.d; n += 1) bytes.writeUInt16LE(0x7c00, 2 * n);
  return bytes.toString('base64');
}
