/**
 * Which tool comes next: absolute discounting with back-off over the last few tools.
 * SQ1. Learning and unlearning the same call leaves the counts as they were.
 * SQ2. The base of the back-off is an argument, so that a role and a domain can stand behind an agent.
 * Source: absolute discounting (Ney, Essen, Kneser); d and α were fixed before any of our data was scored.
 */
import { CountTable, mixed } from './count-table.js';

const discount = 0.6;
const alpha = 0.5;
const depthEarly = 2;
export const depthMax = 4;
const deepAfterCalls = 500;
const totalKey = 0x51ed270b;
const distinctKey = 0x2545f491;

export interface SequenceModel {
  readonly table: CountTable;
  calls: number;
}

export function emptySequence(): SequenceModel {
  return { table: new CountTable(), calls: 0 };
}

/** @param before hashes of the session's latest tools, oldest first. */
export function learnNext(model: SequenceModel, before: readonly number[], tool: number): void {
  for (const context of contexts(before, depthOf(model))) {
    if (model.table.get(mixed(context, tool)) === 0) model.table.add(mixed(context, distinctKey), 1);
    model.table.add(mixed(context, tool), 1);
    model.table.add(mixed(context, totalKey), 1);
  }
  model.calls += 1;
}

export function unlearnNext(model: SequenceModel, before: readonly number[], tool: number): void {
  for (const context of contexts(before, depthOf(model))) {
    const count = model.table.get(mixed(context, tool));
    if (count === 0) continue;
    model.table.add(mixed(context, tool), -1);
    model.table.add(mixed(context, totalKey), -1);
    if (count === 1) model.table.add(mixed(context, distinctKey), -1);
  }
  model.calls = Math.max(0, model.calls - 1);
}

/** Probability of `tool` after `before`, with `base` where nothing is known. In (0, 1]. */
export function probabilityOf(model: SequenceModel, next: { before: readonly number[]; tool: number; base: number }): number {
  let probability = next.base;
  for (const context of contexts(next.before, depthOf(model))) {
    const total = model.table.get(mixed(context, totalKey));
    if (total === 0) break;
    const count = model.table.get(mixed(context, next.tool));
    const distinct = model.table.get(mixed(context, distinctKey));
    probability = Math.max(count - discount, 0) / (total + alpha) + ((discount * Math.min(distinct, total) + alpha) / (total + alpha)) * probability;
  }
  return Math.min(1, probability);
}

/** How often `tool` followed the last one, and how often anything did. */
export function followed(model: SequenceModel, before: readonly number[], tool: number): { count: number; total: number } {
  const context = [...contexts(before, Math.min(1, before.length))].at(-1) ?? 0;
  return { count: model.table.get(mixed(context, tool)), total: model.table.get(mixed(context, totalKey)) };
}

/** Hash of each context, shortest first. */
function* contexts(before: readonly number[], depth: number): Generator<number> {
  let hash = 0x1b873593;
  yield hash;
  for (let back = 1; back <= Math.min(depth, before.length); back++) {
    hash = mixed(hash, before[before.length - back] ?? 0);
    yield hash;
  }
}

function depthOf(model: SequenceModel): number {
  return model.calls >= deepAfterCalls ? depthMax : depthEarly;
}
