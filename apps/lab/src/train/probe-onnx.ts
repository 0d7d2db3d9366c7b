/**
 * A probe as an ONNX file: standardise → Gemm → sigmoid → `score[N,K]`, and whitened squared distance → `ood[N]`.
 * Opset 13; float32 throughout; metadata as the detector's card wants it.
 */
import proto from 'onnx-proto';
import type { ProbeWeights } from './probe-fit.js';

const { onnx } = proto;
const float = 1;
const int64 = 7;

export interface ProbeFile {
  readonly weights: ProbeWeights;
  /** `rank × width`. */
  readonly whitening: readonly Float64Array[];
  readonly metadata: Readonly<Record<string, string>>;
}

export function probeOnnx({ weights, whitening, metadata }: ProbeFile): Uint8Array {
  const width = weights.mean.length;
  const labels = weights.directions.length;
  const rank = whitening.length;
  const initializer = [
    tensor('mean', [width], weights.mean),
    tensor('deviation', [width], weights.deviation),
    tensor('directions', [labels, width], weights.directions.flatMap((row) => [...row])),
    tensor('bias', [labels], weights.bias),
    tensor('whitening', [width, rank], Array.from({ length: width * rank }, (_, n) => whitening[n % rank]?.[Math.floor(n / rank)] ?? 0)),
    onnx.TensorProto.create({ name: 'axis', dims: [1], dataType: int64, rawData: new Uint8Array(new BigInt64Array([1n]).buffer) }),
  ];
  const node = [
    step('Sub', ['activation', 'mean'], 'centred'),
    step('Div', ['centred', 'deviation'], 'standard'),
    { ...step('Gemm', ['standard', 'directions', 'bias'], 'logits'), attribute: [onnx.AttributeProto.create({ name: 'transB', type: 2, i: 1 })] },
    step('Sigmoid', ['logits'], 'score'),
    step('MatMul', ['standard', 'whitening'], 'whitened'),
    step('Mul', ['whitened', 'whitened'], 'squared'),
    { ...step('ReduceSum', ['squared', 'axis'], 'ood'), attribute: [onnx.AttributeProto.create({ name: 'keepdims', type: 2, i: 0 })] },
  ];
  const graph = { name: 'probe', node, initializer, input: [port('activation', ['N', width])], output: [port('score', ['N', labels]), port('ood', ['N'])] };
  const metadataProps = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  return onnx.ModelProto.encode(onnx.ModelProto.create({ irVersion: 7, opsetImport: [{ version: 13 }], producerName: 'countersign-lab', graph, metadataProps })).finish();
}

function tensor(name: string, dims: number[], values: ArrayLike<number>) {
  return onnx.TensorProto.create({ name, dims, dataType: float, rawData: new Uint8Array(Float32Array.from(values).buffer) });
}

function step(opType: string, input: string[], output: string) {
  return { opType, input, output: [output], name: output };
}

function port(name: string, dims: (string | number)[]) {
  const dim = dims.map((size) => (typeof size === 'string' ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType: float, shape: { dim } } } };
}
