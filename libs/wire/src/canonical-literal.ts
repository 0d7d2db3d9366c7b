/**
 * Canonical JSON text of a byte span: RFC 8785 with one deviation, numbers keep their literal spelling.
 * CL1. Member order, white space and string escaping do not matter; everything else does (no Unicode normalisation).
 * CL2. 1, 1.0 and 1e0 differ, because a server may treat them differently and a grant is for one call only.
 * CL3. Repeated keys are all kept, in the order they came, so that two texts never share a form by dropping one.
 * @throws RangeError when nested deeper than `depthMax`.
 */
import { elementsOf, membersOf, stringAt, textAt, type Span } from './json-spans.js';
import { depthMax } from './rpc-message.js';

/** O(bytes · depth). Costs more than parsing: only for calls whose digest is needed. */
export function canonicalLiteral(bytes: Uint8Array, span: Span, depth = 0): string {
  if (depth > depthMax) throw new RangeError(`nested deeper than ${depthMax}`);
  const first = bytes[span.start];
  if (first === 123) return canonicalObject(bytes, span, depth);
  if (first === 91) return `[${elementsOf(bytes, span.start).map((element) => canonicalLiteral(bytes, element, depth + 1)).join(',')}]`;
  return first === 34 ? JSON.stringify(stringAt(bytes, span)) : textAt(bytes, span);
}

function canonicalObject(bytes: Uint8Array, span: Span, depth: number): string {
  const members = membersOf(bytes, span.start).map(({ key, value }) => ({ key, text: canonicalLiteral(bytes, value, depth + 1) }));
  members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return `{${members.map(({ key, text }) => `${JSON.stringify(key)}:${text}`).join(',')}}`;
}
