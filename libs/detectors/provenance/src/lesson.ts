/** One call as history keeps it: its tool, its short values by place, its entities. */
import type { CallView } from './call-view.js';
import type { Document } from './document.js';
import type { Lesson } from './history.js';
import { hashOf, type Hash } from './known-set.js';
import { folded } from './text.js';
import type { Vocabulary } from './vocabulary.js';

const shortValueCharsMax = 60;
/** Entities in longer arguments are content that is passed on, not whom or what the call is about. */
const namingCharsMax = 200;
const readMax = 1_024;

/** The lesson, and its entities as ids. */
export function lessonOf(call: { callId: string; tool: string; view: CallView; vocabulary: Vocabulary }): { readonly lesson: Lesson; readonly named: readonly number[] } {
  const { callId, tool, view, vocabulary } = call;
  const values: Hash[] = [];
  const named: number[] = [];
  for (const leaf of view.document.leaves) if (leaf.text.length <= shortValueCharsMax) values.push(hashOf(`${tool}\0${leaf.path}\0${folded(leaf.text)}`));
  for (const { ordinal, tokens } of view.leaves) {
    if ((view.document.leaves[ordinal]?.text.length ?? 0) > namingCharsMax) continue;
    for (const token of tokens) {
      const id = view.ids[token] ?? 0;
      if (vocabulary.isNaming(id) && !named.includes(id)) named.push(id);
    }
  }
  return { lesson: { callId, tool, values, entities: named.map((id) => hashOf(vocabulary.keyOf(id))) }, named };
}

/** Entities that stand in fields of what was read. Prose does not make anybody known: whoever wants to be may write it. */
export function entitiesInFields(read: readonly Document[], vocabulary: Vocabulary): Hash[] {
  const found = new Set<number>();
  for (const { content } of read) {
    content.ids.forEach((id, token) => {
      if (found.size < readMax && vocabulary.isNaming(id) && !found.has(id) && content.isInField(token)) found.add(id);
    });
  }
  return [...found].map((id) => hashOf(vocabulary.keyOf(id)));
}
