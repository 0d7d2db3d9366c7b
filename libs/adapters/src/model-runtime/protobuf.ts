/**
 * As much of protobuf's wire format as an ONNX file needs: walking fields, and writing length-delimited ones.
 * PB1. Reading never throws and always ends, on any bytes; what is broken ends the walk.
 */
const lengthDelimited = 2;

export interface Field {
  readonly field: number;
  /** The field's content, without its header. */
  readonly body: Uint8Array;
  /** Header and content, as they stand in the file. */
  readonly whole: Uint8Array;
}

/** Length-delimited fields only; scalars are passed over. */
export function* fieldsOf(bytes: Uint8Array): Generator<Field> {
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    const wire = tag.value % 8;
    const length = wire === lengthDelimited ? varint(bytes, tag.next) : undefined;
    const begin = length?.next ?? tag.next;
    const end = length === undefined ? endOfScalar(bytes, { wire, at: begin }) : begin + length.value;
    if (end === undefined || end > bytes.length || end <= at) return;
    if (length !== undefined) yield { field: Math.floor(tag.value / 8), body: bytes.subarray(begin, end), whole: bytes.subarray(at, end) };
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

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** One length-delimited field. */
export function fieldBytes(field: number, body: Uint8Array): Uint8Array {
  return Buffer.concat([varintBytes(field * 8 + lengthDelimited), varintBytes(body.length), body]);
}

function varintBytes(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Uint8Array.from([...bytes, left]);
}
