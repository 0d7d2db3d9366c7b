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
