/**
 * Vectors of windows, kept in memory and, when a folder is given, in a file there: the encoder takes milliseconds each, and training asks again.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { OnnxTextEncoder } from '@countersign/adapters/model-runtime/text-encoder';
import { readObserver } from '@countersign/adapters/model-runtime/observer-files';

export class EncodedWindows {
  readonly #vectors = new Map<string, Float32Array>();
  readonly #encoder: OnnxTextEncoder;
  readonly #file: string | undefined;

  private constructor(encoder: OnnxTextEncoder, file: string | undefined) {
    this.#encoder = encoder;
    this.#file = file;
    if (file === undefined || !existsSync(file)) return;
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const [text, vector] = line === '' ? [] : (JSON.parse(line) as [string, string]);
      if (text !== undefined && vector !== undefined) this.#vectors.set(text, floatsOf(vector));
    }
  }

  /** @param dir what `countersign observer pull` made. */
  static async open(dir: string, file?: string): Promise<EncodedWindows> {
    const files = readObserver(dir);
    if (files === undefined) throw new Error(`There is no observer at ${dir}; fetch it with countersign observer pull.`);
    return new EncodedWindows(await OnnxTextEncoder.load(files, { runMsMax: 60_000 }), file);
  }

  get encoderId(): string {
    return this.#encoder.id;
  }

  async of(text: string): Promise<Float32Array> {
    const known = this.#vectors.get(text);
    if (known !== undefined) return known;
    const vector = await this.#encoder.encode(text);
    this.#vectors.set(text, vector);
    if (this.#file !== undefined) appendFileSync(this.#file, `${JSON.stringify([text, Buffer.from(vector.buffer).toString('base64')])}\n`);
    return vector;
  }

  async close(): Promise<void> {
    await this.#encoder.close();
  }
}

function floatsOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
