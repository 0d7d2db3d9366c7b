/**
 * Takes entries out of a list a server answered, by cutting their bytes.
 * FL1. What stays keeps its bytes, `nextCursor` and all other members included; a page may become empty and still has its cursor.
 * FL2. A modern list that was cut is one agent's own: `cacheScope` becomes `private` and `ttlMs` 0, so that no cache shows it to another,
 *      or to this one under another policy (MCP 2026-07-28: list results carry both).
 * FL3. Where a member is given twice, every copy is cut; an entry stays only if each of its names may.
 */
import { memberEdit } from './edit-member.js';
import { elementsOf, membersOf, stringAt, type Span } from './json-spans.js';
import type { RpcMessage } from './rpc-message.js';
import { splice, type Edit } from './splice.js';

export interface ListFilter {
  /** The member of the result that holds the entries, e.g. `tools`. */
  readonly list: string;
  readonly mayStay: (name: string) => boolean;
  readonly isModern: boolean;
}

export interface FilteredList {
  /** The same bytes where nothing was cut. */
  readonly bytes: Uint8Array;
  readonly cutCount: number;
}

export function filterList({ bytes, scan }: Pick<RpcMessage, 'bytes' | 'scan'>, { list, mayStay, isModern }: ListFilter): FilteredList {
  const edits: Edit[] = [];
  let cutCount = 0;
  for (const { key, value } of scan.root) {
    if (key !== 'result') continue;
    const cuts = membersOf(bytes, value.start).filter((member) => member.key === list).flatMap((member) => cutsOf(bytes, elementsOf(bytes, member.value.start), mayStay));
    cutCount += cuts.length;
    edits.push(...cuts, ...(cuts.length > 0 && isModern ? privacyOf(bytes, value) : []));
  }
  return { bytes: splice(bytes, edits), cutCount };
}

function cutsOf(bytes: Uint8Array, entries: readonly Span[], mayStay: ListFilter['mayStay']): Edit[] {
  const stays = entries.map((entry) => namesOf(bytes, entry).every(mayStay));
  return entries.flatMap((entry, index) => (stays[index] === true ? [] : [{ ...cutOf(entries, stays, index), replacement: nothing }]));
}

/** The entry and one comma: the one behind it, or for what stands behind the last one that stays the one before it. */
function cutOf(entries: readonly Span[], stays: readonly boolean[], index: number): Span {
  const entry = entries[index] as Span;
  const next = entries[index + 1];
  if (next !== undefined && stays.includes(true, index + 1)) return { start: entry.start, end: next.start };
  const before = entries[index - 1];
  return { start: before?.end ?? entry.start, end: entry.end };
}

function namesOf(bytes: Uint8Array, entry: Span): string[] {
  return membersOf(bytes, entry.start).flatMap(({ key, value }) => (key === 'name' && bytes[value.start] === 34 ? [stringAt(bytes, value)] : []));
}

function privacyOf(bytes: Uint8Array, result: Span): Edit[] {
  const wanted = [['cacheScope', '"private"'], ['ttlMs', '0']] as const;
  return wanted.flatMap(([key, text]) => memberEdit(bytes, result, { key, text }) ?? []);
}

const nothing = new Uint8Array(0);
