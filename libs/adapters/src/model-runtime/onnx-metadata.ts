/**
 * Reads `metadata_props` out of an ONNX file, because the runtime's JavaScript face does not show them.
 * Only the outermost protobuf fields are walked: field 14 of ModelProto, each holding a key (1) and a value (2).
 * Source: onnx.proto, messages ModelProto and StringStringEntryProto.
 */
import { fieldsOf, textOf } from './protobuf.js';

const metadataField = 14;

/** @returns the pairs found; a file that ends early gives those before its end. */
export function metadataOf(bytes: Uint8Array): Readonly<Record<string, string>> {
  const metadata: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const { field, body } of fieldsOf(bytes)) {
    if (field !== metadataField) continue;
    const entry = [...fieldsOf(body)];
    const key = entry.find((part) => part.field === 1);
    const value = entry.find((part) => part.field === 2);
    if (key !== undefined) metadata[textOf(key.body)] = value === undefined ? '' : textOf(value.body);
  }
  return metadata;
}
