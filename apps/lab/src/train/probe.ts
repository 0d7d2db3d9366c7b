/**
 * Trains the stand-in probe and writes it: `probe <repository root>`. Seeded: the same seed gives the same file.
 * Its metadata leaves the two figures of the quality gate empty, because made-up data cannot show them: it can only advise.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readActivation, writeActivation } from '@countersign/detector-probe';
import { fitProbe, probeScores, standardised, whitening, type ProbeWeights } from './probe-fit.js';
import { probeOnnx } from './probe-onnx.js';
import { seeded } from './seeded.js';
import { labels, madeUpActivations, sourceCount, width, type ActivationSample } from './stand-in-activations.js';
import { shareOver, thresholdAt } from './text-figures.js';

const seed = 64;
const sampleCount = 6_000;
const rank = 32;
/** Nobody's model: the digest of this sentence stands where a real model's weights digest would. */
const standInModel = createHash('sha256').update('countersign stand-in model: made-up activations, width 64').digest('hex');

function main([root]: readonly string[]): void {
  if (root === undefined) throw new Error('usage: probe <repository root>');
  const samples = madeUpActivations(sampleCount, seeded(seed));
  const train = samples.slice(0, sampleCount / 2);
  const held = samples.slice(sampleCount / 2);
  const weights = fitProbe(train, labels.length);
  const rows = train.map(({ values }) => standardised(values, weights));
  const space = whitening(rows, rank);
  const distances = held.map(({ values }) => distance(space, standardised(values, weights)));
  const metadata = {
    name: 'stand-in', standIn: 'true', trainedOn: `made-up activations, seed ${seed}`, weightsDigest: standInModel, layer: '8', pool: 'mean', labels: labels.join(','),
    thresholds: labels.map((_, label) => thresholdOf(weights, held, label).toFixed(6)).join(','),
    oodMax: thresholdAt(distances, 0.001).toFixed(4), worstSourceTprAt1: '', leadOverNgrams: '', madeUpTprAt1: worstLeftOut(samples).toFixed(3),
  };
  write(root, probeOnnx({ weights, whitening: space, metadata }), { metadata, examples: examplesOf(weights, held) });
}

function thresholdOf(weights: ProbeWeights, held: readonly ActivationSample[], label: number): number {
  return Math.min(0.999999, thresholdAt(held.filter(({ intents }) => intents[label] !== true).map(({ values }) => probeScores(weights, values)[label] ?? 0), 0.01));
}

/** Over sources and labels, the smallest share found at 1 % false alarms when the source was left out of training. */
function worstLeftOut(samples: readonly ActivationSample[]): number {
  const shares = Array.from({ length: sourceCount }, (_, source) => {
    const weights = fitProbe(samples.filter((sample) => sample.source !== source), labels.length);
    const out = samples.filter((sample) => sample.source === source);
    return labels.map((_label, label) => {
      const scores = out.map(({ values, intents }) => ({ score: probeScores(weights, values)[label] ?? 0, present: intents[label] === true }));
      const of = (present: boolean) => scores.filter((entry) => entry.present === present).map(({ score }) => score);
      return shareOver(of(true), thresholdAt(of(false), 0.01));
    });
  });
  return Math.min(...shares.flat());
}

function distance(space: readonly Float64Array[], row: Float64Array): number {
  return space.reduce((sum, direction) => sum + direction.reduce((part, value, n) => part + value * (row[n] ?? 0), 0) ** 2, 0);
}

/** One vector per kind, with the score training computed for it: the runtime must agree. */
function examplesOf(weights: ProbeWeights, held: readonly ActivationSample[]) {
  const kinds = [{ kind: 'none', wanted: [false, false, false] }, ...labels.map((kind, label) => ({ kind, wanted: labels.map((_, n) => n === label) }))];
  return kinds.map(({ kind, wanted }) => {
    const sample = held.find(({ intents }) => intents.every((present, n) => present === wanted[n]));
    if (sample === undefined) throw new Error(`no sample of kind ${kind}; draw more`);
    const activation = writeActivation({ weightsDigest: standInModel, layer: 8, pool: 'mean' }, sample.values, `example-${kind}`);
    const read = readActivation(activation);
    if (typeof read === 'string' || read.values === undefined) throw new Error(`the example of ${kind} cannot be read back`);
    return { kind, activation, scores: probeScores(weights, Float64Array.from(read.values)).map((score) => Math.round(score * 1e5) / 1e5) };
  });
}

function write(root: string, bytes: Uint8Array, card: object): void {
  const room = join(root, 'libs/detectors/probe');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(join(room, 'artefacts'), { recursive: true });
  writeFileSync(join(room, 'artefacts/stand-in.onnx'), bytes);
  writeFileSync(join(room, 'artefacts/stand-in.json'), `${JSON.stringify({ sha256, width, seed, ...card }, undefined, 1)}\n`);
  writeFileSync(join(room, 'src/stand-in.ts'), moduleOf(bytes, sha256));
  console.log(`stand-in probe: ${bytes.length} bytes, SHA-256 ${sha256}`);
}

function moduleOf(bytes: Uint8Array, sha256: string): string {
  return `/** Written by \`apps/lab/src/train/probe.ts\` with \`artefacts/stand-in.onnx\`; do not edit. Bundled, because a domain room reads no files. */
import type { ProbeArtefact } from './artefact.js';

/** The model the stand-in probe claims to be for; no real model has this digest. */
export const standInModel = { weightsDigest: '${standInModel}', layer: 8, pool: 'mean', d: ${width} } as const;

/** A probe trained on made-up activations: it proves the path and only ever advises. */
export const standInArtefact: ProbeArtefact = {
  sha256: '${sha256}',
  bytes: Buffer.from(
    '${Buffer.from(bytes).toString('base64')}',
    'base64',
  ),
};
`;
}

main(process.argv.slice(2));
