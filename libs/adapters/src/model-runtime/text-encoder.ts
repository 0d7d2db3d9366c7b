/**
 * A small frozen encoder on onnxruntime, CPU: one window of text → the mean of an inner layer's vectors.
 * TE1. A file is loaded only when its digest is the one asked for.
 * TE2. One window at a time: int8 vectors depend on the batch. At most `queueMax` windows wait; one more is refused, not kept.
 * TE3. A window that is not read within `runMsMax`, waiting included, is refused; the caller says so.
 */
import { createHash } from 'node:crypto';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ModelRefused } from './onnx.js';
import { wordPieceVocabulary, wordPieces, type WordPieceVocabulary } from './wordpiece.js';

export interface TextEncoderFiles {
  readonly model: Uint8Array;
  readonly modelSha256: string;
  /** The content of `tokenizer.json`. */
  readonly tokenizer: string;
  /** The value that is the only output of the cut model. */
  readonly outputName: string;
  /** What the encoder expects in front of every text. */
  readonly prefix: string;
}

export interface TextEncoderLimits {
  readonly tokensMax?: number;
  readonly queueMax?: number;
  readonly runMsMax?: number;
}

const modelBytesMax = 64 * 1024 * 1024;

export class OnnxTextEncoder {
  /** SHA-256 of the model, hex. */
  readonly id: string;
  readonly #session: InferenceSession;
  readonly #files: TextEncoderFiles;
  readonly #vocabulary: WordPieceVocabulary;
  readonly #limits: Required<TextEncoderLimits>;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(session: InferenceSession, files: TextEncoderFiles, limits: TextEncoderLimits) {
    this.#session = session;
    this.#files = files;
    this.id = files.modelSha256;
    this.#vocabulary = wordPieceVocabulary(files.tokenizer);
    this.#limits = { tokensMax: 80, queueMax: 64, runMsMax: 60, ...limits };
  }

  /** @throws ModelRefused when the file is too big, of another digest, or has no such output. */
  static async load(files: TextEncoderFiles, limits: TextEncoderLimits = {}): Promise<OnnxTextEncoder> {
    if (files.model.length > modelBytesMax) throw new ModelRefused(`The encoder has ${files.model.length} bytes; at most ${modelBytesMax} are loaded.`);
    const digest = createHash('sha256').update(files.model).digest('hex');
    if (digest !== files.modelSha256) throw new ModelRefused(`The encoder's digest is ${digest.slice(0, 12)}, not ${files.modelSha256.slice(0, 12)}; it was not loaded.`);
    const session = await InferenceSession.create(files.model, { intraOpNumThreads: 1, interOpNumThreads: 1, executionProviders: ['cpu'] });
    if (session.outputNames.length !== 1 || session.outputNames[0] !== files.outputName) {
      await session.release();
      throw new ModelRefused(`The encoder does not give ${files.outputName}; it was not loaded.`);
    }
    return new OnnxTextEncoder(session, files, limits);
  }

  /** @returns one vector. @throws ModelRefused when too many wait or the time is up. */
  async encode(text: string): Promise<Float32Array> {
    const { queueMax, runMsMax } = this.#limits;
    if (this.#waiting >= queueMax) throw new ModelRefused(`${queueMax} windows wait already; this one was not read.`);
    this.#waiting += 1;
    const mine = this.#last.then(() => this.#run(text)).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = mine.catch(() => undefined);
    return withinMs(mine, runMsMax);
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#session.release();
  }

  async #run(text: string): Promise<Float32Array> {
    const ids = wordPieces(this.#files.prefix + text, this.#vocabulary, this.#limits.tokensMax);
    const shape = [1, ids.length];
    const tensor = (values: bigint[]): Tensor => new Tensor('int64', BigInt64Array.from(values), shape);
    const feeds = { input_ids: tensor(ids.map(BigInt)), attention_mask: tensor(ids.map(() => 1n)), token_type_ids: tensor(ids.map(() => 0n)) };
    const wanted = Object.fromEntries(this.#session.inputNames.map((name) => [name, feeds[name as keyof typeof feeds]]));
    const { [this.#files.outputName]: output } = await this.#session.run(wanted);
    if (!(output?.data instanceof Float32Array)) throw new ModelRefused('The encoder gave something other than 32-bit numbers.');
    return meanOf(output.data, ids.length);
  }
}

function meanOf(rows: Float32Array, count: number): Float32Array {
  const width = rows.length / count;
  const mean = new Float32Array(width);
  for (let n = 0; n < rows.length; n += 1) mean[n % width] = (mean[n % width] ?? 0) + (rows[n] ?? 0) / count;
  return mean;
}

async function withinMs<T>(work: Promise<T>, msMax: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new ModelRefused(`The encoder did not answer within ${msMax} ms.`)), msMax);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
