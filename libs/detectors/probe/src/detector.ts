/**
 * What a model's own activations say about the call it is making.
 * PR1. An activation of another model, layer, pooling or width is refused, never scored.
 * PR2. A probe that did not pass the quality gate only advises: its findings stay at `info`.
 * PR3. A score never sets a gate.
 * PR4. When the probe cannot run, the call is judged without it and the finding says so.
 */
import { nothing, type Detection, type Detector, type FindingDraft, type Observation } from '@countersign/contracts';
import type { CompiledPolicy } from '@countersign/policy';
import { readActivation, type Activation } from './activation.js';
import { readCard, type ProbeArtefact, type ProbeCard } from './artefact.js';
import { claimNonce, emptyMemory, restoreMemory, snapshotMemory, type ProbeMemory } from './memory.js';
import type { LoadedModel, ModelRuntime } from './model-runtime.js';

export interface ProbeOptions {
  readonly policy: () => CompiledPolicy;
  readonly runtime: ModelRuntime;
  /** Absent: every activation is answered with `activation-unavailable`. */
  readonly artefact?: ProbeArtefact | undefined;
}

type Ready = { readonly model: LoadedModel; readonly card: ProbeCard } | { readonly problem: string };

export function createProbe({ runtime, artefact }: ProbeOptions): Detector<ProbeMemory> {
  let ready: Promise<Ready> | undefined;
  return {
    name: 'probe',
    version: '1.0.0',
    empty: emptyMemory,
    async detect(observation, memory): Promise<Detection<ProbeMemory>> {
      const waiting = askedOf(observation, memory);
      if (waiting === undefined) return { memory, findings: [] };
      if ('kind' in waiting) return { memory, findings: [waiting] };
      ready ??= prepared(runtime, artefact);
      return { memory, findings: await scored(waiting, { runtime, ready: await ready }) };
    },
    snapshot: snapshotMemory,
    restore: restoreMemory,
  };
}

/** What there is to score; or the finding that says there is nothing; or nothing to say at all. */
function askedOf(observation: Observation, memory: ProbeMemory): Activation | FindingDraft | undefined {
  if (observation.call === undefined) return undefined;
  if (observation.call.phase === 'result') return nothing;
  const shown = observation.metadata?.activation;
  if (shown === undefined) return { kind: 'activation-absent', severity: 'info', sentence: 'The call carries no activation of the model that made it.' };
  const activation = readActivation(shown);
  if (typeof activation === 'string') return refused(activation);
  if (activation.nonce !== undefined && !claimNonce(memory, activation.nonce, observation.id)) return refused('The activation was already shown with another call.');
  return activation;
}

interface Scorer {
  readonly runtime: ModelRuntime;
  readonly ready: Ready;
}

async function scored(activation: Activation, { runtime, ready }: Scorer): Promise<readonly FindingDraft[]> {
  if ('problem' in ready) return [unavailable(ready.problem)];
  const { card, model } = ready;
  const mismatch = mismatchOf(activation, { card, width: model.inputWidth });
  if (mismatch !== undefined) return [refused(mismatch)];
  if (activation.values === undefined) return [unavailable('The activation is a reference, and what it names had not arrived when the call was judged.')];
  try {
    const { score, ood } = await runtime.run(model, activation.values);
    if (score === undefined || score.length !== card.labels.length || !score.every(Number.isFinite)) return [unavailable('The probe did not give one score per label.')];
    return [intent(card, score, ood?.[0] ?? 0)];
  } catch (error) {
    return [unavailable(`The probe could not run: ${error instanceof Error ? error.message : 'no reason given'}.`)];
  }
}

function intent(card: ProbeCard, score: Float32Array, ood: number): FindingDraft {
  const rows = card.labels.map((label, n) => ({ label, value: score[n] ?? 0, threshold: card.thresholds[n] ?? 1 }));
  const top = rows.reduce((best, row) => (row.value - row.threshold > best.value - best.threshold ? row : best));
  const strange = ood > card.oodMax;
  const over = top.value >= top.threshold && !strange;
  const notes = [
    strange ? ` It lies outside what the probe was trained on (distance ${ood.toFixed(1)} over ${card.oodMax.toFixed(1)}), so the score says little.` : '',
    card.advisory ? ` The probe "${card.name}" is advisory: its quality on unseen sources was not shown.` : '',
  ];
  return {
    kind: 'intent',
    severity: !over || card.advisory ? 'info' : 'high',
    score: top.value,
    sentence: `The model's activation at layer ${card.layer} scores ${top.value.toFixed(2)} for ${top.label} (threshold ${top.threshold.toFixed(2)}).${notes.join('')}`,
    features: {
      ...Object.fromEntries(rows.map((row) => [row.label, row.value])),
      ood, outOfDistribution: strange ? 1 : 0, advisory: card.advisory ? 1 : 0, overThreshold: over ? 1 : 0,
    },
  };
}

function mismatchOf(activation: Activation, { card, width }: { card: ProbeCard; width: number }): string | undefined {
  if (activation.weightsDigest !== card.weightsDigest) return `The activation is of model ${activation.weightsDigest.slice(0, 12)}, the probe was made for ${card.weightsDigest.slice(0, 12)}.`;
  if (activation.layer !== card.layer) return `The activation is of layer ${activation.layer}, the probe reads layer ${card.layer}.`;
  if (activation.pool !== card.pool) return `The activation is pooled by ${activation.pool.slice(0, 32)}, the probe was made for ${card.pool}.`;
  return activation.d === width ? undefined : `The activation is ${activation.d} wide, the probe reads ${width}.`;
}

async function prepared(runtime: ModelRuntime, artefact: ProbeArtefact | undefined): Promise<Ready> {
  if (artefact === undefined) return { problem: 'No probe is installed.' };
  try {
    const model = await runtime.load(artefact);
    return { model, card: readCard(model) };
  } catch (error) {
    return { problem: `The probe cannot be used: ${error instanceof Error ? error.message : 'no reason given'}` };
  }
}

function refused(sentence: string): FindingDraft {
  return { kind: 'activation-refused', severity: 'medium', sentence };
}

function unavailable(sentence: string): FindingDraft {
  return { kind: 'activation-unavailable', severity: 'info', sentence };
}
