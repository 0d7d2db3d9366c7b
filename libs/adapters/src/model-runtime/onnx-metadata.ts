/**
 * Reads `metadata_props` out of an ONNX file, because the runtime's JavaScript face does not show them.
 * Only the outermost protobuf fields are walked: field 14 of ModelProto, each holding a key (1) and a value (2).
 * Source: onnx.proto, messages ModelProto and StringStringEntryProto.
 */
const metadataField = 14;
const lengthDelimited = 2;

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

function* fieldsOf(bytes: Uint8Array): Generator<{ field: number; body: Uint8Array }> {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    const wire = tag.value % 8;
    const length = wire === lengthDelimited ? varint(bytes, tag.next) : undefined;
    const begin = length?.next ?? tag.next;
    const end = length === undefined ? endOfScalar(bytes, { wire, at: begin }) : begin + length.value;
    if (end === undefined || end > bytes.length || end <= at) return;
    if (length !== undefined) yield { field: Math.floor(tag.value / 8), body: bytes.subarray(begin, end) };
    at = end;
  }
}

function endOfScalar(bytes: Uint8Array, { wire, at }: { wire: number; at: number }): number | undefined {
  if (wire === 0) return varint(bytes, at).next;
  if (wire === 1) return at + 8;
  return wire === 5 ? at + 4 : undefined;
}

function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  let next = at;
  for (let shift = 0; shift < 10 && next < bytes.length; shift += 1, next += 1) {
    const byte = bytes[next] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * shift);
    if (byte < 0x80) return { value, next: next + 1 };
  }
  return { value, next };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
