/** One call as history keeps it: its tool, its short values by place, its entities. */
import type { Document } from './document.js';
import type { Lesson } from './history.js';
import { folded, isNaming, tokensOfLeaf } from './text.js';

const shortValueCharsMax = 60;
/** Entities in longer arguments are content that is passed on, not whom or what the call is about. */
const namingCharsMax = 200;

const lessonByDocument = new WeakMap<Document, Lesson>();

export function lessonOf(tool: string, document: Document): Lesson {
  const known = lessonByDocument.get(document);
  if (known?.tool === tool) return known;
  const lesson = learntFrom(tool, document);
  lessonByDocument.set(document, lesson);
  return lesson;
}

function learntFrom(tool: string, document: Document): Lesson {
  const short = document.content.leaves.filter((leaf) => leaf.text.length <= shortValueCharsMax);
  const values = short.map((leaf) => `${tool}\0${leaf.path}\0${folded(leaf.text)}`);
  const named = document.content.leaves.filter((leaf) => leaf.text.length <= namingCharsMax).flatMap((leaf) => tokensOfLeaf(leaf).map(({ key }) => key));
  return { tool, values, entities: [...new Set(named.filter(isNaming))] };
}

/** Entities that stand in fields of what was read. Prose does not make anybody known: whoever wants to be may write it. */
export function entitiesInFields(document: Document): string[] {
  const { postings, units } = document.content;
  return [...postings].filter(([key, ordinals]) => isNaming(key) && ordinals.some((ordinal) => units[ordinal]?.structured === true)).map(([key]) => key);
}
