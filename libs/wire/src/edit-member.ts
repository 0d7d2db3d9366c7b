/** Puts, replaces or drops one member of a JSON object by an edit of its bytes; nothing else moves. */
import { membersOf, skipSpace, type Span } from './json-spans.js';
import type { Edit } from './splice.js';

const nothing = new Uint8Array(0);

/**
 * @param object span of an object. @param text JSON text of the value; undefined drops the member. Of repeated keys the last one is meant.
 * @returns undefined when there is nothing to drop.
 */
export function memberEdit(bytes: Uint8Array, object: Span, { key, text }: { readonly key: string; readonly text: string | undefined }): Edit | undefined {
  const members = membersOf(bytes, object.start);
  const index = members.findLastIndex((member) => member.key === key);
  const member = members[index];
  if (member === undefined) return text === undefined ? undefined : insertion(bytes, object, `${JSON.stringify(key)}:${text}`);
  if (text !== undefined) return { ...member.value, replacement: Buffer.from(text) };
  // The member and one adjoining comma: the one before it, or for the first one the one behind it.
  const before = members[index - 1];
  const next = members[index + 1];
  if (before !== undefined) return { start: before.value.end, end: member.value.end, replacement: nothing };
  return { start: member.keySpan.start, end: next?.keySpan.start ?? member.value.end, replacement: nothing };
}

function insertion(bytes: Uint8Array, object: Span, member: string): Edit {
  const isEmpty = bytes[skipSpace(bytes, object.start + 1)] === 125;
  return { start: object.start + 1, end: object.start + 1, replacement: Buffer.from(isEmpty ? member : `${member},`) };
}
