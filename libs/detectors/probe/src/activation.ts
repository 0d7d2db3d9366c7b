/**
 * Reads `activation/v1`: what an agent's own runtime saw inside its model while it wrote a call.
 * AC1. Reading never throws; each refusal is a sentence.
 * AC2. The numbers are finite and as many as `d` says, or there are none.
 * It is testimony of the agent's host: it can catch a manipulated model on an honest host, nothing more.
 */
export const activationWidthMax = 8_192;

export interface Activation {
  readonly weightsDigest: string;
  readonly layer: number;
  readonly pool: string;
  readonly d: number;
  readonly nonce: string | undefined;
  /** Absent when the sender gave only a reference. */
  readonly values: Float32Array | undefined;
  readonly ref: string | undefined;
}

/** @returns the activation, or the sentence that says why it is not one. */
export function readActivation(value: unknown): Activation | string {
  if (!isRecord(value)) return 'The activation is not an object.';
  const { model, layer, d, pool, dtype, data, ref, nonce } = value;
  if (!isRecord(model) || typeof model['weightsDigest'] !== 'string') return 'The activation names no model digest.';
  if (!isCount(layer, 1_000) || !isCount(d, activationWidthMax) || d === 0) return `The activation's layer or width is not a number up to ${activationWidthMax}.`;
  const said = {
    weightsDigest: model['weightsDigest'], layer, d,
    pool: typeof pool === 'string' ? pool : 'mean',
    nonce: typeof nonce === 'string' ? nonce.slice(0, 128) : undefined,
  };
  if (typeof data !== 'string') return typeof ref === 'string' ? { ...said, values: undefined, ref } : 'The activation has neither data nor a reference.';
  const values = decoded(data, dtype, d);
  return typeof values === 'string' ? values : { ...said, values, ref: undefined };
}

export interface ActivationOrigin {
  readonly weightsDigest: string;
  readonly layer: number;
  readonly pool: string;
}

/** What an agent's runtime puts under `dev.countersign/activation`: half precision, base64. Values beyond ±65504 are cut there. */
export function writeActivation({ weightsDigest, layer, pool }: ActivationOrigin, values: ArrayLike<number>, nonce: string): Record<string, unknown> {
  const bytes = Buffer.alloc(2 * values.length);
  for (let n = 0; n < values.length; n += 1) bytes.writeUInt16LE(numberToHalf(values[n] ?? 0), 2 * n);
  return { model: { weightsDigest }, layer, pool, d: values.length, dtype: 'f16', nonce, data: bytes.toString('base64') };
}

function numberToHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), 65_504);
  if (size < 2 ** -14) return sign | Math.round(size * 2 ** 24);
  const exponent = Math.floor(Math.log2(size));
  const rounded = Math.round((size / 2 ** exponent) * 1024);
  // Rounding may carry into the next power of two; the addition then carries into the exponent bits by itself.
  return sign | (((exponent + 15) << 10) + (rounded - 1024));
}

function decoded(data: string, dtype: unknown, d: number): Float32Array | string {
  if (dtype !== 'f16' && dtype !== 'i8') return 'The activation is neither f16 nor i8.';
  const bytes = Buffer.from(data.slice(0, 4 * activationWidthMax), 'base64');
  const width = dtype === 'f16' ? 2 : 1;
  if (bytes.length !== d * width) return `The activation holds ${bytes.length} bytes where ${d * width} were announced.`;
  const values = new Float32Array(d);
  for (let n = 0; n < d; n += 1) values[n] = dtype === 'f16' ? halfToNumber(bytes.readUInt16LE(2 * n)) : bytes.readInt8(n) / 127;
  return values.every(Number.isFinite) ? values : 'The activation holds numbers that are not finite.';
}

function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, countMax: number): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= countMax;
}
