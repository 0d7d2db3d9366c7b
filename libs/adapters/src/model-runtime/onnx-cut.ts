/**
 * Cuts an ONNX graph at one inner value: what is needed for it stays, it becomes the only output.
 * OC1. Deterministic: the same file and name give the same bytes, so the result has a digest that can be pinned.
 * OC2. Throws when the graph has no such value; never gives a graph that computes something else.
 * Source: onnx.proto, messages ModelProto (graph 7), GraphProto (node 1, initializer 5, input 11, output 12, value_info 13), NodeProto, TensorProto.
 */
import { fieldBytes, fieldsOf, textOf } from './protobuf.js';

const graphField = 7;
const inGraph = { node: 1, initializer: 5, output: 12, valueInfo: 13 } as const;
const inNode = { input: 1, output: 2 } as const;
const tensorNameField = 8;

/** @param valueName the value to stop at. @throws Error when no node computes it. */
export function cutAt(model: Uint8Array, valueName: string): Uint8Array {
  const graph = [...fieldsOf(model)].find(({ field }) => field === graphField);
  const parts = graph === undefined ? [] : [...fieldsOf(graph.body)];
  const needed = neededFor(parts.filter(({ field }) => field === inGraph.node).map(({ body }) => body), valueName);
  if (graph === undefined || needed === undefined) throw new Error(`The model has no value named ${valueName}; it was not cut.`);
  let nodeAt = 0;
  const kept = parts.filter(({ field, body }) => {
    if (field === inGraph.node) return needed.nodes.has(nodeAt++);
    if (field === inGraph.initializer) return needed.values.has(nameOf(body, tensorNameField));
    return field !== inGraph.output && field !== inGraph.valueInfo;
  });
  const output = fieldBytes(inGraph.output, floatValue(valueName));
  const body = fieldBytes(graphField, Buffer.concat([...kept.map(({ whole }) => whole), output]));
  const at = graph.whole.byteOffset - model.byteOffset;
  return Buffer.concat([model.subarray(0, at), body, model.subarray(at + graph.whole.length)]);
}

/** Nodes are in topological order, so one walk from the last to the first finds everything. */
function neededFor(nodes: readonly Uint8Array[], valueName: string): { nodes: Set<number>; values: Set<string> } | undefined {
  const values = new Set([valueName]);
  const found = new Set<number>();
  for (let n = nodes.length - 1; n >= 0; n -= 1) {
    const fields = [...fieldsOf(nodes[n] ?? new Uint8Array())];
    if (!fields.some(({ field, body }) => field === inNode.output && values.has(textOf(body)))) continue;
    found.add(n);
    for (const { field, body } of fields) if (field === inNode.input) values.add(textOf(body));
  }
  return found.size === 0 ? undefined : { nodes: found, values };
}

function nameOf(body: Uint8Array, field: number): string {
  return textOf([...fieldsOf(body)].find((part) => part.field === field)?.body ?? new Uint8Array());
}

/** ValueInfoProto: name 1, type 2; TypeProto: tensor_type 1; its elem_type 1 is a scalar, float = 1. The shape is left open. */
function floatValue(name: string): Uint8Array {
  const tensorType = Uint8Array.from([0x08, 0x01]);
  return Buffer.concat([fieldBytes(1, new TextEncoder().encode(name)), fieldBytes(2, fieldBytes(1, tensorType))]);
}
