/**
 * Drops, sets and replaces arguments of a call by splicing its bytes.
 * EA1. Only what an edit names changes; everything else keeps its bytes.
 * EA2. An edit whose place is not there fails the whole change: the caller must then refuse the call.
 * EA3. For messages every parser reads alike (no repeated keys); of others the caller lets no edit near.
 */
import { memberEdit } from './edit-member.js';
import { lastMember, membersOf, type Span } from './json-spans.js';
import { splice } from './splice.js';

export interface EditedArgument {
  /** Names of members, from the arguments inwards; at least one. */
  readonly path: readonly string[];
  /** A JSON value; absent: the member is dropped. */
  readonly to?: string | number | boolean | null;
}

/** @returns undefined when an edit has no place in this message. */
export function editArguments(message: Uint8Array, edits: readonly EditedArgument[]): Uint8Array | undefined {
  let bytes: Uint8Array | undefined = message;
  for (const edit of edits) bytes = bytes === undefined ? undefined : editOne(bytes, edit);
  return bytes;
}

function editOne(message: Uint8Array, { path, to }: EditedArgument): Uint8Array | undefined {
  const key = path.at(-1);
  let parent: Span | undefined = { start: 0, end: message.length };
  for (const name of ['params', 'arguments', ...path.slice(0, -1)]) parent = parent === undefined ? undefined : lastMember(membersOf(message, parent.start), name);
  if (key === undefined || parent === undefined || message[parent.start] !== 123) return undefined;
  const edit = memberEdit(message, parent, { key, text: to === undefined ? undefined : JSON.stringify(to) });
  return edit === undefined ? undefined : splice(message, [edit]);
}
