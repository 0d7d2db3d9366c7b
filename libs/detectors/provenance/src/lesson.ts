/** One call as history keeps it: its tool, its short values by place, its entities. */
import type { Document } from './document.js';
import type { Lesson } from './history.js';
import { folded, isEntity } from './text.js';

const shortValueCharsMax = 60;

export function lessonOf(tool: string, document: Document): Lesson {
  const short = document.content.leaves.filter((leaf) => leaf.text.length <= shortValueCharsMax);
  const values = short.map((leaf) => `${tool}\0${leaf.path}\0${folded(leaf.text)}`);
  return { tool, values, entities: [...document.content.postings.keys()].filter(isEntity) };
}
