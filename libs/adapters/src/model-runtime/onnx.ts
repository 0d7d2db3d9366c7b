/**
 * `ModelRuntime` on onnxruntime, CPU, one thread.
 * Scores of quantised models can depend on the batch, so a row is always run alone (MR2).
 */
import { createHash } from 'node:crypto';
import { ModelRuntime, type LoadedModel } from '@countersign/detector-probe';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { metadataOf } from './onnx-metadata.js';

export interface OnnxModelRuntimeOptions {
  readonly inputName?: string;
  readonly outputNames?: readonly string[];
  readonly modelBytesMax?: number;
  readonly runMsMax?: number;
}

/** The model was not loaded, or is not the one loaded last, or did not answer in time; the message says which. */
export class ModelRefused extends Error {}

export class OnnxModelRuntime extends ModelRuntime {
  #session: InferenceSession | undefined;
  #loaded: LoadedModel | undefined;
  readonly #options: Required<OnnxModelRuntimeOptions>;

  constructor(options: OnnxModelRuntimeOptions = {}) {
    super();
    this.#options = { inputName: 'activation', outputNames: ['score', 'ood'], modelBytesMax: 64 * 1024 * 1024, runMsMax: 50, ...options };
  }

  async load({ bytes, sha256 }: { readonly bytes: Uint8Array; readonly sha256: string }): Promise<LoadedModel> {
    const { inputName, outputNames, modelBytesMax } = this.#options;
    if (bytes.length > modelBytesMax) throw new ModelRefused(`The model has ${bytes.length} bytes; at most ${modelBytesMax} are loaded.`);
    const digest = createHash('sha256').update(bytes).digest('hex');
    if (digest !== sha256) throw new ModelRefused(`The model's digest is ${digest.slice(0, 12)}, not ${sha256.slice(0, 12)}; it was not loaded.`);
    const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, interOpNumThreads: 1, executionProviders: ['cpu'] });
    const inputWidth = widthOf(session, inputName);
    if (inputWidth === undefined || outputNames.some((name) => !session.outputNames.includes(name))) {
      await session.release();
      throw new ModelRefused(`The model does not read "${inputName}" and give ${outputNames.join(', ')}; it was not loaded.`);
    }
    await this.close();
    this.#session = session;
    this.#loaded = { id: digest, metadata: metadataOf(bytes), inputWidth };
    return this.#loaded;
  }

  async run(model: LoadedModel, input: Float32Array): Promise<Readonly<Record<string, Float32Array>>> {
    const session = this.#session;
    if (session === undefined || model.id !== this.#loaded?.id) throw new ModelRefused('The model is not loaded here; load it first.');
    if (input.length !== model.inputWidth) throw new ModelRefused(`The input has ${input.length} numbers, the model reads ${model.inputWidth}.`);
    const feeds = { [this.#options.inputName]: new Tensor('float32', input, [1, input.length]) };
    const outputs = await withinMs(session.run(feeds), this.#options.runMsMax);
    return Object.fromEntries(this.#options.outputNames.map((name) => [name, numbersOf(outputs[name])]));
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    this.#loaded = undefined;
    await session?.release();
  }
}

function widthOf(session: InferenceSession, inputName: string): number | undefined {
  const [only, ...more] = session.inputMetadata;
  if (only === undefined || more.length > 0 || only.name !== inputName || !only.isTensor || only.type !== 'float32') return undefined;
  const width = only.shape.at(-1);
  return only.shape.length === 2 && typeof width === 'number' && width > 0 ? width : undefined;
}

function numbersOf(tensor: Tensor | undefined): Float32Array {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new ModelRefused('The model gave something other than 32-bit numbers.');
}

async function withinMs<T>(work: Promise<T>, msMax: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ModelRefused(`The model did not answer within ${msMax} ms.`)), msMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
